"""Counts the stream records of a round that are not folded yet and can still be delivered.

Reads every shard of the stream to its end. An empty answer does not mean the end of a shard
(DynamoDB Streams, "GetRecords"), so it takes several in a row.
"""

import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from services.adapters.dynamodb.stream_shards import stream_shards
from services.voting import schema
from services.voting.audit import Watermarks
from services.voting.poll import Round
from services.voting.tally import pad_sequence

MAX_EMPTY_ANSWERS: Final = 5
"""Consecutive empty answers that mean the end of an open shard."""
BETWEEN_SECONDS: Final = 0.3


@dataclass(frozen=True, slots=True, kw_only=True)
class UnfoldedRecords:
    """Reads the stream of one table with boto3 clients of DynamoDB and DynamoDB Streams."""

    dynamodb: Any
    streams: Any
    table: str
    sleep: Callable[[float], None] = field(default=time.sleep)

    def count(self, round: Round, watermarks: Watermarks) -> int:
        """Count the records of a round above the watermarks of their stream shards."""
        arn = self.dynamodb.describe_table(TableName=self.table)["Table"].get("LatestStreamArn")
        if not arn:
            return 0
        label = arn.rpartition("/stream/")[2]
        shards = list(stream_shards(self.streams, arn))
        return sum(
            self._count_above(
                arn, shard, round, _shard_watermarks(watermarks, label, shard, shards)
            )
            for shard in shards
        )

    def _count_above(
        self, arn: str, shard: str, round: Round, watermarks: Mapping[str, str]
    ) -> int:
        unfolded = 0
        for record in self._records(arn, shard):
            image = record["dynamodb"].get("NewImage") or record["dynamodb"].get("OldImage") or {}
            board, number = (
                image.get(schema.BOARD, {}).get("S"),
                image.get(schema.ROUND, {}).get("N"),
            )
            if board in schema.boards_of(round.poll.id) and number == str(round.number):
                sequence = pad_sequence(record["dynamodb"]["SequenceNumber"])
                unfolded += sequence > watermarks.get(board, "")
        return unfolded

    def _records(self, arn: str, shard: str) -> Iterator[dict[str, Any]]:
        iterator = self.streams.get_shard_iterator(
            StreamArn=arn, ShardId=shard, ShardIteratorType="TRIM_HORIZON"
        )["ShardIterator"]
        empty = 0
        while iterator and empty < MAX_EMPTY_ANSWERS:
            answer = self.streams.get_records(ShardIterator=iterator)
            iterator = answer.get("NextShardIterator")
            yield from answer["Records"]
            empty = 0 if answer["Records"] else empty + 1
            if empty and iterator:
                self.sleep(BETWEEN_SECONDS)


def _shard_watermarks(
    watermarks: Watermarks, label: str, shard: str, shards: list[str]
) -> Mapping[str, str]:
    """Return the watermarks of a stream shard by board.

    An emulator's events carry no shard id; if it has a single shard, the only row is of that one.
    """
    by_board = {}
    for board, rows in watermarks.items():
        of_stream = {shard_id: wm for (name, shard_id), wm in rows.items() if name == label}
        if shard in of_stream:
            by_board[board] = of_stream[shard]
        elif len(shards) == len(of_stream) == 1:
            by_board[board] = next(iter(of_stream.values()))
    return by_board
