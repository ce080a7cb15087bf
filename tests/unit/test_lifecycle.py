"""What an operator does to a round."""

from collections.abc import Callable

import pytest

from services.voting.lifecycle import archived, closed, next_round, opened
from services.voting.poll import Phase, Round, State
from tests.support.polls import NOON, a_poll, a_round

HOUR = 3_600_000
TIMED = Round(poll=a_poll(opens_at_ms=NOON, closes_at_ms=NOON + HOUR))
WORDS = (opened, closed, archived)


@pytest.mark.parametrize(
    ("word", "at_ms", "phase", "changed"),
    [
        (opened, NOON - 5, Phase.OPEN, True),
        (opened, NOON + 5, Phase.OPEN, False),
        (opened, NOON + 2 * HOUR, Phase.OPEN, True),
        (closed, NOON - 5, Phase.CLOSED, True),
        (closed, NOON + 5, Phase.CLOSED, True),
        (closed, NOON + 2 * HOUR, Phase.CLOSED, False),
        (archived, NOON + 5, Phase.ARCHIVED, True),
    ],
)
def test_a_word_puts_a_round_into_its_phase(
    word: Callable[[Round, int], Round],
    at_ms: int,
    phase: Phase,
    changed: bool,  # noqa: FBT001
) -> None:
    """A round that is in that phase already is unchanged."""
    after = word(TIMED, at_ms)

    assert after.phase_at(at_ms) is phase
    assert (after != TIMED) is changed


@pytest.mark.parametrize("word", WORDS)
@pytest.mark.parametrize("state", list(State))
def test_a_word_said_twice_changes_nothing(
    word: Callable[[Round, int], Round], state: State
) -> None:
    """Checked for every state, and with a later repetition."""
    once = word(Round(poll=a_poll(), state=state, state_at_ms=NOON), NOON + 1)

    assert word(once, NOON + HOUR) == once


def test_a_poll_opened_early_still_closes_on_time() -> None:
    """Opening by an operator does not change the closing time."""
    assert opened(TIMED, NOON - HOUR).phase_at(NOON + HOUR) is Phase.CLOSED


def test_a_new_round_keeps_the_operators_word() -> None:
    """After a reset a closed round stays closed, so late texts do not count in the new round."""
    after = next_round(closed(a_round(), NOON), NOON + 5)

    assert (after.number, after.began_at_ms) == (2, NOON + 5)
    assert after.phase_at(NOON + 9) is Phase.CLOSED
    assert next_round(a_round(), NOON).phase_at(NOON) is Phase.OPEN
