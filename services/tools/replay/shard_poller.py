"""The position of an event source mapping in one shard of a simulated stream."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Final
from zlib import crc32

from services.tools.replay.faulty_tallies import Write
from services.tools.replay.stream import Record, Shard

MAX_FAILURES: Final = 60
"""Consecutive failures after which a shard is not delivered any more."""


@dataclass(slots=True, eq=False, kw_only=True)
class ShardPoller:
    """The position of one mapping in one shard, and the state of its window.

    Of the `lanes` concurrent batches of the shard (`parallelization_factor`), it has number `lane`.
    """

    shard: Shard
    mapping: int
    lane: int
    lanes: int
    parents: Sequence["ShardPoller"]
    """The mapping's pollers of the parent shard, which must finish first."""
    position: int = 0
    failures: int = 0
    state: Any = field(default_factory=dict)
    late: list[Write] = field(default_factory=list)
    """Writes of calls that timed out."""

    @property
    def records(self) -> Sequence[Record]:
        """The records of the shard that are delivered in this lane."""
        if self.lanes == 1:
            return self.shard.records
        return [r for r in self.shard.records if _lane_of(r, self.lanes) == self.lane]

    @property
    def undelivered(self) -> Sequence[Record]:
        """The records from the position on."""
        return self.records[self.position :]

    def is_ready(self) -> bool:
        """Whether it has records that may be delivered now."""
        waiting = self.failures < MAX_FAILURES and self.position < len(self.records)
        return waiting and all(parent.is_finished() for parent in self.parents)

    def is_finished(self) -> bool:
        """Whether all records of the shard and its parents are delivered, and none will follow."""
        done = self.shard.closed and self.position >= len(self.records)
        return done and all(parent.is_finished() for parent in self.parents)


def _lane_of(record: Record, lanes: int) -> int:
    """Return the concurrent batch of a record; Lambda assigns it by the item's key."""
    keys = record["dynamodb"]["Keys"]
    return crc32(f"{keys['pk']['S']}{keys['sk']['S']}".encode()) % lanes
