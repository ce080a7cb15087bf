"""Which rounds a reconciliation on a schedule looks at."""

from collections.abc import Sequence
from itertools import pairwise
from typing import Final

from services.voting.lifecycle import ended_at_ms
from services.voting.poll import Phase, Round

RECENT_MS: Final = 65 * 60 * 1000
"""For so long after its end a round is reconciled: the longest interval of the schedule is an hour,
and a text is in no report until 88 seconds after it came, so 5 minutes are added."""


def due_rounds(rounds: Sequence[Round], now_ms: int) -> list[Round]:
    """Return those of a poll that are open, or were until about an hour ago, oldest first.

    `rounds` are the poll's, the current one last. A past round ended when the next one began.
    """
    since_ms = now_ms - RECENT_MS
    past = [one for one, following in pairwise(rounds) if following.began_at_ms > since_ms]
    return [*past, *(one for one in rounds[-1:] if _was_open_after(one, since_ms, now_ms))]


def _was_open_after(current: Round, since_ms: int, now_ms: int) -> bool:
    if current.phase_at(now_ms) is Phase.OPEN:
        return True
    ended_ms = ended_at_ms(current, now_ms)
    return ended_ms is not None and ended_ms > since_ms
