"""The stand-in for DynamoDB's throttling: what a partition takes, and which keys share one."""

from collections import Counter
from itertools import pairwise

import pytest

from services.tools.lab.token_bucket import (
    BURST_SECONDS,
    PARTITION_WRITES_PER_SECOND,
    PARTITIONS,
    Throttle,
    partition_of,
    write_units,
)
from services.voting import schema

SHARDS = (1, 2, 5, 10, 20)


class Clock:
    """A clock that a test sets forward."""

    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        """Seconds."""
        return self.now


@pytest.fixture
def clock() -> Clock:
    """Stands still until it is set forward."""
    return Clock()


def admitted(throttle: Throttle, key: str, writes: int) -> int:
    """How many of so many writes at once get through."""
    return sum(throttle.admit(key)[1] for _ in range(writes))


def stored_of(
    throttle: Throttle, clock: Clock, keys: list[str], *, rate: int, seconds: int
) -> float:
    """The share that is stored of `rate` writes/s, dealt to the keys in turn."""
    stored = 0
    for write in range(rate * seconds):
        clock.now += 1 / rate
        stored += throttle.admit(keys[write % len(keys)])[1]
    return stored / (rate * seconds)


@pytest.mark.parametrize(
    ("size", "units"), [(0, 1), (1, 1), (1024, 1), (1025, 2), (4096, 4), (400 * 1024, 400)]
)
def test_a_write_costs_a_unit_for_each_kilobyte_begun(size: int, units: int) -> None:
    """DynamoDB, "Provisioned capacity mode": rounded up."""
    assert write_units(size) == units


def test_a_partition_takes_its_share_of_the_table_and_no_more(clock: Clock) -> None:
    """A tenth of 240 writes/s, second after second."""
    throttle = Throttle(240, clock=clock)
    admitted(throttle, "k", 24)  # the first second's worth

    assert stored_of(throttle, clock, ["k"], rate=60, seconds=100) == pytest.approx(0.4, abs=0.001)


def test_no_partition_takes_more_than_1000_writes_a_second(clock: Clock) -> None:
    """However much the table is given."""
    throttle = Throttle(100_000, clock=clock)

    assert throttle.partition_rate == PARTITION_WRITES_PER_SECOND
    assert admitted(throttle, "k", 5_000) == PARTITION_WRITES_PER_SECOND


def test_unused_capacity_is_saved_for_300_seconds_and_no_longer(clock: Clock) -> None:
    """The burst, and its end."""
    throttle = Throttle(240, clock=clock)
    clock.now += 10 * BURST_SECONDS

    assert admitted(throttle, "k", 24 * BURST_SECONDS + 100) == 24 * BURST_SECONDS
    assert admitted(throttle, "k", 10) == 0


def test_a_new_table_has_saved_nothing(clock: Clock) -> None:
    """What a partition has at first is one second's worth."""
    throttle = Throttle(240, clock=clock)

    assert admitted(throttle, "k", 100) == 24


def test_forgetting_the_savings_begins_anew(clock: Clock) -> None:
    """So that what one compares begins alike."""
    throttle = Throttle(240, clock=clock)
    clock.now += 60
    throttle.reset_buckets()

    assert throttle.saved() == [24.0] * PARTITIONS


def test_another_capacity_holds_from_then_on_and_keeps_what_was_saved(clock: Clock) -> None:
    """Time before the change is filled at the old rate; more than 300 s is not kept."""
    throttle = Throttle(240, clock=clock)
    clock.now += 10
    throttle.provision(10)

    assert throttle.saved()[0] == 24 + 240
    clock.now += 10
    assert throttle.saved()[0] == 24 + 240 + 10
    throttle.provision(1)
    assert throttle.saved()[0] == pytest.approx(30)


def test_a_large_write_takes_all_its_units_or_none(clock: Clock) -> None:
    """One that does not fit leaves the bucket as it was."""
    throttle = Throttle(240, clock=clock)

    assert not throttle.admit("k", 25)[1]
    assert throttle.admit("k", 24)[1]


def test_a_clock_that_stands_still_gives_nothing(clock: Clock) -> None:
    """Nothing is filled twice for the same moment."""
    throttle = Throttle(100, clock=clock)
    admitted(throttle, "k", 10)

    assert admitted(throttle, "k", 10) == 0


def test_keys_fall_evenly_on_partitions_and_always_on_the_same() -> None:
    """Equal ranges of the hash; a constant of the model, so that runs can be compared."""
    fall = Counter(partition_of(f"key-{n}") for n in range(20_000))

    assert set(fall) == set(range(PARTITIONS))
    assert max(fall.values()) < 1.1 * 20_000 / PARTITIONS
    assert partition_of("lab:1#0") == partition_of("lab:1#0")


def test_one_partition_s_writes_leave_the_others_alone(clock: Clock) -> None:
    """A hot key throttles those that share its partition, nobody else."""
    throttle = Throttle(240, clock=clock)
    hot = "hot"
    other = next(k for k in map(str, range(100)) if partition_of(k) != partition_of(hot))
    sharing = next(k for k in map(str, range(100)) if partition_of(k) == partition_of(hot))
    admitted(throttle, hot, 1_000)

    assert admitted(throttle, other, 24) == 24
    assert admitted(throttle, sharing, 24) == 0


def test_more_shards_make_the_hot_partition_disappear(clock: Clock) -> None:
    """60 votes/s into a table for 240: one shard stores 40%, ten store all of them."""
    shares = []
    for number, shards in enumerate(SHARDS, 1):
        throttle = Throttle(240, clock=clock)
        keys = [schema.ballot_pk("lab", number, shard) for shard in range(shards)]
        shares.append(stored_of(throttle, clock, keys, rate=60, seconds=60))

    assert shares[0] == pytest.approx(0.4, abs=0.01)
    assert shares[1] == pytest.approx(0.8, abs=0.02)
    assert shares[2:] == [1.0, 1.0, 1.0]
    assert all(few <= more for few, more in pairwise(shares))
