"""Lists the shards of a table's stream."""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from services.voting.merging import LiveShards

if TYPE_CHECKING:
    from mypy_boto3_dynamodbstreams import DynamoDBStreamsClient


class NoShardsError(Exception):
    """A stream lists no shard, although an enabled one has at least one open shard."""


def stream_shards(streams: "DynamoDBStreamsClient", arn: str) -> Iterator[str]:
    """Yield the ids of all shards of a stream that have records which are not trimmed, or may."""
    start: dict[str, Any] = {}
    while True:
        page = streams.describe_stream(StreamArn=arn, **start)["StreamDescription"]
        yield from (shard["ShardId"] for shard in page["Shards"])
        if not (last := page.get("LastEvaluatedShardId")):
            return
        start = {"ExclusiveStartShardId": last}


def live_shards(
    streams: "DynamoDBStreamsClient", arn: str, now_ms: int, *, also: str | None = None
) -> LiveShards:
    """Return the shards that may still deliver records: those that are listed, and `also`.

    Raises:
        NoShardsError: the stream lists none.
    """
    listed = frozenset(stream_shards(streams, arn))
    if not listed:
        raise NoShardsError(arn)
    named = listed | {also} if also else listed
    return LiveShards(label=arn.rpartition("/stream/")[2], listed=named, now_ms=now_ms)
