"""A simulated DynamoDB stream: shards with parents, sequence numbers and labels.

Items are spread over table partitions by their whole key; a stream shard belongs to one
partition at a time. Records are in order within a shard, and a child shard begins where its
parent has ended; there is no other order (DynamoDB Streams, "Change data capture").
"""

import random
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple
from zlib import crc32

Record = dict[str, Any]

_TABLE_ARN = "arn:aws:dynamodb:us-east-1:000000000000:table/Votes"
_SPACE = 2**32
_USUAL_START = 3 * 10**24
_BEFORE_A_NEW_DIGIT = 10**21 - 2_000
"""After a few records, the sequence numbers have 22 digits instead of 21."""


class TableWrite(NamedTuple):
    """One write of the votes table; `body` has keys and images, as in a stream record."""

    name: str
    body: dict[str, Any]


@dataclass(slots=True, eq=False)
class Shard:
    """A stream shard: the records of the items with hashes in [low, high)."""

    id: str
    label: str
    low: int
    high: int
    parent: "Shard | None" = None
    sequence: int = 0
    records: list[Record] = field(default_factory=list)
    closed: bool = False


class Stream:
    """The stream of one table."""

    def __init__(self, draw: random.Random, *, shards: int = 2, near_digit: bool = False) -> None:
        self.shards: list[Shard] = []
        self._draw = draw
        self._start = _BEFORE_A_NEW_DIGIT if near_digit else _USUAL_START
        self._labels = 0
        self._serial = 0
        self._open_label(shards)

    def append(self, name: str, body: Mapping[str, Any], **extra: object) -> Record:
        """Append a record. `body` has `Keys` and the images; `extra` may be `userIdentity`."""
        keys = body["Keys"]
        shard = self.shard_of(keys["pk"]["S"], keys["sk"]["S"])
        shard.sequence += self._draw.randrange(1, 400)
        self._serial += 1
        record: Record = {
            "eventID": f"{self._serial:032x}",
            "eventName": name,
            "eventVersion": "1.1",
            "eventSource": "aws:dynamodb",
            "awsRegion": "us-east-1",
            "eventSourceARN": f"{_TABLE_ARN}/stream/{shard.label}",
            "dynamodb": {
                **body,
                "SequenceNumber": str(shard.sequence),
                "StreamViewType": "NEW_AND_OLD_IMAGES",
            },
            **extra,
        }  # fmt: skip
        shard.records.append(record)
        return record

    def shard_of(self, pk: str, sk: str) -> Shard:
        """Return the open shard of an item."""
        place = crc32(f"{pk}|{sk}".encode())
        return next(shard for shard in self.open() if shard.low <= place < shard.high)

    def open(self) -> Iterator[Shard]:
        """Return the open shards."""
        return (shard for shard in self.shards if not shard.closed)

    def split(self, shard: Shard) -> None:
        """Close a shard and open two children; a shard that is too narrow gets one child."""
        middle = (shard.low + shard.high) // 2
        ranges = [(shard.low, middle), (middle, shard.high)]
        self._replace_shard(shard, ranges if middle > shard.low else [(shard.low, shard.high)])

    def roll(self, shard: Shard) -> None:
        """Close a shard and open one child, as DynamoDB does after about four hours."""
        self._replace_shard(shard, [(shard.low, shard.high)])

    def renew(self, shards: int = 2) -> None:
        """Disable and enable the stream: close all shards, and open new ones with a new label.

        The old shards can still be read for 24 h.
        """
        for shard in self.open():
            shard.closed = True
        self._open_label(shards)

    def _open_label(self, shards: int) -> None:
        self._labels += 1
        width = _SPACE // shards
        for number in range(shards):
            high = _SPACE if number == shards - 1 else (number + 1) * width
            self._add(f"shardId-{number:04d}", number * width, high, None)

    def _replace_shard(self, shard: Shard, ranges: list[tuple[int, int]]) -> None:
        shard.closed = True
        for low, high in ranges:
            self._add(f"shardId-{len(self.shards):04d}", low, high, shard)

    def _add(self, shard_id: str, low: int, high: int, parent: Shard | None) -> None:
        # The sequence numbers of a child may be lower or higher than its parent's.
        self.shards.append(
            Shard(
                id=shard_id,
                label=f"2030-05-04T20:{self._labels:02d}:00.000",
                low=low,
                high=high,
                parent=parent,
                sequence=self._start + self._draw.randrange(1_000),
            )
        )
