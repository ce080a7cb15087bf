"""The rounds of a poll: reset, remembered, and given an expiry."""

from dataclasses import replace

import pytest

from services.voting import lifecycle
from services.voting.errors import (
    PollChangedError,
    PollUnknownError,
    RoundUnknownError,
)
from services.voting.poll import Round
from tests.support.office import COLORS, DAY, HOUR, OTHER, Office, both_tables, office
from tests.support.polls import NOON

__all__ = ["both_tables", "office"]


def test_a_webhook_hears_of_the_rounds_before_a_reset_for_five_minutes(office: Office) -> None:
    """As far back as resets were not long ago."""
    for later in (0, 1_000):
        office.now_ms = NOON + later
        office.say(lifecycle.next_round)

    def numbers(later_ms: int) -> list[int]:
        office.now_ms = NOON + later_ms
        each: Round | None = next(r for r in office.polls.load().rounds if r.poll.id == "colors")
        found = []
        while each is not None:
            found.append(each.number)
            each = each.previous
        return found

    assert [numbers(299_999), numbers(300_000), numbers(301_000)] == [[3, 2, 1], [3, 2], [3]]


def test_a_past_round_that_cannot_be_read_does_not_take_the_poll_down(office: Office) -> None:
    """The round that is open answers on."""
    office.say(lifecycle.next_round)
    office.spoil("~round#colors#00001", definition={"S": "= ="})
    (there,) = [r for r in office.polls.load().rounds if r.poll.id == "colors"]

    assert (there.number, there.previous) == (2, None)


def test_the_tenth_round_comes_after_the_ninth(office: Office) -> None:
    """Sorted as numbers: it is not the second."""
    entry = office.polls.entry("colors")
    office.polls.write(replace(entry, round=replace(entry.round, number=9)))
    for _ in range(2):
        office.say(lifecycle.next_round)

    assert [there.number for there in office.polls.rounds("colors")] == [9, 10, 11]


def test_a_past_round_of_another_poll_is_not_one_of_this(office: Office) -> None:
    """Also where the name of one begins like the other's."""
    office.polls.apply([COLORS, OTHER, replace(OTHER, id="color", numbers=("+15550100122",))])
    office.say(lifecycle.next_round)

    assert office.polls.past_rounds("color") == []


# --- the expiry of a round ---------------------------------------------------------------


def test_the_expiry_of_a_past_round_is_stored_and_never_put_off(office: Office) -> None:
    """A ballot may carry the earlier one."""
    office.say(lifecycle.next_round)
    (ended,) = office.polls.past_rounds("colors")
    office.polls.store_expiry(ended, NOON + 2 * DAY, revision=2)
    office.now_ms += 1
    office.polls.store_expiry(ended, NOON + DAY, revision=2)
    office.now_ms += 1

    with pytest.raises(PollChangedError):
        office.polls.store_expiry(ended, NOON + DAY + 1, revision=2)
    assert office.polls.past_rounds("colors")[0].expires_from_ms == NOON + DAY


def test_a_round_that_there_never_was_is_given_no_expiry(office: Office) -> None:
    """Nor a row of half a round."""
    with pytest.raises(PollChangedError):
        office.polls.store_expiry(replace(office.round, number=9), NOON, revision=1)
    assert office.tables.item("Polls", "directory", "~round#colors#00009") is None


def test_an_expiry_is_promised_to_the_round_that_is_named(office: Office) -> None:
    """The current one, a past one, and none that there is not."""
    office.say(lifecycle.next_round)
    office.say(lifecycle.closed)
    office.now_ms += HOUR
    past, current = (office.polls.promise_expiry("colors", number) for number in (1, 2))

    assert past == current == NOON + 30 * DAY
    assert office.polls.past_rounds("colors")[0].expires_from_ms == past
    assert office.round.expires_from_ms == current
    with pytest.raises(RoundUnknownError, match="'colors' has no round 3; the latest is 2"):
        office.polls.promise_expiry("colors", 3)
    with pytest.raises(PollUnknownError):
        office.polls.promise_expiry("colours", 1)


# --- reset --------------------------------------------------------------------------------


def test_a_reset_that_somebody_else_has_done_already_is_not_done_again(office: Office) -> None:
    """Two desks reset round 1 at the same time: there is a round 2, and no round 3."""
    for _ in range(2):
        office.polls.reset("colors", 1, begun=lambda _: True)

    assert office.round.number == 2


def test_a_reset_between_reading_and_writing_is_not_done_twice(office: Office) -> None:
    """The other desk is faster by a moment."""
    rival = replace(office.polls, clock=lambda: NOON)
    office.tables.rivals["TransactWriteItems"] = lambda: rival.reset(
        "colors", 1, begun=lambda _: True
    )
    office.polls.reset("colors", 1, begun=lambda _: True)

    assert office.round.number == 2
