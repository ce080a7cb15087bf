"""The self-test's own poll, in tables of moto's: made, seen by nobody, and gone again."""

from typing import Any

from services.tools.doctor.probe_poll import DynamoProbePoll
from tests.support.ledger import Ledger

POLL = "doctor-selftest"
NOW = 1_900_000_000_000


def a_probe_poll(there: Ledger, began_at_ms: int = NOW) -> DynamoProbePoll:
    """A run that began then."""
    return DynamoProbePoll(
        client=there.dynamodb, votes="Votes", aggregates="Aggregates", pepper=b"a pepper",
        began_at_ms=began_at_ms,
    )  # fmt: skip


def rows(there: Ledger) -> list[dict[str, Any]]:
    """Every row of the table that guests read from."""
    found = there.dynamodb.scan(TableName="Aggregates")["Items"]
    return sorted(found, key=lambda row: (row["pk"]["S"], row["sk"]["S"]))


def leave_a_count(there: Ledger, board: str) -> None:
    """A row of a board of the self-test, as the aggregator writes it."""
    key = {"pk": {"S": f"{board}#{POLL}"}, "sk": {"S": "tally#1#label#shard"}}
    there.dynamodb.put_item(TableName="Aggregates", Item={**key, "folded": {"N": "1"}})


def test_guests_see_nothing_of_the_poll_of_the_self_test(there: Ledger) -> None:
    """It is sealed, and counted on the board that guests are refused."""
    probe_poll = a_probe_poll(there)
    probe_poll.open()

    assert there.directory.entry(POLL).round.poll.visibility == "sealed"
    assert probe_poll.round.board == f"sealed#{POLL}"


def test_after_a_run_the_table_is_as_it_was(there: Ledger) -> None:
    """Poll, face, and the rows of both boards are gone."""
    before = rows(there)
    probe_poll = a_probe_poll(there)
    probe_poll.open()
    leave_a_count(there, "open")
    leave_a_count(there, "sealed")
    probe_poll.clear()

    assert rows(there) == before


def test_a_run_that_began_less_than_three_minutes_ago_is_left_alone(there: Ledger) -> None:
    """It may still be under way: its poll stays as it is."""
    assert a_probe_poll(there).open()
    before = rows(there)

    assert not a_probe_poll(there, NOW + 179_999).open()
    assert rows(there) == before


def test_what_a_killed_run_left_is_swept_up_after_three_minutes(there: Ledger) -> None:
    """Its rows, too: they are of another round, and would stay for ever."""
    assert a_probe_poll(there).open()
    leave_a_count(there, "sealed")

    assert a_probe_poll(there, NOW + 180_000).open()
    assert there.directory.entry(POLL).round.number == (NOW + 180_000) // 1000
    assert not [row for row in rows(there) if row["sk"]["S"] == "tally#1#label#shard"]


def test_every_run_has_a_round_of_its_own(there: Ledger) -> None:
    """So that a late count of an earlier run is not this one's."""
    first, second = a_probe_poll(there), a_probe_poll(there, NOW + 1_000)

    assert (first.round.number, second.round.number) == (1_900_000_000, 1_900_000_001)
