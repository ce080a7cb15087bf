"""How long an item of the fallback queue waits until it is received again.

The queue deletes what it has kept for 4 days. An item that keeps failing is received after 30 s,
1, 2, 4 and 8 minutes, and then every 15 minutes: 388 times in 4 days. The queue moves an item to
the dead-letter queue after 500 receives (`infra/fallback.py`), so an outage of the store may last
as long as the queue keeps its items. An item on which the program itself fails is received every
minute: it is in the dead-letter queue after 500 minutes, which is 8.3 hours.
"""

from typing import Final

FIRST_SECONDS: Final = 30
LONGEST_SECONDS: Final = 15 * 60
UNEXPECTED_SECONDS: Final = 60
"""Wait after an error of the program; constant, so that the item reaches the dead-letter queue."""


def delay_seconds(receives: int) -> int:
    """Return the wait after the store was unavailable at the `receives`-th receive (from 1)."""
    doublings = min(max(0, receives - 1), 10)
    return min(LONGEST_SECONDS, FIRST_SECONDS << doublings)
