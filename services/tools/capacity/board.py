"""The size of a board, and how many viewers can read it once a second.

A board is one partition key. It has one row for each stream shard of the votes table that brought
votes of the current round. A stream shard belongs to a partition and is replaced about every four
hours. Rows of replaced stream shards are merged into one.
"""

import math
from dataclasses import dataclass
from typing import Final

from services.tools.capacity.limits import Assumption, board_viewers, read_units

ROW_BYTES: Final = 360
"""With four choices, and what keeps an older version from writing it: `test_board_size.py`."""
VIEW_BYTES: Final = 1_000
"""The poll's public face, and the row into which others were merged."""
STREAM_SHARD_HOURS: Final = 4
ROW_DAYS: Final = 4
"""At most: merged by the nightly run when it has not changed for 48 h, and deleted a night or two
later, when no reader needs it any more."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BoardSize:
    """The board of a poll that has been open for `days`, of a table with so many partitions."""

    partitions: int
    days: float

    @property
    def rows(self) -> int:
        """Rows of stream shards, at most."""
        hours = 24 * min(self.days, ROW_DAYS)
        return self.partitions * (1 + math.floor(hours / STREAM_SHARD_HOURS))

    @property
    def size_bytes(self) -> int:
        """Size of all its rows."""
        return VIEW_BYTES + ROW_BYTES * self.rows

    @property
    def read_units(self) -> float:
        """Read units of one query of it."""
        return read_units(self.size_bytes)

    @property
    def viewers(self) -> int:
        """Viewers that can read it directly once a second."""
        return board_viewers(self.size_bytes)


ASSUMPTIONS: Final = (
    Assumption(
        f"A board has a row of {ROW_BYTES} bytes for each stream shard that brought votes, and "
        f"{VIEW_BYTES:,} bytes beside them. A partition has one stream shard at a time, which is "
        f"replaced about every {STREAM_SHARD_HOURS} hours.",
        "DynamoDB, Change data capture for DynamoDB Streams; measured row",
    ),
    Assumption(
        f"A row whose stream shard is gone is merged and deleted within {ROW_DAYS} days.",
        "our nightly run",
    ),
    Assumption(
        "The boards of several polls may be on one partition: their viewers are added.",
        "the worst placement",
    ),
)
