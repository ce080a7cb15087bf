"""Operators' changes in the directory, and past rounds."""

from dataclasses import replace
from itertools import count

import pytest

from services.adapters.dynamodb.directory import DynamoDirectory
from services.voting import lifecycle
from services.voting.errors import (
    PollChangedError,
    PollUnknownError,
)
from services.voting.poll import Phase, Round, State
from tests.support.directory import (
    COLORS,
    OTHER,
    Watch,
    always,
    colors_with,
    poll_view_of,
)
from tests.support.polls import NOON, NUMBER

DAY_MS = 86_400_000
BOTH = pytest.mark.parametrize("endpoint", ["moto", "emulator"], indirect=True)


@BOTH
def test_a_poll_that_the_operator_archived_stays_so_after_a_deploy(
    directory: DynamoDirectory,
) -> None:
    """Only a poll that was archived because its file was removed is restored by a deploy."""
    directory.apply([COLORS, OTHER])
    directory.change("colors", lambda r: lifecycle.archived(r, 7))

    applied = directory.apply([COLORS, OTHER])
    _, opened = directory.change("colors", lambda r: lifecycle.opened(r, 9))

    assert applied.unchanged == ("colors", "other")
    assert [r.poll.id for r in directory.load().rounds] == ["colors", "other"]
    assert opened.round.phase_at(10) is Phase.OPEN


@BOTH
def test_a_reset_remembers_the_round_that_ended(directory: DynamoDirectory, watch: Watch) -> None:
    """With the definition that locates its ballots."""
    directory.apply([COLORS], default_number=NUMBER)
    watch.now_ms += 50
    directory.reset("colors", 1, begun=always)
    directory.change("colors", lambda r: lifecycle.closed(r, watch()))
    watch.now_ms += 73_000
    directory.apply([colors_with("shards = 99")])
    watch.now_ms += 60
    directory.reset("colors", 2, begun=always)

    first, second, current = directory.rounds("colors")
    assert [(r.number, r.poll.shards) for r in (first, second, current)] == [
        (1, 10), (2, 99), (3, 99),
    ]  # fmt: skip
    assert (first.state, first.state_at_ms) == (State.CLOSED, NOON + 50)
    assert (first.began_at_ms, second.began_at_ms) == (NOON, NOON + 50)
    assert (current.state, current.began_at_ms) == (State.CLOSED, NOON + 73_110)
    assert poll_view_of(directory, "colors")["round"] == {"N": "3"}
    assert [e.round.poll.id for e in directory.entries()] == ["colors"]


@BOTH
def test_a_round_that_has_not_begun_is_not_reset(directory: DynamoDirectory) -> None:
    """A second reset changes nothing."""
    directory.apply([COLORS])
    before, after = directory.reset("colors", 1, begun=lambda _: False)

    assert before == after
    assert directory.entry("colors").round.number == 1


@BOTH
def test_a_round_that_is_final_is_reset_whatever_is_left_of_it(
    directory: DynamoDirectory, watch: Watch
) -> None:
    """Its ballots have expired, so it looks as if it had not begun, but it accepts no texts."""
    directory.apply([colors_with("closes_at = 2027-01-15T09:00:00Z")])
    watch.now_ms += 40 * DAY_MS
    before, after = directory.reset("colors", 1, begun=lambda _: False, opened=True)

    assert before.round.is_expiring_at(watch())
    assert (after.round.number, after.round.expires_from_ms) == (2, None)
    assert after.round.phase_at(watch()) is Phase.OPEN


@BOTH
def test_who_resets_a_round_that_somebody_else_has_reset_gets_theirs(
    directory: DynamoDirectory,
) -> None:
    """Two operators at once make one new round."""
    directory.apply([COLORS])

    def begun(round: Round) -> bool:
        if round.number == 1 and directory.entry("colors").round.number == 1:
            directory.reset("colors", 1, begun=always)
        return True

    _, after = directory.reset("colors", 1, begun=begun)

    assert after.round.number == 2


@BOTH
def test_a_change_that_changes_nothing_is_not_written(directory: DynamoDirectory) -> None:
    """Repeating a change keeps the revision."""
    directory.apply([COLORS])
    directory.change("colors", lambda r: lifecycle.closed(r, 5))
    revision = directory.entry("colors").revision

    before, after = directory.change("colors", lambda r: lifecycle.closed(r, 9))

    assert before == after
    assert directory.entry("colors").revision == revision


@BOTH
def test_a_change_is_decided_anew_where_somebody_was_faster(directory: DynamoDirectory) -> None:
    """With two operators at once, neither change is lost."""
    directory.apply([COLORS])
    decided: list[Round] = []

    def close_while_another_moves_the_number(round: Round) -> Round:
        if not decided:
            directory.write(replace(directory.entry("colors"), number="+15550100133"))
        decided.append(round)
        return lifecycle.closed(round, 5)

    directory.change("colors", close_while_another_moves_the_number)

    entry = directory.entry("colors")
    assert len(decided) == 2
    assert (entry.number, entry.round.state) == ("+15550100133", State.CLOSED)


@BOTH
def test_who_is_always_too_late_is_told(directory: DynamoDirectory) -> None:
    """It gives up after several attempts."""
    directory.apply([COLORS])
    numbers = (f"+1555010{n:04}" for n in count(1000))

    def too_late(round: Round) -> Round:
        directory.write(replace(directory.entry("colors"), number=next(numbers)))
        return lifecycle.closed(round, 5)

    with pytest.raises(PollChangedError):
        directory.change("colors", too_late)


@BOTH
def test_an_unknown_poll_is_named_with_those_there_are(directory: DynamoDirectory) -> None:
    """The error lists the polls that exist."""
    directory.apply([COLORS])

    with pytest.raises(PollUnknownError, match="no poll 'colours'; there are: colors"):
        directory.change("colours", lambda r: r)
