"""Recount, differences and digest: pure."""

from hashlib import sha256

import pytest

from services.voting.digest import Digest, line_of
from services.voting.recount import Difference, Recount, Slip, differences
from services.voting.tally import Totals
from tests.support.polls import NOON, a_round

OPEN, SEALED = "open#colors", "sealed#colors"
DAY_S = 86_400


def slip(
    key: str, board: str = OPEN, *, changed: int = 0, expires: int = 10**10, **picks: int
) -> Slip:
    """A ballot, for a recount."""
    return Slip(key, board, picks, changed, expires)


def test_slips_are_summed_by_board() -> None:
    """Votes, ballots, voters, the newest vote, the first expiry."""
    recount = Recount()
    recount.add(
        [slip("a", RED=1, changed=5, expires=30), slip("b", RED=2, BLUE=1, changed=9, expires=20)]
    )
    recount.add([slip("c", SEALED, RED=1, changed=7, expires=25)])

    assert {board: dict(picks) for board, picks in recount.picks.items()} == {
        OPEN: {"RED": 3, "BLUE": 1}, SEALED: {"RED": 1},
    }  # fmt: skip
    assert dict(recount.ballots) == {OPEN: 2, SEALED: 1}
    assert dict(recount.votes) == {"RED": 4, "BLUE": 1}
    assert (recount.voters, recount.newest_ms, recount.expires_at_s) == (3, 9, 20)


def test_a_voter_with_several_ballots_is_one_voter_also_across_pages() -> None:
    """Where every text is a ballot of its own, its key goes on with the MessageSid."""
    recount = Recount()
    recount.add([slip("a#1", RED=1), slip("a#2", RED=1)])
    recount.add([slip("a#3", RED=1), slip("b#1", RED=1)])

    assert recount.voters == 2
    assert recount.ballots[OPEN] == 4


def test_shards_are_merged() -> None:
    """As if they had been one."""
    one, two, empty = Recount(), Recount(), Recount()
    one.add([slip("a", RED=1, changed=5, expires=30)])
    two.add([slip("b", BLUE=1, changed=4, expires=20), slip("c", SEALED, RED=1, expires=40)])
    for other in (two, empty):
        one.merge(other)

    assert {board: dict(picks) for board, picks in one.picks.items()} == {
        OPEN: {"RED": 1, "BLUE": 1}, SEALED: {"RED": 1},
    }  # fmt: skip
    assert dict(one.ballots) == {OPEN: 2, SEALED: 1}
    assert (one.voters, one.newest_ms, one.expires_at_s) == (3, 5, 20)
    assert empty.expires_at_s is None


def test_a_merge_keeps_an_expiry_that_only_the_other_has() -> None:
    """Or only this one."""
    one, two = Recount(), Recount()
    two.add([slip("a", RED=1, expires=7)])
    one.merge(two)
    two.merge(Recount())

    empty = Recount()
    empty.merge(Recount())

    assert (one.expires_at_s, two.expires_at_s, empty.expires_at_s) == (7, 7, None)


def test_what_is_off_is_what_must_be_added() -> None:
    """By board and choice, and in ballots; choices that agree are left out."""
    recount = Recount()
    recount.add([slip("a", RED=1), slip("b", RED=1), slip("c", BLUE=1)])
    boards = {
        OPEN: Totals(picks={"RED": 5, "BLUE": 1, "GREEN": 2}, voters=4),
        SEALED: Totals(picks={"RED": 0}),
    }

    assert differences(recount, boards) == [
        Difference(board=OPEN, picks={"GREEN": -2, "RED": -3}, voters=-1)
    ]


def test_boards_that_only_one_side_knows_count_too() -> None:
    """Ballots without a board, a board without ballots."""
    recount = Recount()
    recount.add([slip("a", SEALED, RED=1)])

    assert differences(recount, {OPEN: Totals(picks={"RED": 1}, voters=1)}) == [
        Difference(board=OPEN, picks={"RED": -1}, voters=-1),
        Difference(board=SEALED, picks={"RED": 1}, voters=1),
    ]


def test_a_difference_in_ballots_alone_is_one() -> None:
    """Also where the votes agree."""
    recount = Recount()
    recount.add([slip("a", RED=1)])

    assert differences(recount, {OPEN: Totals(picks={"RED": 1}, voters=2)}) == [
        Difference(board=OPEN, picks={}, voters=-1)
    ]
    assert differences(recount, {OPEN: Totals(picks={"RED": 1}, voters=1)}) == []
    assert differences(recount, {OPEN: Totals(picks={"RED": 2}, voters=1)}) == [
        Difference(board=OPEN, picks={"RED": -1}, voters=0)
    ]


@pytest.mark.parametrize(
    ("expires_s", "opened_days_ago", "lacks"),
    [
        (NOON // 1000, None, True),
        (NOON // 1000 + 1, None, False),
        (10**10, 30, True),
        (10**10, 29, False),
    ],
)
def test_ballots_may_be_missing_once_the_first_could_have_expired(
    expires_s: int, opened_days_ago: int | None, *, lacks: bool
) -> None:
    """By the ballots that are there, or by the time the round began."""
    recount = Recount()
    recount.add([slip("a", RED=1, expires=expires_s)])
    began = None if opened_days_ago is None else NOON - opened_days_ago * DAY_S * 1000

    assert recount.may_lack_expired(a_round(opens_at_ms=began, retention_days=30), NOON) is lacks
    assert not Recount().may_lack_expired(a_round(), NOON)


def test_a_line_is_the_key_and_every_choice_with_votes() -> None:
    """In alphabetical order, whatever the order they were cast in."""
    assert line_of("ab12", {"RED": 1, "BLUE": 2, "GREEN": 0}) == "ab12 BLUE=2 RED=1"


def test_the_digest_is_over_all_lines() -> None:
    """`sort | sha256sum` gives the same."""
    digest = Digest()
    digest.add("0", {"RED": 1})
    digest.add("b", {"BLUE": 1})

    assert digest.hexdigest() == sha256(b"0 RED=1\nb BLUE=1\n").hexdigest()
    assert Digest().hexdigest() == sha256(b"").hexdigest()


@pytest.mark.parametrize("second", ["a", "A"])
def test_a_digest_takes_keys_in_order_only(second: str) -> None:
    """The same one twice would be a ballot counted twice."""
    digest = Digest()
    digest.add("a", {"RED": 1})

    with pytest.raises(ValueError, match=f"{second}: after a"):
        digest.add(second, {"RED": 1})
