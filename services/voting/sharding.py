"""Write sharding: which partition key a ballot goes under, and all of them.

The two functions stand together so that who writes and who reads cannot drift apart.
Imports the standard library only.
"""

from hashlib import sha256

DEFAULT_SHARDS = 10
"""As in the 2015 VoteApp."""

MAX_SHARDS = 1000


def shard_of(voter: str, shards: int) -> int:
    """The shard, 0 to `shards - 1`, that holds every ballot of one voter in a round.

    One partition key takes 1,000 writes/s (DynamoDB, "Designing partition keys to
    distribute your workload"), so N keys take N * 1,000: 10 for an ordinary evening, 128
    for television. The shard is calculated, not drawn ("write sharding using calculated
    suffixes"): one phone always meets its own ballot, so a conditional write enforces one
    vote per phone. It is fixed for a round: with another count the same voter would land
    elsewhere and could vote twice.
    """
    return int.from_bytes(sha256(voter.encode()).digest()[:8]) % shards


def all_shards(shards: int) -> range:
    """Every value that `shard_of` can return: all ballots of a round, in so many queries."""
    return range(shards)
