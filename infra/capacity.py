"""Table capacity for an expected rate of texts.

A ballot is under 1 KB, so a text is one write unit; a changed vote or a redelivery costs one
more (the put whose condition failed) and a read. The aggregator writes once for each batch,
board and stream shard, and a stream shard belongs to one partition of 1,000 write units.
AWS: "DynamoDB read and write operations" and "Burst and adaptive capacity".
"""

import math
from dataclasses import dataclass
from typing import Final, Self

from infra.config import Options

TARGET_PERCENT: Final = 70
"""Target utilisation of auto-scaling; the expected rate uses exactly this share."""

_UNITS_PER_TEXT: Final = 1.05
_UNITS_PER_PARTITION: Final = 1_000
_BATCHES_PER_SHARD_SECOND: Final = 5
_UNITS_PER_BOARD_READ: Final = 0.5
_HEADROOM: Final = 4
"""Maximum capacity as a multiple of the minimum."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Provisioned:
    """Limits of auto-scaling, in capacity units per second."""

    minimum: int
    maximum: int

    @classmethod
    def for_rate(cls, units_per_second: float) -> Self:
        """Calculate the limits for an expected rate."""
        minimum = max(1, math.ceil(units_per_second * 100 / TARGET_PERCENT))
        return cls(minimum=minimum, maximum=minimum * _HEADROOM)


@dataclass(frozen=True, slots=True, kw_only=True)
class TableCapacity:
    """Capacity of one table: provisioned, or on demand with an optional ceiling."""

    reads: Provisioned | None = None
    writes: Provisioned | None = None
    max_reads_per_second: int | None = None
    max_writes_per_second: int | None = None
    warm_writes_per_second: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Capacity:
    """Capacity of the tables. Polls are read every two seconds a webhook: always on demand."""

    votes: TableCapacity
    aggregates: TableCapacity
    polls: TableCapacity = TableCapacity()

    @classmethod
    def of(cls, options: Options) -> Self:
        """Calculate the capacity; a new on-demand table takes 4,000 writes/s without warming."""
        if (texts := options.expected_texts_per_second) is None:
            votes = TableCapacity(
                max_writes_per_second=options.max_writes_per_second,
                warm_writes_per_second=options.warm_writes_per_second,
            )
            aggregates = TableCapacity(max_reads_per_second=options.max_reads_per_second)
            return cls(votes=votes, aggregates=aggregates)
        write_units = texts * _UNITS_PER_TEXT
        shards = math.ceil(write_units / _UNITS_PER_PARTITION)
        board_reads = options.expected_viewers * _UNITS_PER_BOARD_READ
        return cls(
            votes=TableCapacity(
                reads=Provisioned.for_rate(write_units - texts),
                writes=Provisioned.for_rate(write_units),
                warm_writes_per_second=options.warm_writes_per_second,
            ),
            aggregates=TableCapacity(
                reads=Provisioned.for_rate(board_reads + shards),
                writes=Provisioned.for_rate(shards * _BATCHES_PER_SHARD_SECOND),
            ),
        )
