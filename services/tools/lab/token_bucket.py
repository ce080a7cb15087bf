"""How DynamoDB admits writes, in miniature: one token bucket a partition. Pure.

The model, and where it is from:

- A table lies on partitions, each an equal range of the keys' hashes (DynamoDB Developer
  Guide, "Partitions and data distribution"). The hash is the service's own; MD5 stands in
  for it, as in the paper "Dynamo" (SOSP 2007).
- A partition takes at most 1,000 writes/s ("Designing partition keys to distribute your
  workload").
- A provisioned table's rate is spread evenly over its partitions, and each keeps what it
  did not use for up to 300 s ("Burst and adaptive capacity"; "Amazon DynamoDB", USENIX ATC
  2022, section 4).

Left out: adaptive capacity, which lends a hot partition what the others do not use, never
more than those 1,000 writes/s, and the splitting of hot partitions, which takes minutes. So
the rate of one partition here is the wall that it has there, moved to where a laptop can
reach it.
"""

from collections.abc import Callable
from dataclasses import dataclass
from hashlib import md5
from math import ceil
from typing import Final

PARTITION_WRITES_PER_SECOND: Final = 1_000
BURST_SECONDS: Final = 300
WRITE_UNIT_BYTES: Final = 1_024
PARTITIONS: Final = 10
"""As many as a table has that takes 10,000 writes/s, and as many as a poll has shards unless
it says otherwise. Ten keys do not fall on ten partitions one each, though: about six or seven
get some, the fullest two or three. That is so in an account, too."""

_HASH_BITS: Final = 128


def partition_of(key: str, partitions: int = PARTITIONS) -> int:
    """The partition, 0 to `partitions - 1`, whose range of hashes a partition key falls in."""
    digest = md5(key.encode(), usedforsecurity=False).digest()
    return int.from_bytes(digest) * partitions >> _HASH_BITS


def write_units(item_bytes: int) -> int:
    """What a write costs: one unit for each KB begun, at least one."""
    return max(1, ceil(item_bytes / WRITE_UNIT_BYTES))


class Bucket:
    """The capacity of one partition, in write units; filled at `rate` a second.

    Holds at most `BURST_SECONDS` of its rate. Begins with one second's worth: a partition
    that is new has saved nothing.
    """

    def __init__(self, rate: float, now: float) -> None:
        self.rate = rate
        self._units = rate
        self._filled_at = now

    def saved(self, now: float) -> float:
        """The units that are there."""
        return min(
            self.rate * BURST_SECONDS, self._units + self.rate * max(0, now - self._filled_at)
        )

    def take(self, units: float, now: float) -> bool:
        """Take units if so many are there; else none, and the write is throttled."""
        there = self.saved(now)
        admitted = units <= there
        self._units, self._filled_at = there - units * admitted, now
        return admitted

    def change_rate(self, rate: float, now: float) -> None:
        """Fill at another rate from now on; of what was saved, what it may hold is kept."""
        self._units, self._filled_at = self.saved(now), now
        self.rate = rate


@dataclass(frozen=True, slots=True)
class Verdict:
    """Which partition a write was for, and whether it may go on."""

    partition: int
    admitted: bool


class Throttle:
    """A table's partitions. `clock` gives seconds and is never set back."""

    def __init__(
        self, write_capacity: float, *, clock: Callable[[], float], partitions: int = PARTITIONS
    ) -> None:
        self._clock = clock
        self._capacity = write_capacity
        self._count = partitions
        self.buckets = self._new_buckets()

    @property
    def partition_rate(self) -> float:
        """Writes a second of one partition: its share of the table's, at most 1,000."""
        return min(PARTITION_WRITES_PER_SECOND, self._capacity / self._count)

    def admit(self, key: str, units: int = 1) -> Verdict:
        """Let a write to a partition key pass, or throttle it."""
        partition = partition_of(key, self._count)
        return Verdict(partition, self.buckets[partition].take(units, self._clock()))

    def provision(self, write_capacity: float) -> None:
        """Give the table another rate, as an UpdateTable does."""
        self._capacity = write_capacity
        now = self._clock()
        for bucket in self.buckets:
            bucket.change_rate(self.partition_rate, now)

    def forget_savings(self) -> None:
        """Begin again as a new table: nothing saved."""
        self.buckets = self._new_buckets()

    def saved(self) -> list[float]:
        """The units that each partition has."""
        now = self._clock()
        return [bucket.saved(now) for bucket in self.buckets]

    def _new_buckets(self) -> list[Bucket]:
        now = self._clock()
        return [Bucket(self.partition_rate, now) for _ in range(self._count)]
