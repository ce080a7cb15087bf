"""What DynamoDB and the other services document about their capacity, each with its page.

Pure arithmetic without imports, because `infra` uses it, too.
"""

import math
from dataclasses import dataclass
from typing import Final

PARTITION_WRITES: Final = 1_000
PARTITION_READS: Final = 3_000
"""Units a second of one partition, and so of one partition key."""
NEW_TABLE_WRITES: Final = 4_000
NEW_TABLE_READS: Final = 12_000
"""Units a second that a new on-demand table takes at once."""
TABLE_QUOTA: Final = 40_000
"""Write units a second of an on-demand table, until AWS raises the quota."""
API_QUOTA: Final = 10_000
"""Requests a second of all APIs of an account, until AWS raises the quota."""
CONCURRENCY_QUOTA: Final = 1_000
"""Executions at a time of all functions of an account, until AWS raises the quota."""
READ_UNIT_BYTES: Final = 4_096
EVENTUAL_READ: Final = 0.5
"""Read units of an eventually consistent read, for each started 4 KB."""
TEXTS_PER_VOTER: Final = 1.2
"""The same assumption as in the estimate of the cost."""


@dataclass(frozen=True, slots=True)
class Assumption:
    """One statement that the model rests on, and the page that says it."""

    what: str
    source: str


def write_units(texts: float) -> int:
    """Write units of so many texts: 1 for a ballot, 2 for a changed vote, whose first put fails.

    "Provisioned capacity mode": a write takes a unit for each started KB, also if its condition
    fails. A ballot is under 1 KB.
    """
    changed = 1 - 1 / TEXTS_PER_VOTER
    return math.ceil(round(texts * (1 + changed), 6))


def partitions_for(writes_per_second: float) -> int:
    """Partitions of an on-demand table that takes so many write units a second at once."""
    return math.ceil(max(NEW_TABLE_WRITES, writes_per_second) / PARTITION_WRITES)


def board_viewers(board_bytes: int) -> int:
    """Viewers that can query one board of this size once a second, with eventual consistency."""
    return int(PARTITION_READS / read_units(board_bytes))


def read_units(board_bytes: int) -> float:
    """Read units of one query of a board."""
    return EVENTUAL_READ * max(1, math.ceil(board_bytes / READ_UNIT_BYTES))


AWS_SAYS: Final = (
    Assumption(
        f"One partition takes {PARTITION_WRITES:,} write units and {PARTITION_READS:,} read units "
        "a second, and a partition key is on one partition.",
        "DynamoDB, Designing partition keys to distribute your workload",
    ),
    Assumption(
        f"A new on-demand table takes {NEW_TABLE_WRITES:,} writes and {NEW_TABLE_READS:,} reads a "
        f"second at once, so the model gives it {NEW_TABLE_WRITES // PARTITION_WRITES} partitions; "
        "warm throughput of W writes a second gives it W / 1,000.",
        "DynamoDB, Understanding DynamoDB warm throughput in different scenarios",
    ),
    Assumption(
        "Above that a table takes twice its previous peak at once, and may throttle if it doubles "
        "again within 30 minutes. The model relies on warm throughput only.",
        "DynamoDB, Pre-warming a table for on-demand capacity mode",
    ),
    Assumption(
        "Up to 300 s of unused capacity are kept for bursts, but bursts are not guaranteed and do "
        "not help a partition that is at its limit. On demand, a partition's share is its limit: "
        "the model has no bursts.",
        "DynamoDB, Burst and adaptive capacity; AWS re:Post, How does DynamoDB handle spiky "
        "workloads in short intervals",
    ),
    Assumption(
        "A partition near its limit is split within minutes, and partitions are never merged. The "
        "model halves its range of hashes; a partition with one key stays as it is.",
        "AWS Database Blog, Scaling DynamoDB: How partitions, hot keys, and split for heat impact "
        "performance, parts 2 and 3",
    ),
    Assumption(
        f"A table takes at most {TABLE_QUOTA:,} write units a second until AWS raises the quota.",
        "DynamoDB, Quotas in Amazon DynamoDB",
    ),
    Assumption(
        "A query takes half a read unit for each started 4 KB of all rows that it reads.",
        "DynamoDB, DynamoDB read and write operations",
    ),
    Assumption(
        "A write takes a unit for each started KB, also if its condition fails.",
        "DynamoDB, DynamoDB read and write operations",
    ),
)
