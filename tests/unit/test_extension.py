"""The closing time of a poll, moved by an operator."""

from collections.abc import Callable
from dataclasses import replace

import pytest

from services.adapters.dynamodb.operators_log import DynamoOperatorsLog
from services.polls.definition import parse_poll
from services.polls.extension import extended
from services.voting import lifecycle
from services.voting.errors import (
    PollFileError,
    PollStaleError,
    RoundFinalError,
    RoundNotExtendableError,
)
from services.voting.poll import Phase, Round, State
from tests.support.office import NUMBER, Office, both_tables, office
from tests.support.polls import COLORS_TOML, NOON

__all__ = ["both_tables", "office"]

MINUTE = 60_000
CLOSES = "2027-01-15T09:30:00+01:00"
CLOSES_MS = NOON + 30 * MINUTE


def timed(line: str = f"closes_at = {CLOSES}", *, name: str = "colors") -> Round:
    """A poll that closes half an hour after noon of these tests."""
    text = f'{line}\nnumbers = ["{NUMBER}"]\n{COLORS_TOML}'
    return Round(poll=parse_poll(text, source=f"{name}.toml"), began_at_ms=1)


def test_an_open_poll_closes_so_many_minutes_later() -> None:
    """Its stored text says so, in the zone of the file, and nothing else changes."""
    after = extended(timed(), 5, NOON)

    assert after.known_close_ms == CLOSES_MS + 5 * MINUTE
    assert "closes_at = 2027-01-15T09:35:00+01:00\n" in after.poll.definition
    assert replace(after.poll, closes_at_ms=CLOSES_MS) == timed().poll
    assert after.was_open_until_ms == NOON


def test_a_poll_that_has_closed_at_its_time_opens_until_so_long_from_now() -> None:
    """It was open until its time, which late texts are judged by."""
    now = CLOSES_MS + 2 * MINUTE
    after = extended(timed(), 5, now)

    assert after.phase_at(now) is Phase.OPEN
    assert after.known_close_ms == now + 5 * MINUTE
    assert after.was_open_until_ms == CLOSES_MS


@pytest.mark.parametrize(
    ("change", "problem", "says"),
    [
        (lambda r: lifecycle.closed(r, NOON), RoundNotExtendableError, "was closed by command"),
        (lambda r: lifecycle.archived(r, NOON), RoundNotExtendableError, "was archived by command"),
        (
            lambda r: replace(r, state=State.OPEN, state_at_ms=CLOSES_MS),
            RoundNotExtendableError,
            "has no closing time",
        ),
        (lambda r: replace(r, certified_at_ms=1), RoundFinalError, "was certified"),
        (
            lambda r: replace(r, expires_from_ms=CLOSES_MS + 4 * MINUTE),
            RoundNotExtendableError,
            "cannot close later than 2027-01-15 08:34 UTC",
        ),
    ],
    ids=["closed", "archived", "reopened", "certified", "expiring"],
)
def test_what_cannot_be_extended_is_refused_with_a_reason(
    change: Callable[[Round], Round], problem: type[Exception], says: str
) -> None:
    """Extending never shortens, and never opens what somebody has closed."""
    with pytest.raises(problem, match=says):
        extended(change(timed()), 5, NOON)


@pytest.mark.parametrize(
    "line",
    [
        '"closes_at" = 2027-01-15 08:30:00Z # by the clock in the hall',
        "closes_at=2027-01-15T08:30:00Z",
        """replies.closed = '''
closes_at = 2027-01-15T08:30:00Z'''
closes_at = 2027-01-15T08:30:00.000Z""",
    ],
    ids=["quoted", "close", "in a text"],
)
def test_the_line_is_found_however_it_is_written(line: str) -> None:
    """A line of a text that only looks like it stays, and so does a comment."""
    before = timed(line)
    after = extended(before, 5, NOON)

    assert after.poll.closes_at_ms == CLOSES_MS + 5 * MINUTE
    assert after.poll.reply_texts == before.poll.reply_texts
    assert ("by the clock in the hall" in after.poll.definition) is ("#" in line)


def test_the_change_is_logged_with_both_times(office: Office) -> None:
    """In the write that makes it."""
    office.polls.apply([timed().poll])
    office.now_ms += 1
    before, after = office.polls.extend("colors", 5)
    *_, row = DynamoOperatorsLog(office.tables.client, "Polls").changes("colors")

    assert after.round.poll.closes_at_ms == CLOSES_MS + 5 * MINUTE
    assert office.polls.entry("colors") == after
    assert after.revision == before.revision + 1
    assert (row.what, row.detail) == (
        "extended", "closes 2027-01-15 09:35:00+01:00, not 2027-01-15 09:30:00+01:00",
    )  # fmt: skip


def test_a_poll_is_not_extended_into_another_one_with_the_same_words(office: Office) -> None:
    """The second opens when the first closes: later, RED would mean both."""
    second = timed(f"opens_at = {CLOSES}", name="second").poll
    office.polls.apply([timed().poll, second])

    with pytest.raises(PollFileError, match="RED"):
        office.polls.extend("colors", 5)
    assert office.round.poll.closes_at_ms == CLOSES_MS


@pytest.mark.parametrize("act", ["change", "extend", "reset"])
def test_who_acts_on_what_is_no_longer_so_is_refused(office: Office, act: str) -> None:
    """Somebody else has closed and opened the poll meanwhile: nothing is done, nothing logged."""
    office.polls.apply([timed().poll])
    seen = office.polls.entry("colors").revision
    office.now_ms += 1
    office.say(lifecycle.closed)
    office.now_ms += 1
    office.say(lifecycle.opened)
    rows = len(DynamoOperatorsLog(office.tables.client, "Polls").changes("colors"))
    acts: dict[str, Callable[[], object]] = {
        "change": lambda: office.polls.change(
            "colors", lambda round: lifecycle.closed(round, office.now_ms), revision=seen
        ),
        "extend": lambda: office.polls.extend("colors", 5, revision=seen),
        "reset": lambda: office.polls.reset("colors", 1, begun=lambda _: True, revision=seen),
    }

    with pytest.raises(PollStaleError, match="somebody else has changed it"):
        acts[act]()
    assert office.round.phase_at(office.now_ms) is Phase.OPEN
    assert len(DynamoOperatorsLog(office.tables.client, "Polls").changes("colors")) == rows
