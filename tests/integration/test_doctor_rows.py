"""The self-test's own poll, in tables of moto's: made, seen by nobody, and gone again."""

from typing import Any

from services.selftest.probe_poll import DynamoProbePoll
from services.voting.identity import Pseudonyms
from tests.support.moto_system import MotoSystem

POLL = "doctor-selftest"
NOW = 1_900_000_000_000


def a_probe_poll(system: MotoSystem, began_at_ms: int = NOW) -> DynamoProbePoll:
    """A run that began then."""
    return DynamoProbePoll(
        client=system.dynamodb, votes="Votes", aggregates="Aggregates", polls="Polls",
        pseudonyms=Pseudonyms(b"a pepper"),
        began_at_ms=began_at_ms,
    )  # fmt: skip


def rows(system: MotoSystem) -> list[dict[str, Any]]:
    """Every row of the table that guests read from."""
    found = system.dynamodb.scan(TableName="Aggregates")["Items"]
    return sorted(found, key=lambda row: (row["pk"]["S"], row["sk"]["S"]))


def leave_a_count(system: MotoSystem, board: str) -> None:
    """A row of a board of the self-test, as the aggregator writes it."""
    key = {"pk": {"S": f"{board}#{POLL}"}, "sk": {"S": "00001#tally#label#shard"}}
    system.dynamodb.put_item(TableName="Aggregates", Item={**key, "folded": {"N": "1"}})


def test_guests_see_nothing_of_the_poll_of_the_self_test(system: MotoSystem) -> None:
    """It is sealed, and counted on the board that guests are refused."""
    probe_poll = a_probe_poll(system)
    probe_poll.open()

    assert system.directory.entry(POLL).round.poll.visibility == "sealed"
    assert probe_poll.round.board == f"sealed#{POLL}"


def test_after_a_run_the_table_is_as_it_was(system: MotoSystem) -> None:
    """Poll, face, and the rows of both boards are gone."""
    before = rows(system)
    probe_poll = a_probe_poll(system)
    probe_poll.open()
    leave_a_count(system, "open")
    leave_a_count(system, "sealed")
    probe_poll.clear()

    assert rows(system) == before


def test_a_run_that_began_less_than_three_minutes_ago_is_left_alone(system: MotoSystem) -> None:
    """It may still be under way: its poll stays as it is."""
    assert a_probe_poll(system).open()
    before = rows(system)

    assert not a_probe_poll(system, NOW + 179_999).open()
    assert rows(system) == before


def test_what_a_killed_run_left_is_swept_up_after_three_minutes(system: MotoSystem) -> None:
    """Its rows, too: they are of another round, and would stay for ever."""
    assert a_probe_poll(system).open()
    leave_a_count(system, "sealed")

    assert a_probe_poll(system, NOW + 180_000).open()
    assert system.directory.entry(POLL).round.number == (NOW + 180_000) // 1000
    assert not [row for row in rows(system) if row["sk"]["S"] == "00001#tally#label#shard"]


def test_every_run_has_a_round_of_its_own(system: MotoSystem) -> None:
    """So that a late count of an earlier run is not this one's."""
    first, second = a_probe_poll(system), a_probe_poll(system, NOW + 1_000)

    assert (first.round.number, second.round.number) == (1_900_000_000, 1_900_000_001)
