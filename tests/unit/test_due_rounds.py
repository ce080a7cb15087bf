"""Which rounds the scheduled reconciliation looks at."""

from dataclasses import replace

import pytest

from services.late.due import due_rounds
from services.voting.poll import Round, State
from tests.support.polls import NOON, a_poll, a_round

MINUTE = 60_000
HOUR = 60 * MINUTE
DAY = 24 * HOUR
OLD = Round(poll=a_poll(), state=State.OPEN, state_at_ms=NOON - DAY, changed_at_ms=NOON - DAY)


def ended(state: State, ago_ms: int) -> Round:
    """A round that an operator has closed or archived some time ago."""
    return replace(OLD, state=state, state_at_ms=NOON - ago_ms, changed_at_ms=NOON - ago_ms)


@pytest.mark.parametrize(
    ("current", "is_due"),
    [
        (OLD, True),
        (ended(State.CLOSED, 0), True),
        (ended(State.CLOSED, HOUR), True),
        (ended(State.CLOSED, 65 * MINUTE - 1), True),
        (ended(State.CLOSED, 65 * MINUTE), False),
        (ended(State.CLOSED, DAY), False),
        (ended(State.ARCHIVED, HOUR), True),
        (ended(State.ARCHIVED, DAY), False),
        (a_round(closes_at_ms=NOON - HOUR), True),
        (a_round(closes_at_ms=NOON - 2 * HOUR), False),
        (a_round(closes_at_ms=NOON + HOUR), True),
        (a_round(opens_at_ms=NOON + MINUTE), False),
        (a_round(opens_at_ms=NOON), True),
    ],
)
def test_a_round_is_due_while_it_is_open_and_for_an_hour_after_it(
    current: Round,
    is_due: bool,  # noqa: FBT001
) -> None:
    """And for five minutes more; one that waits for its opening has no votes."""
    assert due_rounds([current], NOON) == [current] * is_due


@pytest.mark.parametrize(
    ("ago_ms", "due"),
    [((HOUR, 0), [1, 2, 3]), ((DAY, HOUR), [2, 3]), ((DAY, 65 * MINUTE), [3]), ((DAY, DAY), [3])],
)
def test_a_past_round_is_due_for_an_hour_after_its_reset(
    ago_ms: tuple[int, int], due: list[int]
) -> None:
    """When it was closed before the reset does not matter."""
    first = replace(ended(State.CLOSED, DAY), began_at_ms=NOON - 2 * DAY)
    second, third = (
        replace(OLD, number=number, began_at_ms=NOON - ago)
        for number, ago in zip((2, 3), ago_ms, strict=True)
    )

    assert [one.number for one in due_rounds([first, second, third], NOON)] == due


def test_a_closed_round_is_not_due_because_the_one_before_is() -> None:
    """Each by its own end."""
    second = replace(ended(State.CLOSED, DAY), number=2, began_at_ms=NOON - HOUR)

    assert due_rounds([OLD, second], NOON) == [OLD]


def test_a_poll_without_readable_rounds_has_none_that_is_due() -> None:
    """Nothing fails."""
    assert due_rounds([], NOON) == []
