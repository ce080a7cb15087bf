"""Recount, differences and digest."""

from hashlib import sha256

import pytest

from services.voting.digest import Digest, line_of
from services.voting.recount import BallotRow, Difference, Recount, differences, write_offs
from services.voting.tally import Totals

OPEN, SEALED = "open#colors", "sealed#colors"


def ballot_row(
    key: str, board: str = OPEN, *, changed: int = 0, writes: int = 1, **picks: int
) -> BallotRow:
    """A ballot as a row of the recount."""
    return BallotRow(key, board, picks, changed, writes)


def test_slips_are_summed_by_board() -> None:
    """Votes, ballots with a vote, voters, writes, and the time of the newest vote."""
    recount = Recount()
    recount.add(
        [
            ballot_row("a", RED=1, changed=5, writes=3),
            ballot_row("b", RED=2, BLUE=1, changed=9, writes=2),
        ]
    )
    recount.add([ballot_row("c", SEALED, RED=1, changed=7)])

    assert {board: dict(picks) for board, picks in recount.picks.items()} == {
        OPEN: {"RED": 3, "BLUE": 1}, SEALED: {"RED": 1},
    }  # fmt: skip
    assert dict(recount.ballots) == {OPEN: 2, SEALED: 1}
    assert dict(recount.votes) == {"RED": 4, "BLUE": 1}
    assert dict(recount.writes) == {OPEN: 5, SEALED: 1}
    assert (recount.voters, recount.newest_ms) == (3, 9)


def test_a_ballot_without_a_vote_counts_by_its_writes_alone() -> None:
    """A forgotten ballot is no voter, but its records were folded."""
    recount = Recount()
    recount.add([ballot_row("b", changed=9, writes=4), ballot_row("a", RED=1, changed=5)])

    assert dict(recount.ballots) == {OPEN: 1}
    assert dict(recount.writes) == {OPEN: 5}
    assert (recount.voters, recount.newest_ms, dict(recount.votes)) == (1, 5, {"RED": 1})


def test_voters_are_the_ballots_that_hold_a_vote() -> None:
    """Under the policy unlimited, each text is a voter."""
    recount = Recount()
    recount.add([ballot_row("a#1", RED=1), ballot_row("a#2", RED=1)])
    recount.add([ballot_row("a#3", RED=1), ballot_row("b#1", RED=1)])

    assert recount.voters == recount.ballots[OPEN] == 4


def test_shards_are_merged() -> None:
    """The result equals that of a single shard."""
    one, two, empty = Recount(), Recount(), Recount()
    one.add([ballot_row("a", RED=1, changed=5, writes=2)])
    two.add([ballot_row("b", BLUE=1, changed=4), ballot_row("c", SEALED, RED=1, writes=7)])
    two.add_unreadable("pk z")
    for other in (two, empty):
        one.merge(other)

    assert {board: dict(picks) for board, picks in one.picks.items()} == {
        OPEN: {"RED": 1, "BLUE": 1}, SEALED: {"RED": 1},
    }  # fmt: skip
    assert dict(one.ballots) == {OPEN: 2, SEALED: 1}
    assert dict(one.writes) == {OPEN: 3, SEALED: 7}
    assert (one.voters, one.newest_ms) == (3, 5)
    assert (one.unreadable, one.unreadable_keys) == (1, ["pk z"])


def test_of_many_unreadable_ballots_ten_are_named() -> None:
    """All are counted, over all shards."""
    one, two = Recount(), Recount()
    for number in range(8):
        one.add_unreadable(f"b{number}")
        two.add_unreadable(f"a{number}")
    one.merge(two)

    assert one.unreadable == 16
    assert one.unreadable_keys == [*(f"a{number}" for number in range(8)), "b0", "b1"]


def test_an_eleventh_unreadable_ballot_of_one_shard_is_only_counted() -> None:
    """A shard of many such items must not fill the memory with their keys."""
    recount = Recount()
    for number in range(11):
        recount.add_unreadable(f"{number:02}")

    assert recount.unreadable == 11
    assert recount.unreadable_keys == [f"{number:02}" for number in range(10)]


def test_what_is_off_is_what_must_be_added() -> None:
    """Differences by board and choice, and in voters, without choices that agree."""
    recount = Recount()
    recount.add([ballot_row("a", RED=1), ballot_row("b", RED=1), ballot_row("c", BLUE=1)])
    boards = {
        OPEN: Totals(picks={"RED": 5, "BLUE": 1, "GREEN": 2}, voters=4),
        SEALED: Totals(picks={"RED": 0}),
    }

    assert differences(recount, boards) == [
        Difference(board=OPEN, picks={"GREEN": -2, "RED": -3}, voters=-1)
    ]


def test_boards_that_only_one_side_knows_count_too() -> None:
    """Ballots without a board, and boards without ballots."""
    recount = Recount()
    recount.add([ballot_row("a", SEALED, RED=1)])

    assert differences(recount, {OPEN: Totals(picks={"RED": 1}, voters=1)}) == [
        Difference(board=OPEN, picks={"RED": -1}, voters=-1),
        Difference(board=SEALED, picks={"RED": 1}, voters=1),
    ]


def test_a_difference_in_ballots_alone_is_one() -> None:
    """It is reported although the votes agree."""
    recount = Recount()
    recount.add([ballot_row("a", RED=1)])

    assert differences(recount, {OPEN: Totals(picks={"RED": 1}, voters=2)}) == [
        Difference(board=OPEN, picks={}, voters=-1)
    ]
    assert differences(recount, {OPEN: Totals(picks={"RED": 1}, voters=1)}) == []
    assert differences(recount, {OPEN: Totals(picks={"RED": 2}, voters=1)}) == [
        Difference(board=OPEN, picks={"RED": -1}, voters=0)
    ]


def test_what_a_lost_stream_will_never_deliver_is_written_off() -> None:
    """For each board: missing records, deleted items and unreadable records."""
    recount = Recount()
    recount.add(
        [
            ballot_row("a", RED=1, writes=3),
            ballot_row("b", BLUE=1, writes=2),
            ballot_row("c", writes=4),
        ]
    )
    boards = {
        OPEN: Totals(picks={"RED": 1}, voters=1, folded=6, removed=2, bad=1),
        SEALED: Totals(picks={}),
    }
    (off,) = write_offs(recount, boards)
    after = {
        OPEN: Totals(
            picks={"RED": 1, "BLUE": 1}, voters=2, folded=6 + off.missing,
            removed=2 + off.removed, bad=1 + off.bad,
        )
    }  # fmt: skip

    assert off == Difference(board=OPEN, picks={"BLUE": 1}, voters=1, missing=3, removed=-2, bad=-1)
    assert write_offs(recount, after) == []


def test_a_board_that_the_stream_never_reached_is_written_off_as_a_whole() -> None:
    """It has no row yet, so that all its votes and records are missing."""
    recount = Recount()
    recount.add([ballot_row("a", RED=1, writes=2)])

    assert write_offs(recount, {}) == [
        Difference(board=OPEN, picks={"RED": 1}, voters=1, missing=2)
    ]


def test_a_board_that_folded_more_than_was_written_is_written_down() -> None:
    """This happens if an operator rewrites a ballot by hand with an old `writes`."""
    recount = Recount()
    recount.add([ballot_row("a", RED=1, writes=1)])

    assert write_offs(recount, {OPEN: Totals(picks={"RED": 1}, voters=1, folded=4)}) == [
        Difference(board=OPEN, picks={}, voters=0, missing=-3)
    ]


def test_a_line_is_the_key_and_every_choice_with_votes() -> None:
    """Choices are in alphabetical order."""
    assert line_of("ab12", {"RED": 1, "BLUE": 2, "GREEN": 0}) == "ab12 BLUE=2 RED=1"


def test_the_digest_is_over_all_lines() -> None:
    """It equals the result of `sort | sha256sum`."""
    digest = Digest()
    digest.add("0", {"RED": 1})
    digest.add("b", {"BLUE": 1})

    assert digest.hexdigest() == sha256(b"0 RED=1\nb BLUE=1\n").hexdigest()
    assert Digest().hexdigest() == sha256(b"").hexdigest()


@pytest.mark.parametrize("second", ["a", "A"])
def test_a_digest_takes_keys_in_order_only(second: str) -> None:
    """A repeated key would be a ballot that counts twice."""
    digest = Digest()
    digest.add("a", {"RED": 1})

    with pytest.raises(ValueError, match=f"{second}: after a"):
        digest.add(second, {"RED": 1})
