"""Every change of a poll adds a row to its operator's log, in the write that makes the change."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from services.adapters.dynamodb.certificates import DynamoCertificates
from services.adapters.dynamodb.operators_log import DynamoOperatorsLog
from services.voting import lifecycle
from services.voting.certificate import Certificate
from services.voting.errors import PollChangedError
from services.voting.operators_log import LoggedChange, name_change
from services.voting.poll import Round, State
from tests.support.office import COLORS, HOUR, OTHER, Office, both_tables, office
from tests.support.polls import NOON, a_round

__all__ = ["both_tables", "office"]

WHO = "arn:aws:sts::123456789012:assumed-role/operators/alice"


def log_of(office: Office, poll: str | None = "colors") -> list[LoggedChange]:
    """The rows of a poll, oldest first."""
    return DynamoOperatorsLog(office.tables.client, "Polls").changes(poll)


def certificates(office: Office) -> DynamoCertificates:
    """At the office's time."""
    return DynamoCertificates(
        client=office.tables.client, table="Aggregates", polls="Polls", by=lambda: WHO,
        clock=lambda: office.now_ms,
    )  # fmt: skip


def certificate(number: int, at_ms: int) -> Certificate:
    """Of a round of colors."""
    return Certificate(
        poll="colors", round=number, picks={"RED": 1}, ballots=1, voters=1, certified_at_ms=at_ms,
        digest="d",
    )  # fmt: skip


def opened(office: Office) -> None:
    """Closed, then opened by hand."""
    office.say(lifecycle.closed)
    office.now_ms += 1
    office.say(lifecycle.opened)


CHANGES: dict[str, tuple[Callable[[Office], Any], str]] = {
    "applied": (lambda o: o.polls.apply([replace(COLORS, question="New?"), OTHER]), "applied"),
    "opened": (opened, "opened"),
    "closed": (lambda o: o.say(lifecycle.closed), "closed"),
    "archived": (lambda o: o.say(lifecycle.archived), "archived"),
    "file gone": (lambda o: o.polls.apply([OTHER]), "archived"),
    "reset": (lambda o: o.polls.reset("colors", 1, begun=lambda _: True, opened=True), "reset"),
    "number": (
        lambda o: o.polls.write(
            replace(o.polls.entry("colors"), number="+15550100177"), what="number", detail="shown"
        ),
        "number",
    ),
}


@pytest.mark.parametrize("name", CHANGES)
def test_a_change_is_logged_as_the_round_is_stored(office: Office, name: str) -> None:
    """With its time and the caller; the rows before it stay."""
    change, what = CHANGES[name]
    office.polls = replace(office.polls, by=lambda: WHO)
    office.now_ms += HOUR
    before = log_of(office)
    change(office)
    *others, last = log_of(office)

    assert (last.what, last.at_ms, last.by) == (what, office.now_ms, WHO)
    assert last.round == replace(office.round, previous=None)
    assert others[: len(before)] == before


def test_the_first_row_of_a_poll_says_that_it_was_created(office: Office) -> None:
    """And each poll has its own log; all of them are in order of time."""
    office.now_ms += 1
    office.say(lifecycle.closed)
    everything = log_of(office, None)

    assert [(row.round.poll.id, row.what) for row in everything] == [
        ("colors", "created"), ("other", "created"), ("colors", "closed"),
    ]  # fmt: skip
    assert {row.by for row in everything} == {"unknown"}


def test_a_file_that_returns_is_said_beside_the_change(office: Office) -> None:
    """It is applied, and the poll takes texts again."""
    office.now_ms += 1
    office.polls.apply([OTHER])
    office.now_ms += 1
    office.polls.apply([COLORS, OTHER])

    assert [(row.what, row.detail) for row in log_of(office)[1:]] == [
        ("archived", "its file was removed"), ("applied", "its file has returned"),
    ]  # fmt: skip


def test_a_change_that_is_not_written_is_not_logged(office: Office) -> None:
    """Another operator was faster: the log has their change alone."""
    entry = office.polls.entry("colors")
    office.now_ms += 1
    office.say(lifecycle.closed)
    office.now_ms += 1

    with pytest.raises(PollChangedError):
        office.polls.write(replace(entry, number="+15550100177"), what="number")
    assert [row.what for row in log_of(office)] == ["created", "closed"]


def test_a_row_of_the_log_is_never_overwritten(office: Office) -> None:
    """The put is refused, and with it the change."""
    row = office.tables.item("Polls", "log#colors", f"{NOON:013}#00000001")
    assert row
    office.tables.client.put_item(
        TableName="Polls", Item=row | {"sk": {"S": f"{NOON:013}#00000002"}, "by": {"S": "before"}}
    )

    with pytest.raises(PollChangedError):
        office.say(lambda round, _: lifecycle.closed(round, NOON))
    assert office.round.state is State.AUTO
    assert [change.by for change in log_of(office)] == ["unknown", "before"]


def test_the_time_of_a_change_never_goes_back(office: Office) -> None:
    """An operator's clock is an hour behind that of the last change."""
    office.now_ms -= HOUR
    office.say(lifecycle.closed)
    office.polls.reset("colors", 1, begun=lambda _: True)

    assert [row.at_ms for row in log_of(office)] == [NOON] * 3
    assert (office.round.changed_at_ms, office.round.began_at_ms) == (NOON, NOON)


def test_a_promised_expiry_is_logged_once_for_each_round(office: Office) -> None:
    """Of the past round and of the current one; a repetition adds nothing."""
    office.say(lifecycle.next_round)
    office.now_ms += 1
    office.say(lifecycle.closed)
    office.now_ms += HOUR
    for number in (1, 1, 2, 2):
        office.polls.promise_expiry("colors", number)
        office.now_ms += HOUR
    rows = [row for row in log_of(office) if row.what == "expiry"]

    assert [row.round.number for row in rows] == [1, 2]
    assert all(row.round.expires_from_ms for row in rows)


def test_a_certificate_is_logged_with_the_revision_that_it_makes(office: Office) -> None:
    """The current round's row is changed by it, so the next change comes after it."""
    store, at_ms = certificates(office), NOON + HOUR
    office.now_ms = at_ms + 5_000
    store.write(certificate(1, at_ms), office.round, current=True)
    office.say(lifecycle.next_round)
    *_, certified, reset = log_of(office)

    assert (certified.what, certified.at_ms, certified.by) == ("certified", at_ms + 5_000, WHO)
    assert certified.round.certified_at_ms == at_ms
    assert office.tables.item("Polls", "log#colors", f"{at_ms + 5_000:013}#00000002")
    assert (reset.what, reset.round.number) == ("reset", 2)


def test_a_certificate_of_a_past_round_is_logged_beside_the_changes(office: Office) -> None:
    """It does not change the poll's row: the name of the event is in the key."""
    office.say(lifecycle.next_round)
    (past,) = office.polls.past_rounds("colors")
    office.now_ms += HOUR
    certificates(office).write(certificate(1, NOON + 1), past, current=False)
    last = log_of(office)[-1]

    assert (last.what, last.round.number) == ("certified", 1)
    assert office.tables.item("Polls", "log#colors", f"{NOON + HOUR:013}#00000002#certified")


def test_a_certificate_that_is_refused_is_not_logged(office: Office) -> None:
    """There is one already, or the round has changed."""
    round, store = office.round, certificates(office)
    store.write(certificate(1, NOON + 1), round, current=True)
    again = store.write(certificate(1, NOON + 2), round, current=True)

    assert again is False
    assert [row.what for row in log_of(office)] == ["created", "certified"]


def test_a_changed_phone_list_is_logged_with_its_counts(office: Office) -> None:
    """The round is as it was; it may have been changed in the same millisecond."""
    office.polls.log_list_change("colors", added=3, removed=1)
    last = log_of(office)[-1]

    assert (last.what, last.detail, last.round) == ("list", "3 added, 1 removed", office.round)


def test_a_row_that_cannot_be_read_is_named_and_left_out(office: Office) -> None:
    """Somebody has written into the table by hand."""
    row = office.tables.item("Polls", "log#colors", f"{NOON:013}#00000001")
    assert row
    spoiled = row | {"sk": {"S": "0000000000001#00000001"}, "definition": {"S": "="}}
    office.tables.client.put_item(TableName="Polls", Item=spoiled)
    log = DynamoOperatorsLog(office.tables.client, "Polls")

    assert [change.what for change in log.changes("colors")] == ["created"]
    assert log.unreadable("colors") == ["colors, 0000000000001#00000001"]


@pytest.mark.parametrize(
    ("change", "what"),
    [
        (lambda r: lifecycle.next_round(lifecycle.closed(r, NOON), NOON), "reset"),
        (lambda r: lifecycle.closed(r, NOON), "closed"),
        (lambda r: lifecycle.archived(r, NOON), "archived"),
        (lambda r: replace(r, state=State.OPEN, state_at_ms=NOON), "opened"),
        (lambda r: replace(r, state=State.AUTO, state_at_ms=NOON), "applied"),
        (lambda r: replace(r, poll=replace(r.poll, closes_at_ms=NOON)), "extended"),
        (lambda r: replace(r, expires_from_ms=NOON), "expiry"),
        (lambda r: replace(r, was_open_until_ms=NOON), "applied"),
    ],
)
def test_a_change_is_named_after_what_differs(change: Callable[[Round], Round], what: str) -> None:
    """A reset is a reset, whatever else it changes."""
    before = a_round()

    assert name_change(before, change(before)) == what
