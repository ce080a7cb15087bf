"""Write sharding."""

from collections import Counter
from hashlib import sha256

from hypothesis import given
from hypothesis import strategies as st

from services.voting.sharding import all_shards, shard_of


@given(st.text(), st.integers(1, 1000))
def test_every_voter_has_a_shard_that_the_reader_lists(voter: str, shards: int) -> None:
    """The recount reads every shard that the writer can choose."""
    assert shard_of(voter, shards) in all_shards(shards)
    assert shard_of(voter, shards) == shard_of(voter, shards)


def test_the_shard_of_a_voter_never_changes() -> None:
    """With another function, everybody could vote again after a deploy."""
    voters = ("", "0" * 32, "f" * 32, "a voter")

    assert [shard_of(voter, 10) for voter in voters] == [2, 8, 8, 6]
    assert [shard_of(voter, 128) for voter in voters] == [20, 52, 112, 70]


def test_shards_are_even() -> None:
    """Of 100,000 voters no shard of ten holds 3% more or fewer than its share."""
    voters = (sha256(str(n).encode()).hexdigest()[:32] for n in range(100_000))

    held = Counter(shard_of(voter, 10) for voter in voters)

    assert len(held) == 10
    assert all(9_700 < count < 10_300 for count in held.values())
