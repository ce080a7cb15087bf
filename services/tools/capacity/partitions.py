"""A model of the votes table: where a hash places the partition keys, and what splits change.

DynamoDB's hash is not public. The model places the real keys of polls by MD5, as the paper
"Dynamo" does, for many tables with other polls, and counts how many keys the fullest partition
gets. Voters are spread evenly over the keys, so that partition is the first at its limit.
"""

from bisect import bisect_left
from collections import Counter
from collections.abc import Sequence
from functools import cache
from hashlib import md5
from itertools import accumulate, pairwise
from typing import Final, NamedTuple

from services.tools.capacity.limits import PARTITION_WRITES
from services.voting.schema import ballot_pk

TABLES: Final = 200
_HASH_BITS: Final = 32
_HASHES: Final = 1 << _HASH_BITS


class WriteRates(NamedTuple):
    """Writes a second that placements take: the median, and 95 % take at least this."""

    median: int
    nearly_always: int


@cache
def key_hashes(polls: int, shards: int) -> Sequence[Sequence[int]]:
    """The sorted hashes of all keys in the first round of so many polls, for each table."""
    return [
        sorted(
            _hash(ballot_pk(f"t{table}-{poll}", 1, shard))
            for poll in range(polls)
            for shard in range(shards)
        )
        for table in range(TABLES)
    ]


def _hash(key: str) -> int:
    digest = md5(key.encode(), usedforsecurity=False).digest()
    return int.from_bytes(digest[: _HASH_BITS // 8])


@cache
def write_rates(
    *, shards: int, partitions: int, polls: int = 1, throttled: float = 0.0
) -> WriteRates:
    """Place the keys of each table on its partitions, which have equal ranges of hashes.

    `throttled` is the share of the writes that may be throttled at these rates.
    """
    rates = sorted(
        _rate(Counter(key * partitions >> _HASH_BITS for key in keys), throttled)
        for keys in key_hashes(polls, shards)
    )
    return WriteRates(round(rates[TABLES // 2]), round(rates[TABLES // 20]))


def _rate(loads: Counter[int], throttled: float) -> float:
    """The highest rate of which partitions with so many keys throttle no more than a share.

    The n fullest partitions get a part of all writes and take n times the limit of one. What is
    above that is throttled, so the rate is the lowest that any n allows.
    """
    parts = accumulate(keys / loads.total() for _, keys in loads.most_common())
    return min(
        n * PARTITION_WRITES / (part - throttled)
        for n, part in enumerate(parts, 1)
        if part > throttled
    )


def throttled_shares(
    writes_per_second: float, *, shards: int, partitions: int, splits: int
) -> list[float]:
    """The share of the writes that the median table throttles: at first, and after each split."""
    ranges = [[_HASHES * one // partitions for one in range(partitions + 1)]] * TABLES
    tables = [*zip(key_hashes(1, shards), ranges, strict=True)]
    shares = []
    for _ in range(splits + 1):
        shares.append(
            sorted(_throttled(writes_per_second, *table) for table in tables)[TABLES // 2]
        )
        tables = [(keys, split_hot(writes_per_second, keys, bounds)) for keys, bounds in tables]
    return shares


def split_hot(writes_per_second: float, keys: Sequence[int], bounds: Sequence[int]) -> list[int]:
    """Halve the range of each partition that gets more than it takes and has several keys."""
    found = [bounds[0]]
    for (low, high), load in zip(pairwise(bounds), _loads(keys, bounds), strict=True):
        is_hot = load * writes_per_second / len(keys) > PARTITION_WRITES
        found += [(low + high) // 2, high] if is_hot and load > 1 else [high]
    return found


def _throttled(writes_per_second: float, keys: Sequence[int], bounds: Sequence[int]) -> float:
    """The share of the writes above the limits of their partitions."""
    each = writes_per_second / len(keys)
    above = sum(max(0.0, load * each - PARTITION_WRITES) for load in _loads(keys, bounds))
    return above / writes_per_second


def _loads(keys: Sequence[int], bounds: Sequence[int]) -> list[int]:
    """The number of keys of each partition."""
    places = [bisect_left(keys, bound) for bound in bounds]
    return [after - before for before, after in pairwise(places)]
