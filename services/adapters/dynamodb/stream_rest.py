"""What is left of the stream of ballots: whether records of a round can still be delivered.

Reads every shard that the stream still lists to its end (DynamoDB Streams, "GetRecords": an
empty answer does not mean that a shard has ended, so several in a row are asked for).
"""

import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from services.voting import schema
from services.voting.audit import Watermarks
from services.voting.poll import Round
from services.voting.tally import pad_sequence

EMPTY_ANSWERS: Final = 5
"""In a row, after which an open shard is taken to be read to its end."""
BETWEEN_SECONDS: Final = 0.3


@dataclass(frozen=True, slots=True, kw_only=True)
class StreamRest:
    """Reads the stream of one table. Both clients are boto3 clients."""

    dynamodb: Any
    streams: Any
    table: str
    sleep: Callable[[float], None] = field(default=time.sleep)

    def unfolded(self, round: Round, watermarks: Watermarks) -> int:
        """How many records of a round lie beyond the watermarks of their stream shards."""
        arn = self.dynamodb.describe_table(TableName=self.table)["Table"].get("LatestStreamArn")
        if not arn:
            return 0
        label = arn.rpartition("/stream/")[2]
        shards = list(self._shards(arn))
        return sum(
            self._beyond(arn, shard, round, _folded_up_to(watermarks, label, shard, shards))
            for shard in shards
        )

    def _shards(self, arn: str) -> Iterator[str]:
        more: dict[str, str] = {}
        while True:
            found = self.streams.describe_stream(StreamArn=arn, **more)["StreamDescription"]
            yield from (shard["ShardId"] for shard in found["Shards"])
            if not (last := found.get("LastEvaluatedShardId")):
                return
            more = {"ExclusiveStartShardId": last}

    def _beyond(self, arn: str, shard: str, round: Round, folded: Mapping[str, str]) -> int:
        waiting = 0
        for record in self._records(arn, shard):
            image = record["dynamodb"].get("NewImage") or record["dynamodb"].get("OldImage") or {}
            board, number = image.get("board", {}).get("S"), image.get("round", {}).get("N")
            if board in schema.boards_of(round.poll.id) and number == str(round.number):
                sequence = pad_sequence(record["dynamodb"]["SequenceNumber"])
                waiting += sequence > folded.get(board, "")
        return waiting

    def _records(self, arn: str, shard: str) -> Iterator[dict[str, Any]]:
        iterator = self.streams.get_shard_iterator(
            StreamArn=arn, ShardId=shard, ShardIteratorType="TRIM_HORIZON"
        )["ShardIterator"]
        empty = 0
        while iterator and empty < EMPTY_ANSWERS:
            answer = self.streams.get_records(ShardIterator=iterator)
            iterator = answer.get("NextShardIterator")
            yield from answer["Records"]
            empty = 0 if answer["Records"] else empty + 1
            if empty and iterator:
                self.sleep(BETWEEN_SECONDS)


def _folded_up_to(
    watermarks: Watermarks, label: str, shard: str, shards: list[str]
) -> Mapping[str, str]:
    """By board, how far a stream shard is folded.

    An emulator's events name no shard; where it has a single one, its only row is meant.
    """
    found = {}
    for board, rows in watermarks.items():
        of_stream = {shard_id: wm for (name, shard_id), wm in rows.items() if name == label}
        if shard in of_stream:
            found[board] = of_stream[shard]
        elif len(shards) == len(of_stream) == 1:
            found[board] = next(iter(of_stream.values()))
    return found
