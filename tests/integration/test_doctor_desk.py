"""The self-test's own poll, on moto: what it makes, and what it leaves."""

from typing import Any

from services.adapters.dynamodb.ballot_items import item_of
from services.tools.doctor.probe_poll import CHOICE, PHONE, DynamoDesk
from services.voting.ballot import Vote, cast
from services.voting.identity import voter_of
from services.voting.poll import Phase
from tests.support.ledger import PEPPER, Ledger

BEGAN = 1_800_000_000_000
HOUR = 3_600_000


def a_desk(there: Ledger) -> DynamoDesk:
    """One run."""
    return DynamoDesk(
        client=there.dynamodb, votes="Votes", aggregates="Aggregates", pepper=PEPPER,
        began_at_ms=BEGAN,
    )  # fmt: skip


def items(there: Ledger) -> list[dict[str, Any]]:
    """Every item of the table of ballots."""
    found: list[dict[str, Any]] = there.dynamodb.scan(TableName="Votes")["Items"]
    return found


def test_its_poll_is_open_for_an_hour(there: Ledger) -> None:
    """It opens at once, and closes by itself if nobody removes it."""
    desk = a_desk(there)
    opened = desk.open()
    held = there.directory.entry("doctor-selftest").round

    assert opened
    assert held.phase_at(BEGAN) is Phase.OPEN
    assert held.phase_at(BEGAN + HOUR) is Phase.CLOSED
    assert held.expires_from_ms is not None


def test_what_it_leaves_is_an_empty_ballot_that_expires_a_day_later(there: Ledger) -> None:
    """No table of ballots grows by what a doctor has asked; nobody deletes it by hand."""
    desk = a_desk(there)
    desk.open()
    voter = voter_of(PEPPER, desk.round.poll.id, desk.round.number, PHONE)
    vote = Vote(voter=voter, sid="SM1", choice=CHOICE, at_ms=BEGAN + 5_000)
    ballot = cast(desk.round, None, vote).ballot
    assert ballot
    there.dynamodb.put_item(TableName="Votes", Item=item_of(ballot, desk.round))
    there.fold()
    counted, known = desk.counted(), desk.has_ballot()
    desk.forget()
    there.fold()
    forgotten = desk.counted()
    desk.forget()
    desk.clear()
    (left,) = items(there)

    assert (counted, known, forgotten) == (1, True, 0)
    assert not desk.has_ballot()
    assert left["picks"] == {"M": {}}
    assert int(left["expires_at"]["N"]) == (BEGAN + HOUR) // 1000 + 86_400 + 20
    assert int(left["writes"]["N"]) == 2
    assert [entry.round.poll.id for entry in there.directory.entries()] == ["colors"]
