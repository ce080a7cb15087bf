"""The self-test's own poll, on moto: what it makes, and what it leaves."""

from typing import Any

from services.adapters.dynamodb.ballot_items import item_of
from services.selftest.probe_poll import CHOICE, DOCTOR, DynamoProbePoll
from services.voting.ballot import Vote, cast
from services.voting.poll import Phase
from tests.support.moto_system import PSEUDONYMS, MotoSystem

BEGAN = 1_800_000_000_000
HOUR = 3_600_000


def a_probe_poll(system: MotoSystem) -> DynamoProbePoll:
    """One run."""
    return DynamoProbePoll(
        client=system.dynamodb, votes="Votes", aggregates="Aggregates", polls="Polls",
        pseudonyms=PSEUDONYMS,
        began_at_ms=BEGAN,
    )  # fmt: skip


def items(system: MotoSystem) -> list[dict[str, Any]]:
    """Every item of the table of ballots."""
    found: list[dict[str, Any]] = system.dynamodb.scan(TableName="Votes")["Items"]
    return found


def test_its_poll_is_open_for_an_hour(system: MotoSystem) -> None:
    """It opens at once, and closes by itself if nobody removes it."""
    probe_poll = a_probe_poll(system)
    opened = probe_poll.open()
    held = system.directory.entry("doctor-selftest").round

    assert opened
    assert held.phase_at(BEGAN) is Phase.OPEN
    assert held.phase_at(BEGAN + HOUR) is Phase.CLOSED
    assert held.expires_from_ms is not None


def test_nothing_is_left_and_a_ballot_of_a_killed_run_expires_a_day_later(
    system: MotoSystem,
) -> None:
    """The board has folded its removal before it is cleared."""
    probe_poll = a_probe_poll(system)
    probe_poll.open()
    voter = PSEUDONYMS.voter(probe_poll.round.poll.id, probe_poll.round.number, DOCTOR.phone)
    vote = Vote(voter=voter, sid="SM1", choice=CHOICE, at_ms=BEGAN + 5_000)
    ballot = cast(probe_poll.round, None, vote).ballot
    assert ballot
    system.dynamodb.put_item(TableName="Votes", Item=item_of(ballot))
    system.fold()
    counted, known = probe_poll.counted(), probe_poll.has_ballot()
    probe_poll.forget()
    system.fold()
    forgotten = probe_poll.counted()
    probe_poll.forget()
    (left,) = items(system)
    records = probe_poll.delete_ballot()
    system.fold()
    folded = probe_poll.folded()
    probe_poll.clear()

    assert (counted, known, forgotten) == (1, True, 0)
    assert not probe_poll.has_ballot()
    assert left["picks"] == {"M": {}}
    assert int(left["expires_at"]["N"]) == (BEGAN + HOUR) // 1000 + 86_400 + 73
    assert int(left["writes"]["N"]) == 2
    assert (records, folded, items(system)) == (3, 3, [])
    assert probe_poll.delete_ballot() == 0
    assert [entry.round.poll.id for entry in system.directory.entries()] == ["colors"]
