"""A model of how DynamoDB throttles writes: one token bucket for each partition.

The model and its sources:

- A table has partitions, each with an equal range of the keys' hashes (DynamoDB Developer
  Guide, "Partitions and data distribution"). DynamoDB's hash is not public; the model uses
  MD5, as the paper "Dynamo" does (SOSP 2007).
- A partition admits at most 1,000 writes/s ("Designing partition keys to distribute your
  workload").
- A provisioned table's rate is spread evenly over its partitions, and each saves unused
  capacity for up to 300 s ("Burst and adaptive capacity"; "Amazon DynamoDB", USENIX ATC
  2022, section 4).

Not modelled: adaptive capacity, which gives a hot partition the unused capacity of others up
to 1,000 writes/s, and the split of hot partitions, which takes minutes. So the limit of a
partition is the same as DynamoDB's, scaled down so that a laptop can reach it.
"""

from collections.abc import Callable
from hashlib import md5
from math import ceil
from typing import Final

PARTITION_WRITES_PER_SECOND: Final = 1_000
BURST_SECONDS: Final = 300
WRITE_UNIT_BYTES: Final = 1_024
PARTITIONS: Final = 10
"""A table for 10,000 writes/s has this many partitions, and a poll has this many shards by
default. Ten keys use only six or seven of the ten partitions, and the fullest has two or three
of them; in DynamoDB, too."""

_HASH_BITS: Final = 128


def partition_of(key: str, partitions: int = PARTITIONS) -> int:
    """Return the partition of a partition key, 0 to `partitions - 1`, by its hash."""
    digest = md5(key.encode(), usedforsecurity=False).digest()
    return int.from_bytes(digest) * partitions >> _HASH_BITS


def write_units(item_bytes: int) -> int:
    """Return the cost of a write: one unit for each KB or part of it, at least one."""
    return max(1, ceil(item_bytes / WRITE_UNIT_BYTES))


class TokenBucket:
    """The capacity of one partition, in write units; it fills by `rate` units a second.

    It holds at most `BURST_SECONDS` times its rate, and starts with one second's worth, because
    a new partition has no saved burst capacity.
    """

    def __init__(self, rate: float, now: float) -> None:
        self.rate = rate
        self._units = rate
        self._filled_at = now

    def saved(self, now: float) -> float:
        """Return the available units."""
        return min(
            self.rate * BURST_SECONDS, self._units + self.rate * max(0, now - self._filled_at)
        )

    def take(self, units: float, now: float) -> bool:
        """Take units if enough are available; return False for a throttled write."""
        available = self.saved(now)
        admitted = units <= available
        self._units, self._filled_at = available - units * admitted, now
        return admitted

    def change_rate(self, rate: float, now: float) -> None:
        """Change the fill rate; saved units are kept up to the new maximum."""
        self._units, self._filled_at = self.saved(now), now
        self.rate = rate


class Throttle:
    """The token buckets of a table's partitions. `clock` returns monotonic seconds."""

    def __init__(
        self, write_capacity: float, *, clock: Callable[[], float], partitions: int = PARTITIONS
    ) -> None:
        self._clock = clock
        self._capacity = write_capacity
        self._count = partitions
        self.buckets = self._new_buckets()

    @property
    def partition_rate(self) -> float:
        """Writes a second of one partition: its share of the table's capacity, at most 1,000."""
        return min(PARTITION_WRITES_PER_SECOND, self._capacity / self._count)

    def admit(self, key: str, units: int = 1) -> tuple[int, bool]:
        """Admit or throttle a write to a partition key; return its partition, and if admitted."""
        partition = partition_of(key, self._count)
        return partition, self.buckets[partition].take(units, self._clock())

    def provision(self, write_capacity: float) -> None:
        """Change the table's write capacity, as UpdateTable does."""
        self._capacity = write_capacity
        now = self._clock()
        for bucket in self.buckets:
            bucket.change_rate(self.partition_rate, now)

    def reset_buckets(self) -> None:
        """Reset all buckets to those of a new table."""
        self.buckets = self._new_buckets()

    def saved(self) -> list[float]:
        """Return the available units of each partition."""
        now = self._clock()
        return [bucket.saved(now) for bucket in self.buckets]

    def _new_buckets(self) -> list[TokenBucket]:
        now = self._clock()
        return [TokenBucket(self.partition_rate, now) for _ in range(self._count)]
