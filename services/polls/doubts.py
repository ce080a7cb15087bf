"""Settings of polls that are allowed, and rarely meant: warnings before they are applied."""

from collections.abc import Iterator, Sequence
from itertools import combinations

from services.polls.moments import format_time
from services.polls.names import can_meet
from services.voting.poll import Poll


def find_doubts(polls: Sequence[Poll], now_ms: int) -> Iterator[str]:
    """A line for each doubt about polls that are to be applied together."""
    for poll in polls:
        closes = poll.closes_at_ms
        if closes is not None and closes <= now_ms:
            time = format_time(closes, poll.closes_utc_offset_minutes)
            yield f"{poll.id}: closes_at {time} is in the past: the poll is closed at once"
    beside: dict[str, list[str]] = {}
    for one, other in combinations(polls, 2):
        if not can_meet(one, other):
            continue
        if bool(one.numbers) != bool(other.numbers):
            everywhere, named = (other, one) if one.numbers else (one, other)
            beside.setdefault(everywhere.id, []).append(named.id)
            continue
        shared = sorted({*one.numbers} & {*other.numbers})
        where = ", ".join(shared) if one.numbers else "every number"
        yield f"{one.id} and {other.id}: both answer on {where} at the same time"
    for name, others in beside.items():
        yield (
            f"{name}: has no numbers, so it answers on those of {', '.join(others)} too, "
            "at the same time"
        )
