"""What is left of a stream, read from a stream that is made up: shards, pages, pauses."""

from dataclasses import dataclass, field
from typing import Any

import pytest

from services.adapters.dynamodb.unfolded_records import UnfoldedRecords
from services.voting.tally import pad_sequence
from tests.support.polls import a_round

THERE = a_round()
LABEL = "2030-01-01T00:00:00.000"
BOARD = "open#colors"


def record(sequence: int, board: str = BOARD, number: int = 1, *, old: bool = False) -> Any:
    """A record of a ballot."""
    image = {"board": {"S": board}, "round": {"N": str(number)}}
    return {"dynamodb": {"SequenceNumber": str(sequence), "OldImage" if old else "NewImage": image}}


@dataclass
class Streams:
    """Both clients. `pages` are the answers of each shard, one after the other; None ends it."""

    pages: dict[str, list[list[Any] | None]]
    enabled: bool = True
    slept: list[float] = field(default_factory=list)
    read: list[str] = field(default_factory=list)

    def describe_table(self, TableName: str) -> Any:  # noqa: N803 - AWS's name
        """As DynamoDB."""
        arn = f"arn:aws:dynamodb:us-east-1:0:table/{TableName}/stream/{LABEL}"
        return {"Table": {"LatestStreamArn": arn} if self.enabled else {}}

    def describe_stream(self, StreamArn: str, ExclusiveStartShardId: str = "") -> Any:  # noqa: N803 - AWS's names
        """One shard a page."""
        assert StreamArn.endswith(LABEL)
        shards = sorted(self.pages)
        here = shards[shards.index(ExclusiveStartShardId) + 1 if ExclusiveStartShardId else 0]
        last = {"LastEvaluatedShardId": here} if here != shards[-1] else {}
        return {"StreamDescription": {"Shards": [{"ShardId": here}], **last}}

    def get_shard_iterator(self, ShardId: str, ShardIteratorType: str, **_: Any) -> Any:  # noqa: N803 - AWS's names
        """From the oldest record."""
        assert ShardIteratorType == "TRIM_HORIZON"
        return {"ShardIterator": f"{ShardId}/0"}

    def get_records(self, ShardIterator: str) -> Any:  # noqa: N803 - AWS's name
        """The next answer; behind the last one nothing comes any more."""
        self.read.append(ShardIterator)
        shard, _, place = ShardIterator.partition("/")
        pages, following = self.pages[shard], int(place) + 1
        found = pages[int(place)] if int(place) < len(pages) else []
        ends = following < len(pages) and pages[following] is None
        iterator = None if ends else f"{shard}/{following}"
        return {"Records": found, "NextShardIterator": iterator}

    def unfolded(self, watermarks: dict[tuple[str, str], int]) -> int:
        """Beyond these places, of the first round."""
        rest = UnfoldedRecords(dynamodb=self, streams=self, table="Votes", sleep=self.slept.append)
        padded = {row: pad_sequence(str(last)) for row, last in watermarks.items()}
        return rest.count(THERE, {BOARD: padded, "sealed#colors": {}})


def test_records_beyond_the_watermark_of_their_shard_are_left() -> None:
    """By number, not by text; across shards, each with its own watermark."""
    streams = Streams({"a": [[record(99), record(100)], [record(101)]], "b": [[record(5)]]})

    assert streams.unfolded({(LABEL, "a"): 99, (LABEL, "b"): 4}) == 3
    assert streams.unfolded({(LABEL, "a"): 100, (LABEL, "b"): 5}) == 1
    assert streams.unfolded({(LABEL, "a"): 101, (LABEL, "b"): 5}) == 0


def test_a_shard_that_was_never_folded_is_left_as_a_whole() -> None:
    """It has no row yet."""
    streams = Streams({"a": [[record(1)]], "b": [[record(2), record(3, old=True)]]})

    assert streams.unfolded({(LABEL, "a"): 1}) == 2


def test_the_watermark_of_an_older_stream_says_nothing_of_this_one() -> None:
    """A stream that was enabled anew begins with its numbers."""
    streams = Streams({"a": [[record(1)]], "b": [[]]})

    assert streams.unfolded({("2029-01-01", "a"): 999}) == 1


def test_only_records_of_the_round_are_asked_for() -> None:
    """Both of its boards; no other round, no other poll, nothing unreadable."""
    others = [
        record(1, number=2), record(2, number=11), record(3, "open#trees"), record(4, "directory"),
        {"dynamodb": {"SequenceNumber": "5", "NewImage": {"picks": {"S": "?"}}}},
        {"dynamodb": {"SequenceNumber": "6", "NewImage": {"board": {"N": "1"}, "round": {"S": "1"}}}},
        {"dynamodb": {"SequenceNumber": "7"}},
    ]  # fmt: skip
    streams = Streams({"a": [[*others, record(8), record(9, "sealed#colors")]]})

    assert streams.unfolded({}) == 2


@pytest.mark.parametrize(("empty", "found"), [(1, 1), (4, 1), (5, 0)])
def test_empty_answers_do_not_mean_that_a_shard_has_ended(empty: int, found: int) -> None:
    """It is asked five times in a row, with a pause, before it is taken to be read."""
    streams = Streams({"a": [*[[]] * empty, [record(1)]]})

    assert streams.unfolded({}) == found
    assert streams.slept == [0.3] * (empty + 5 if found else 5)


def test_a_closed_shard_is_read_to_its_last_page_and_not_waited_for() -> None:
    """It says itself that it has ended."""
    streams = Streams({"a": [[record(1)], [], [record(2)], None]})

    assert streams.unfolded({}) == 2
    assert streams.read == ["a/0", "a/1", "a/2"]
    assert streams.slept == [0.3]


def test_where_an_emulator_names_no_shard_its_only_row_is_meant() -> None:
    """There is one shard and one row; with two of either nothing is guessed."""
    one = Streams({"shardId-1": [[record(1), record(2)]]})
    two = Streams({"shardId-1": [[record(1)]], "shardId-2": [[record(2)]]})

    assert one.unfolded({(LABEL, "only"): 1}) == 1
    assert one.unfolded({(LABEL, "only"): 1, (LABEL, "other"): 2}) == 2
    assert two.unfolded({(LABEL, "only"): 9}) == 2
    assert two.unfolded({(LABEL, "one"): 9, (LABEL, "other"): 9}) == 2


def test_a_table_without_a_stream_has_nothing_left() -> None:
    """Whatever was in it is lost."""
    assert Streams({}, enabled=False).unfolded({}) == 0
