"""What is left of the stream: every record of the round that no board holds yet."""

from dataclasses import dataclass, field
from typing import Any

import pytest

from services.adapters.stream_rest import StreamRest
from tests.support.polls import a_round

ARN = "arn:aws:dynamodb:us-east-1:1:table/Votes/stream/2030-05-04T18:00:00.000"
LABEL = "2030-05-04T18:00:00.000"


def record(
    sequence: int, *, board: str = "open#colors", number: int = 1, image: str = "NewImage"
) -> dict[str, Any]:
    """A stream record of a ballot."""
    held = {"board": {"S": board}, "round": {"N": str(number)}}
    return {"dynamodb": {"SequenceNumber": str(sequence), image: held}}


@dataclass
class Stream:
    """The stream API of DynamoDB: two shards a page, one answer of records after the other.

    As the real one: an open shard always has another iterator, and answers empty-handed both
    in between and at its end.
    """

    shards: dict[str, list[list[dict[str, Any]]]]
    closed: tuple[str, ...] = ()
    arn: str = ARN
    asked: list[str] = field(default_factory=list)
    slept: list[float] = field(default_factory=list)

    def describe_table(self, TableName: str) -> dict[str, Any]:  # noqa: N803 - AWS's name
        """Of the client of the tables."""
        assert TableName == "Votes"
        return {"Table": {"LatestStreamArn": self.arn} if self.arn else {}}

    def describe_stream(self, StreamArn: str, ExclusiveStartShardId: str = "") -> dict[str, Any]:  # noqa: N803
        """A page of its shards."""
        assert StreamArn == self.arn
        names = sorted(self.shards)
        page = [name for name in names if name > ExclusiveStartShardId][:2]
        found: dict[str, Any] = {"Shards": [{"ShardId": name} for name in page]}
        if page and page[-1] != names[-1]:
            found["LastEvaluatedShardId"] = page[-1]
        return {"StreamDescription": found}

    def get_shard_iterator(self, StreamArn: str, ShardId: str, ShardIteratorType: str) -> Any:  # noqa: N803
        """From the oldest record on."""
        assert (StreamArn, ShardIteratorType) == (self.arn, "TRIM_HORIZON")
        return {"ShardIterator": f"{ShardId} 0"}

    def get_records(self, ShardIterator: str) -> dict[str, Any]:  # noqa: N803
        """The next answer."""
        self.asked.append(ShardIterator)
        shard, place = ShardIterator.split()
        answers, at = self.shards[shard], int(place)
        records = answers[at] if at < len(answers) else []
        if shard in self.closed and at + 1 >= len(answers):
            return {"Records": records}
        return {"Records": records, "NextShardIterator": f"{shard} {at + 1}"}

    def unfolded(self, watermarks: Any = None) -> int:
        """Of the first round of colors."""
        rest = StreamRest(dynamodb=self, streams=self, table="Votes", sleep=self.slept.append)
        return rest.unfolded(a_round(), watermarks or {})


def folded(sequence: int, shard: str = "a", label: str = LABEL) -> dict[tuple[str, str], str]:
    """The watermark of a stream shard."""
    return {(label, shard): f"{sequence:040}"}


def test_what_lies_beyond_the_watermark_is_not_folded() -> None:
    """Sequence numbers are compared as numbers: 100 comes after 99."""
    stream = Stream({"a": [[record(98), record(99), record(100)]]})

    assert stream.unfolded() == 3
    assert stream.unfolded({"open#colors": folded(99)}) == 1
    assert stream.unfolded({"open#colors": folded(100)}) == 0


def test_empty_answers_in_between_are_not_the_end() -> None:
    """Four in a row, then a record; five end an open shard."""
    stream = Stream({"a": [[], [], [], [], [record(1)], [], [], [], [], [record(2)]]})
    given_up = Stream({"a": [[]] * 5 + [[record(1)]]})

    assert stream.unfolded() == 2
    assert given_up.unfolded() == 0
    assert len(given_up.asked) == 5


def test_a_pause_is_made_before_an_open_shard_is_asked_again() -> None:
    """Five answers a second is what a shard gives; none after the end of a closed one."""
    stream = Stream({"a": [[record(1)]]}, closed=("a",))
    open_shard = Stream({"a": [[record(1)]]})
    stream.unfolded()
    open_shard.unfolded()

    assert stream.slept == []
    assert open_shard.slept == [0.3] * 5


def test_a_closed_shard_is_read_to_its_end() -> None:
    """It says so itself."""
    stream = Stream({"a": [[record(1)], [], [record(2)]]}, closed=("a",))

    assert stream.unfolded() == 2
    assert stream.asked == ["a 0", "a 1", "a 2"]


def test_all_shards_are_read_on_all_pages() -> None:
    """Five of them, two a page."""
    stream = Stream({name: [[record(1)]] for name in "abcde"}, closed=tuple("abcde"))

    assert stream.unfolded() == 5


def test_a_watermark_is_of_one_shard_one_board_and_one_stream() -> None:
    """What another one has folded says nothing of this one."""
    stream = Stream({"a": [[record(5)]], "b": [[record(5)]]}, closed=("a", "b"))

    assert stream.unfolded({"open#colors": folded(9, "a")}) == 1
    assert stream.unfolded({"sealed#colors": folded(9, "a") | folded(9, "b")}) == 2
    assert stream.unfolded({"open#colors": folded(9, "a", "older") | folded(9, "b", "older")}) == 2


def test_where_a_stream_has_a_single_shard_its_only_row_is_meant() -> None:
    """An emulator's events name none; with two rows or two shards it would be a guess."""
    one = Stream({"a": [[record(5)]]}, closed=("a",))
    two = Stream({"a": [[record(5)]], "b": [[]]}, closed=("a", "b"))

    assert one.unfolded({"open#colors": folded(9, "configured")}) == 0
    assert two.unfolded({"open#colors": folded(9, "configured")}) == 1
    assert one.unfolded({"open#colors": folded(9, "x") | folded(9, "y")}) == 1


@pytest.mark.parametrize(
    ("other", "counted"),
    [
        ({"board": "open#color"}, 0),
        ({"number": 2}, 0),
        ({"number": 10}, 0),
        ({"board": "sealed#colors"}, 1),
        ({"image": "OldImage"}, 1),
    ],
)
def test_only_records_of_the_round_are_counted(other: dict[str, Any], counted: int) -> None:
    """On both of its boards; a deletion tells by its old image."""
    stream = Stream({"a": [[record(1, **other)]]}, closed=("a",))

    assert stream.unfolded() == counted


def test_a_table_without_a_stream_has_nothing_left() -> None:
    """Nothing is asked of it."""
    stream = Stream({}, arn="")

    assert stream.unfolded() == 0
    assert stream.asked == []
