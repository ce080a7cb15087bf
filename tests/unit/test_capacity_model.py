"""The model of the votes table's partitions, and the size of a board."""

from itertools import pairwise

import pytest

from services.tools.capacity import limits
from services.tools.capacity.board import BoardSize
from services.tools.capacity.partitions import split_hot, throttled_shares, write_rates
from services.tools.cost.usage import Event


def test_one_key_gets_one_partition() -> None:
    """Whichever it is, of however many."""
    assert write_rates(shards=1, partitions=1) == (1_000, 1_000)
    assert write_rates(shards=1, partitions=50) == (1_000, 1_000)


def test_on_one_partition_every_number_of_keys_gets_the_same() -> None:
    """More keys do not make it larger."""
    assert write_rates(shards=128, partitions=1) == (1_000, 1_000)


@pytest.mark.parametrize(
    ("shards", "expected"), [(4, (2_000, 1_333)), (10, (2_500, 1_667)), (32, (2_909, 2_286))]
)
def test_a_hash_places_keys_unevenly(shards: int, expected: tuple[int, int]) -> None:
    """The fullest of four partitions has 2, 4 and 11 keys in the median, and 3, 6 and 14 rarely."""
    assert write_rates(shards=shards, partitions=4) == expected


@pytest.mark.parametrize("throttled", [0.01, 0.05, 0.3])
def test_a_rate_that_may_throttle_throttles_no_more_than_that(throttled: float) -> None:
    """In the median table, as the model of throttling has it; and hardly less."""
    rate = write_rates(shards=32, partitions=8, throttled=throttled).median
    (share,) = throttled_shares(rate, shards=32, partitions=8, splits=0)

    assert rate > write_rates(shards=32, partitions=8).median
    assert share == pytest.approx(throttled, rel=0.15)


def test_more_keys_come_nearer_to_what_the_table_takes() -> None:
    """But never above it."""
    rates = [write_rates(shards=n, partitions=8).nearly_always for n in (8, 32, 128, 512)]

    assert all(fewer < more for fewer, more in pairwise(rates))
    assert rates[-1] < 8_000


def test_several_polls_spread_over_the_table_like_one_with_as_many_keys() -> None:
    """Each has keys of its own."""
    one, four = (write_rates(shards=40 // polls, partitions=8, polls=polls) for polls in (1, 4))

    assert abs(one.median - four.median) < 0.15 * one.median
    assert four.median > 1.5 * write_rates(shards=10, partitions=8).median


def test_a_hot_partition_is_halved_and_the_others_stay() -> None:
    """Of the keys at 1, 3, 6 and 7, three are in the second range."""
    assert split_hot(2_000, [1, 5, 6, 7], [0, 4, 8]) == [0, 4, 6, 8]
    assert split_hot(1_000, [1, 5, 6, 7], [0, 4, 8]) == [0, 4, 8]


def test_a_partition_with_one_key_is_not_split() -> None:
    """The key would stay on one of the halves."""
    assert split_hot(5_000, [5], [0, 4, 8]) == [0, 4, 8]
    assert throttled_shares(4_000, shards=1, partitions=4, splits=2) == [0.75, 0.75, 0.75]


def test_splits_spread_the_keys_of_a_rush() -> None:
    """Each split throttles less, until nothing is throttled."""
    shares = throttled_shares(7_000, shards=128, partitions=4, splits=3)

    assert shares[0] == pytest.approx(3_000 / 7_000, abs=0.02)
    assert all(after < before for before, after in pairwise(shares[:3]))
    assert shares[-1] == 0


def test_write_units_are_those_of_the_bill() -> None:
    """The plan and the estimate of the cost count the same writes."""
    event = Event(voters=100_000, minutes=30, viewers=0)

    assert limits.write_units(event.texts) == event.vote_writes == 140_000


@pytest.mark.parametrize(("writes", "partitions"), [(0, 4), (4_000, 4), (4_001, 5), (40_000, 40)])
def test_a_new_table_has_four_partitions(writes: int, partitions: int) -> None:
    """And a warmed one as many as it needs."""
    assert limits.partitions_for(writes) == partitions


@pytest.mark.parametrize(
    ("size_bytes", "units", "viewers"),
    [(1, 0.5, 6_000), (4_096, 0.5, 6_000), (4_097, 1.0, 3_000), (45_000, 5.5, 545)],
)
def test_viewers_are_what_one_partition_serves(size_bytes: int, units: float, viewers: int) -> None:
    """Half a unit for each started 4 KB, of 3,000 a second."""
    assert limits.read_units(size_bytes) == units
    assert limits.board_viewers(size_bytes) == viewers


@pytest.mark.parametrize(
    ("days", "rows"), [(0.02, 4), (0.5, 16), (2, 52), (4, 100), (30, 100), (3_650, 100)]
)
def test_a_board_grows_for_four_days(days: float, rows: int) -> None:
    """One row a partition at the beginning, one more every four hours; older ones are merged."""
    board = BoardSize(partitions=4, days=days)

    assert board.rows == rows
    assert board.size_bytes == 1_000 + 360 * rows
