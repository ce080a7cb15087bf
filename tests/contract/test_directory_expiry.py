"""The earliest expiry of a round's ballots, as the directory stores it."""

from dataclasses import replace

import pytest

from services.adapters.dynamodb.directory import DynamoDirectory
from services.voting import lifecycle
from services.voting.errors import (
    PollChangedError,
    PollFileError,
    RoundNotEndedError,
    RoundUnknownError,
)
from services.voting.poll import Phase
from tests.support.directory import (
    COLORS,
    Watch,
    always,
    colors_with,
)
from tests.support.polls import NOON

DAY_MS = 86_400_000
BOTH = pytest.mark.parametrize("endpoint", ["moto", "emulator"], indirect=True)


@BOTH
def test_the_earliest_expiry_is_in_the_row_before_any_ballot_can_carry_it(
    directory: DynamoDirectory, watch: Watch
) -> None:
    """It is stored with the poll, and can only become earlier."""
    closes = NOON + 3_600_000
    directory.apply([colors_with("closes_at = 2027-01-15T09:00:00Z\nretention_days = 2")])
    first = directory.entry("colors").round.expires_from_ms
    longer = colors_with("closes_at = 2027-01-15T10:00:00Z\nretention_days = 30")
    watch.now_ms += 5
    directory.apply([longer], begun=always)
    kept = directory.entry("colors").round
    sooner = colors_with("closes_at = 2027-01-15T09:00:00Z\nretention_days = 1")
    directory.apply([sooner], begun=always)

    assert first == closes + 2 * DAY_MS
    assert (kept.expires_from_ms, kept.poll.retention_days) == (first, 30)
    assert directory.entry("colors").round.expires_from_ms == closes + DAY_MS


@BOTH
def test_a_round_is_not_extended_beyond_the_first_expiry_of_its_ballots(
    directory: DynamoDirectory,
) -> None:
    """A voter whose ballot has expired could vote twice."""
    first = colors_with("closes_at = 2027-01-15T09:00:00Z\nretention_days = 2")
    directory.apply([first])
    directory.apply([colors_with("closes_at = 2027-01-17T09:00:00Z")], begun=always)

    with pytest.raises(PollFileError, match="ballots of this round expire from 2027-01-17 09:00"):
        directory.apply([colors_with("closes_at = 2027-01-17T09:00:01Z")], begun=always)


@BOTH
def test_a_round_without_a_ballot_forgets_an_expiry_that_none_can_carry(
    directory: DynamoDirectory, watch: Watch
) -> None:
    """Moved to another day before it began."""
    opens = "opens_at = 2027-01-16T08:00:00Z\ncloses_at = 2027-01-16T09:00:00Z\nretention_days = 1"
    later = "opens_at = 2027-03-01T08:00:00Z\ncloses_at = 2027-03-01T09:00:00Z\nretention_days = 1"
    directory.apply([colors_with(opens)])
    first = directory.entry("colors").round.expires_from_ms
    watch.now_ms += 73_000
    directory.apply([colors_with(later)])

    after = directory.entry("colors").round
    assert first == NOON + 25 * 3_600_000 + DAY_MS
    assert after.expires_from_ms == (after.poll.closes_at_ms or 0) + DAY_MS


@BOTH
def test_of_a_past_round_only_a_sooner_expiry_is_stored(
    directory: DynamoDirectory, watch: Watch
) -> None:
    """Repeating it changes nothing; a later one would contradict ballots that have one."""
    directory.apply([COLORS])
    directory.reset("colors", 1, begun=always)
    watch.now_ms += 73_000
    first, again = (directory.promise_expiry("colors", 1) for _ in range(2))
    ended = directory.rounds("colors")[0]
    watch.now_ms += 1
    directory.store_expiry(ended, first - 1, revision=2)
    watch.now_ms += 1

    assert first == again == NOON + 30 * DAY_MS
    assert ended.expires_from_ms == first
    assert directory.rounds("colors")[0].expires_from_ms == first - 1
    with pytest.raises(PollChangedError):
        directory.store_expiry(ended, first, revision=2)
    with pytest.raises(PollChangedError):
        directory.store_expiry(replace(ended, number=9), first, revision=2)


@BOTH
def test_an_open_round_is_promised_no_expiry(directory: DynamoDirectory, watch: Watch) -> None:
    """Nor a round that another operator opens meanwhile, nor an unknown one."""
    directory.apply([COLORS])
    with pytest.raises(RoundNotEndedError):
        directory.promise_expiry("colors", 1)
    with pytest.raises(RoundUnknownError, match="no round 9"):
        directory.promise_expiry("colors", 9)
    directory.change("colors", lambda r: lifecycle.closed(r, watch()))
    watch.now_ms += 73_000

    def opened_by_another_operator() -> int:
        directory.change("colors", lambda r: lifecycle.opened(r, watch()))
        return watch()

    with pytest.raises(RoundNotEndedError):
        replace(directory, clock=opened_by_another_operator).promise_expiry("colors", 1)

    assert directory.entry("colors").round.expires_from_ms is None


@BOTH
def test_an_expiry_does_not_keep_a_poll_away_whose_file_comes_back(
    directory: DynamoDirectory, watch: Watch
) -> None:
    """The poll is restored with its file, although its expiry was stored meanwhile."""
    directory.apply([COLORS])
    watch.now_ms += 5
    directory.apply([])
    watch.now_ms += 73_000
    directory.promise_expiry("colors", 1)
    watch.now_ms += 5
    directory.apply([COLORS])

    assert directory.entry("colors").round.phase_at(watch()) is Phase.OPEN
