"""The calculator: texts a second in, capacity units out. Standard library only.

A ballot is under 1 KB, so a text is one write unit; a changed vote or a redelivery costs
one more (the put whose condition failed) and a read. The fold writes once a batch, board
and stream shard, and a stream shard belongs to one partition of 1,000 write units.
AWS: "DynamoDB read and write operations" and "Burst and adaptive capacity".
"""

import math
from dataclasses import dataclass
from typing import Final, Self

from infra.config import Options

TARGET_PERCENT: Final = 70
"""Utilisation the auto-scaling aims at; the rate that was asked for sits exactly there."""

_UNITS_PER_TEXT: Final = 1.05
_UNITS_PER_PARTITION: Final = 1_000
_BATCHES_PER_SHARD_SECOND: Final = 5
_UNITS_PER_BOARD_READ: Final = 0.5
_HEADROOM: Final = 4
"""How far above the rate that was asked for the auto-scaling may go."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Provisioned:
    """Units a second: where the auto-scaling starts, and what it may not exceed."""

    least: int
    most: int

    @classmethod
    def around(cls, units_per_second: float) -> Self:
        """Capacity for a rate, with room for it to be wrong."""
        least = max(1, math.ceil(units_per_second * 100 / TARGET_PERCENT))
        return cls(least=least, most=least * _HEADROOM)


@dataclass(frozen=True, slots=True, kw_only=True)
class TableCapacity:
    """Of one table: provisioned both ways, or on demand with or without a ceiling."""

    reads: Provisioned | None = None
    writes: Provisioned | None = None
    most_writes_per_second: int | None = None
    warm_writes_per_second: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Capacity:
    """Of both tables."""

    votes: TableCapacity
    aggregates: TableCapacity

    @classmethod
    def of(cls, options: Options) -> Self:
        """What the options ask for; a new on-demand table takes 4,000 writes/s at once."""
        if (texts := options.expected_texts_per_second) is None:
            votes = TableCapacity(
                most_writes_per_second=options.max_writes_per_second,
                warm_writes_per_second=options.warm_writes_per_second,
            )
            return cls(votes=votes, aggregates=TableCapacity())
        write_units = texts * _UNITS_PER_TEXT
        shards = math.ceil(write_units / _UNITS_PER_PARTITION)
        board_reads = options.expected_viewers * _UNITS_PER_BOARD_READ
        return cls(
            votes=TableCapacity(
                reads=Provisioned.around(write_units - texts),
                writes=Provisioned.around(write_units),
                warm_writes_per_second=options.warm_writes_per_second,
            ),
            aggregates=TableCapacity(
                reads=Provisioned.around(board_reads + shards),
                writes=Provisioned.around(shards * _BATCHES_PER_SHARD_SECOND),
            ),
        )
