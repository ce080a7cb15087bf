"""Simulates how many writes a second the keys of a round get on a new on-demand table.

Such a table has about four partitions of 1,000 writes/s each (AWS: "Initial throughput for
on-demand capacity mode" is 4,000 write units). A hash puts each key on one of them, and with
ballots spread evenly over the keys, the partition with the most keys is the first at its limit.

    python -m tests.bench.new_table
"""

import random
import statistics
from typing import Final, NamedTuple

PARTITIONS: Final = 4
PARTITION_WRITES: Final = 1_000
KEYS: Final = (4, 10, 32, 128, 256)
_TRIES: Final = 10_000


class WriteRates(NamedTuple):
    """Writes a second before any partition throttles: the median, and 95 % get at least this."""

    median: int
    nearly_always: int


def simulate(keys: int) -> WriteRates:
    """Place the keys at random many times."""
    draw = random.Random(keys)  # noqa: S311 - a simulation
    rates = sorted(_rate(draw, keys) for _ in range(_TRIES))
    return WriteRates(round(statistics.median(rates)), round(rates[_TRIES // 20]))


def _rate(draw: random.Random, keys: int) -> float:
    counts = [0] * PARTITIONS
    for _ in range(keys):
        counts[draw.randrange(PARTITIONS)] += 1
    return PARTITION_WRITES * keys / max(counts)


def lines() -> list[str]:
    """The table in docs/sharding.md."""
    found = ((keys, simulate(keys)) for keys in KEYS)
    return [
        "| shards | median | nearly always (95 %) |",
        "|---:|---:|---:|",
        *(f"| {keys} | {one.median:,} | {one.nearly_always:,} |" for keys, one in found),
    ]


if __name__ == "__main__":
    print("\n".join(lines()))
