"""From stream records to changes."""

from typing import Any

import pytest

from lambdas.aggregator.records import changes_of
from services.adapters.dynamodb.ballot_items import item_of
from services.voting.ballot import cast
from services.voting.barring import forget_votes
from services.voting.schema import UNREADABLE_BOARD
from services.voting.tally import Change, pad_sequence
from tests.support.polls import NOON, a_round, a_vote

ROUND = a_round()
RED = item_of(cast(ROUND, None, a_vote("RED")).ballot)  # type: ignore[arg-type]
BLUE = item_of(cast(ROUND, None, a_vote("BLUE")).ballot)  # type: ignore[arg-type]
LATER = item_of(
    cast(ROUND, cast(ROUND, None, a_vote("RED")).ballot, a_vote("BLUE", at_ms=NOON + 5_000)).ballot,  # type: ignore[arg-type]
)
TTL = {"type": "Service", "principalId": "dynamodb.amazonaws.com"}


def record(name: str, *, sequence: str = "1" * 21, **body: Any) -> dict[str, Any]:
    """A stream record."""
    return {"eventName": name, "dynamodb": {"SequenceNumber": sequence, **body}}


def only(one: dict[str, Any]) -> Change:
    """The change of one readable record."""
    (change,), lost = changes_of([one])
    assert lost == 0
    return change


@pytest.mark.parametrize(
    ("one", "picks", "voters"),
    [
        (record("INSERT", NewImage=RED), {"RED": 1}, 1),
        (record("MODIFY", OldImage=RED, NewImage=BLUE), {"RED": -1, "BLUE": 1}, 0),
        (record("MODIFY", OldImage=RED, NewImage=RED), {}, 0),
        (record("REMOVE", OldImage=RED), {"RED": -1}, -1),
        (record("REMOVE", OldImage=RED) | {"userIdentity": TTL}, {}, 0),
        (record("REMOVE", OldImage=RED) | {"userIdentity": None}, {"RED": -1}, -1),
        (record("REMOVE", OldImage=RED) | {"userIdentity": {"type": "Service"}}, {"RED": -1}, -1),
        (record("INSERT", OldImage=BLUE, NewImage=RED), {"RED": 1, "BLUE": -1}, 0),
    ],
    ids=[
        "first vote",
        "changed",
        "same choice",
        "removed",
        "expired",
        "by a person",
        "by another service",
        "late insert",
    ],
)
def test_a_record_moves_the_tally_by_new_minus_old(
    one: dict[str, Any], picks: dict[str, int], voters: int
) -> None:
    """A missing image counts as empty; an expiry changes nothing."""
    change = only(one)

    assert (change.board, change.round, change.bad) == ("open#colors", 1, 0)
    assert (change.picks, change.voters) == (picks, voters)


@pytest.mark.parametrize(
    ("one", "as_of_ms"),
    [
        (record("INSERT", NewImage=RED), NOON),
        (record("MODIFY", OldImage=RED, NewImage=LATER), NOON + 5_000),
        (record("REMOVE", OldImage=RED), 0),
    ],
    ids=["first vote", "changed later", "removed"],
)
def test_a_record_tells_when_its_ballot_was_changed(one: dict[str, Any], as_of_ms: int) -> None:
    """The screen shows the time of the newest vote."""
    assert only(one).as_of_ms == as_of_ms


FORGOTTEN = item_of(forget_votes(cast(ROUND, None, a_vote("RED")).ballot, 1))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("one", "removed"),
    [
        (record("INSERT", NewImage=RED), 0),
        (record("MODIFY", OldImage=RED, NewImage=FORGOTTEN), 0),
        (record("REMOVE", OldImage=RED), 1),
        (record("REMOVE", OldImage=FORGOTTEN), 1),
        (record("REMOVE", OldImage=RED) | {"userIdentity": TTL}, 1),
    ],
    ids=["first vote", "forgotten", "removed", "forgotten and removed", "expired"],
)
def test_a_deleted_item_is_counted_as_one(one: dict[str, Any], removed: int) -> None:
    """Its `writes` are deleted with it, so an audit must know of it."""
    assert only(one).removed == removed


def test_a_forgotten_ballot_takes_its_vote_and_its_voter_back() -> None:
    """The change has no time, so the board does not look outdated."""
    gone = only(record("MODIFY", OldImage=RED, NewImage=FORGOTTEN))
    again = only(record("MODIFY", OldImage=FORGOTTEN, NewImage=BLUE))

    assert (gone.picks, gone.voters, gone.as_of_ms) == ({"RED": -1}, -1, 0)
    assert (again.picks, again.voters) == ({"BLUE": 1}, 1)


def test_an_image_without_picks_counts_as_empty() -> None:
    """A barred ballot without votes becomes a vote."""
    empty = {name: value for name, value in RED.items() if name != "picks"}

    assert only(record("MODIFY", OldImage=empty, NewImage=RED)).picks == {"RED": 1}


def test_a_sequence_number_is_padded() -> None:
    """It then sorts numerically."""
    assert only(record("INSERT", NewImage=RED, sequence="123")).sequence == pad_sequence("123")


BROKEN = [
    {**RED, "picks": {"M": {"RED": {"N": "one"}}}},
    {**RED, "picks": {"L": []}},
    {**RED, "picks": None} | {"round": {"N": "x"}},
    {**RED, "picks": {"M": {"RED": {"S": "1"}}}},
]


@pytest.mark.parametrize("image", BROKEN)
def test_a_record_that_cannot_be_read_is_bad_and_the_rest_counts(image: dict[str, Any]) -> None:
    """An unreadable record is between two good ones."""
    changes, lost = changes_of(
        [
            record("INSERT", NewImage=RED, sequence="1"),
            record("INSERT", NewImage=image, sequence="2"),
            record("INSERT", NewImage=BLUE, sequence="3"),
        ]
    )

    assert [change.bad for change in changes] == [0, 1, 0]
    assert (changes[1].picks, changes[1].voters, lost) == ({}, 0, 0)


@pytest.mark.parametrize(
    ("image", "board"),
    [(BROKEN[0], "open#colors"), ({"pk": {"S": "x"}}, UNREADABLE_BOARD), ({}, UNREADABLE_BOARD)],
)
def test_a_bad_record_is_counted_on_the_board_it_names(image: dict[str, Any], board: str) -> None:
    """Without a board, it is counted on the unreadable board."""
    assert only(record("INSERT", NewImage=image)).board == board


def test_a_bad_removal_is_counted_on_the_board_its_old_image_names() -> None:
    """A removal has no new image."""
    change = only(record("REMOVE", OldImage=BROKEN[0]))

    assert (change.board, change.round, change.bad) == ("open#colors", 1, 1)


@pytest.mark.parametrize(
    "junk",
    [None, 7, "x", [], {}, {"dynamodb": None}, {"dynamodb": {"SequenceNumber": "abc"}},
     {"dynamodb": {"SequenceNumber": "١٢٣"}}, {"dynamodb": {"SequenceNumber": 5}}],
)  # fmt: skip
def test_a_record_without_a_place_is_only_reported(junk: Any) -> None:
    """Without a sequence number, it cannot be distinguished from its redelivery."""
    assert changes_of([junk]) == ([], 1)
