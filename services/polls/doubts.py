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
    for one, other in combinations(polls, 2):
        if not can_meet(one, other):
            continue
        shared = sorted({*one.numbers} & {*other.numbers})
        if shared:
            yield f"{one.id} and {other.id}: both answer on {', '.join(shared)} at the same time"
        elif one.numbers or other.numbers:
            everywhere, beside = (other, one) if one.numbers else (one, other)
            yield (
                f"{everywhere.id}: has no numbers, so it answers on those of {beside.id} too, "
                "at the same time"
            )
        else:
            yield f"{one.id} and {other.id}: both answer on every number at the same time"
