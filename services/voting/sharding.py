"""Write sharding: the shard of a voter's ballots, and all shards of a round.

Both functions are in one file so that writer and reader agree.
"""

from hashlib import sha256

DEFAULT_SHARDS = 10
"""The number of the 2015 VoteApp."""

MAX_SHARDS = 1000


def shard_of(voter: str, shards: int) -> int:
    """The shard, 0 to `shards - 1`, of all ballots of one voter in a round.

    One partition key takes 1,000 writes/s (DynamoDB, "Designing partition keys to distribute
    your workload"), so N keys take N * 1,000: 10 for an ordinary event, 128 for television.
    The shard is calculated, not random ("write sharding using calculated suffixes"): a voter
    always has the same key, so a conditional write enforces one vote per phone. The number of
    shards is fixed for a round: with another number, a voter could get another key and vote
    twice.
    """
    return int.from_bytes(sha256(voter.encode()).digest()[:8]) % shards


def all_shards(shards: int) -> range:
    """All values that `shard_of` can return; one query per shard reads all ballots of a round."""
    return range(shards)
