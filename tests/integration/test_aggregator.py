"""The aggregator's handler on moto: real events, real table, every fault that needs no timing."""

import os
from collections.abc import Iterator
from typing import Any
from unittest.mock import patch

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError

from lambdas.aggregator.handler import aggregate, assemble, handler
from services.adapters.dynamodb.ballot_items import item_of
from services.adapters.dynamodb.provisioning import create_table
from services.adapters.dynamodb.tallies import DynamoTallies
from services.voting.ballot import Ballot, cast
from services.voting.errors import ShardUnknownError
from services.voting.poll import Round
from services.voting.schema import AGGREGATES, VOTES
from services.voting.tally import Delta, TallyRow
from tests.support.aggregator import aggregator_in_process
from tests.support.polls import NOON, a_round, a_vote

THERE = a_round()
ARN = "arn:aws:dynamodb:us-east-1:000000000000:table/Votes/stream/{}"
TTL = {"type": "Service", "principalId": "dynamodb.amazonaws.com"}


@pytest.fixture(autouse=True)
def account() -> Iterator[None]:
    """Moto in this process, with made-up credentials."""
    with aggregator_in_process():
        yield


@pytest.fixture
def client() -> Any:
    """Of DynamoDB."""
    return boto3.client("dynamodb")


@pytest.fixture
def tallies(client: Any) -> DynamoTallies:
    """In an empty table."""
    create_table(client, AGGREGATES, "Aggregates")
    return DynamoTallies(client, "Aggregates")


def votes(*choices: str, start: int = 10**20, there: Round = THERE) -> list[dict[str, Any]]:
    """Stream records of first votes, of as many phones."""
    return [
        record("INSERT", start + place, new=ballot(choice, phone=place, there=there))
        for place, choice in enumerate(choices)
    ]


def ballot(
    choice: str, *, phone: int = 0, on: Ballot | None = None, there: Round = THERE
) -> Ballot:
    """The ballot that a vote makes."""
    made = cast(there, on, a_vote(choice, phone=phone)).ballot
    assert made is not None
    return made


def record(
    name: str, sequence: int, *, old: Ballot | None = None, new: Ballot | None = None,
    label: str = "2030-01-01",
) -> dict[str, Any]:  # fmt: skip
    """One stream record as Lambda hands it over."""
    images = {"OldImage": old, "NewImage": new}
    return {
        "eventID": str(sequence),
        "eventName": name,
        "eventSource": "aws:dynamodb",
        "eventSourceARN": ARN.format(label),
        "dynamodb": {
            "SequenceNumber": str(sequence),
            "ApproximateCreationDateTime": NOON // 1000,
            **{kind: item_of(image) for kind, image in images.items() if image},
        },
    }


def batch(records: list[dict[str, Any]], **window: Any) -> dict[str, Any]:
    """An event of a mapping with a tumbling window."""
    return {
        "Records": records,
        "shardId": "shardId-1",
        "window": {"start": "2030-01-01T00:00:00Z", "end": "2030-01-01T00:00:30Z"},
        "state": {},
        "isFinalInvokeForWindow": False,
        "isWindowTerminatedEarly": False,
        **window,
    }


def picks(
    tallies: DynamoTallies, board: str = "open#colors", round_number: int = 1
) -> dict[str, int]:
    """What a board shows."""
    return {c: n for c, n in tallies.totals(board, round_number).picks.items() if n}


def test_a_batch_is_folded_and_answered_with_a_state(tallies: DynamoTallies) -> None:
    """With a window, an answer without `state` would be a failed call."""
    answer = handler(batch(votes("RED", "RED", "BLUE")), None)

    totals = tallies.totals("open#colors", 1)
    assert answer == {"state": {}, "batchItemFailures": []}
    assert totals.picks == {"RED": 2, "BLUE": 1}
    assert (totals.voters, totals.folded, totals.bad, totals.as_of_ms) == (3, 3, 0, NOON)


@pytest.mark.parametrize(
    "window",
    [
        {"isFinalInvokeForWindow": True},
        {"isWindowTerminatedEarly": True},
        {"state": None},
        {"state": {"left": "over"}},
    ],
)
def test_no_kind_of_window_changes_the_count(
    tallies: DynamoTallies, window: dict[str, Any]
) -> None:
    """The window is there for its shard id; its state is not used."""
    event = batch(votes("RED", "BLUE"), **window)
    handler(event, None)
    handler(event, None)

    assert picks(tallies) == {"RED": 1, "BLUE": 1}


@pytest.mark.parametrize("records", [[], None])
def test_the_last_call_of_a_window_may_be_empty(tallies: DynamoTallies, records: Any) -> None:
    """It has no records, and needs no shard."""
    answer = handler({"Records": records, "isFinalInvokeForWindow": True, "state": {}}, None)

    assert answer["state"] == {}
    assert picks(tallies) == {}


def test_without_a_shard_id_the_batch_is_refused(tallies: DynamoTallies) -> None:
    """Guessing would miscount; nothing is folded."""
    event = {"Records": votes("RED")}
    with pytest.raises(ShardUnknownError, match="STREAM_SHARD_ID"):
        handler(event, None)

    assert picks(tallies) == {}


def test_an_emulators_single_shard_is_named_by_the_environment(tallies: DynamoTallies) -> None:
    """The event's own shard id wins where there is one."""
    with patch.dict(os.environ, {"STREAM_SHARD_ID": "only"}):
        assemble.cache_clear()
        handler({"Records": votes("RED")}, None)
        handler({"Records": votes("RED"), "shardId": "only"}, None)

    assert picks(tallies) == {"RED": 1}


def test_a_ballots_whole_life_leaves_nothing_behind(tallies: DynamoTallies) -> None:
    """Cast, repeated, changed, removed by an operator."""
    red = ballot("RED")
    again = ballot("RED", on=red)
    blue = ballot("BLUE", on=again)
    handler(
        batch(
            [
                record("INSERT", 1, new=red),
                record("MODIFY", 2, old=red, new=again),
                record("MODIFY", 3, old=again, new=blue),
                record("REMOVE", 4, old=blue),
            ]
        ),
        None,
    )

    assert picks(tallies) == {}
    assert tallies.totals("open#colors", 1).voters == 0


def test_an_expired_ballot_stays_counted_beside_one_an_operator_removed(
    tallies: DynamoTallies,
) -> None:
    """TTL removes the item, not the vote."""
    one, two = ballot("RED", phone=1), ballot("RED", phone=2)
    handler(batch([record("INSERT", 1, new=one), record("INSERT", 2, new=two)]), None)
    expired = record("REMOVE", 3, old=one) | {"userIdentity": TTL}
    handler(batch([expired, record("REMOVE", 4, old=two)]), None)

    assert picks(tallies) == {"RED": 1}


def test_a_poison_record_is_counted_bad_once_and_the_rest_counts(tallies: DynamoTallies) -> None:
    """However often the batch comes."""
    poison = record("INSERT", 10**20 + 5)
    poison["dynamodb"]["NewImage"] = {
        "board": {"S": "open#colors"},
        "round": {"N": "1"},
        "picks": {"S": "x"},
    }
    event = batch([*votes("RED"), poison, None, *votes("BLUE", start=10**20 + 9)])  # type: ignore[list-item]
    handler(event, None)
    handler(event, None)

    assert picks(tallies) == {"RED": 1, "BLUE": 1}
    assert tallies.totals("open#colors", 1).bad == 1


def test_boards_and_rounds_of_one_batch_are_kept_apart(tallies: DynamoTallies) -> None:
    """A second round, and a sealed poll."""
    sealed, second = a_round(visibility="sealed"), a_round(number=2)
    handler(
        batch(
            [
                *votes("RED"),
                *votes("BLUE", start=2 * 10**20, there=sealed),
                *votes("GREEN", start=3 * 10**20, there=second),
            ]
        ),
        None,
    )

    assert picks(tallies) == {"RED": 1}
    assert picks(tallies, "sealed#colors") == {"BLUE": 1}
    assert picks(tallies, round_number=2) == {"GREEN": 1}


def test_a_stream_that_was_enabled_anew_counts_on(tallies: DynamoTallies) -> None:
    """Its numbers may start lower; its label tells it apart."""
    one, two = ballot("RED", phone=1), ballot("RED", phone=2)
    handler(batch([record("INSERT", 10**30, new=one)]), None)
    handler(batch([record("INSERT", 10**20, new=two, label="2030-01-02")]), None)

    assert picks(tallies) == {"RED": 2}


class ThrottledTallies(DynamoTallies):
    """Throttles the writes of one board, until it is told otherwise."""

    board = "open#other"

    def apply(self, row: TallyRow, delta: Delta) -> str | None:
        """Apply, or fail as DynamoDB does."""
        if row.board == self.board:
            error = {"Error": {"Code": "ProvisionedThroughputExceededException"}}
            raise ClientError(error, "UpdateItem")  # type: ignore[arg-type]
        return DynamoTallies.apply(self, row, delta)


def test_one_board_throttled_delivers_the_batch_again_and_counts_once(
    client: Any, tallies: DynamoTallies
) -> None:
    """What was folded is dropped by its watermark."""
    other = a_round(id="other")
    event = batch([*votes("RED", "RED"), *votes("BLUE", start=2 * 10**20, there=other)])
    with pytest.raises(ClientError):
        aggregate(event, ThrottledTallies(client, "Aggregates"), default_shard=None)
    aggregate(event, tallies, default_shard=None)

    assert picks(tallies) == {"RED": 2}
    assert picks(tallies, "open#other") == {"BLUE": 1}


def test_metrics_name_what_became_of_the_records(
    tallies: DynamoTallies, capsys: pytest.CaptureFixture[str]
) -> None:
    """Folded, duplicates, bad records and the seconds from vote to count."""
    event = batch(votes("RED", "BLUE"))
    handler(event, None)
    capsys.readouterr()
    handler(event, None)

    written = capsys.readouterr().out
    assert '"Duplicates":[2.0]' in written.replace(" ", "")
    assert '"Folded":[0.0]' in written.replace(" ", "")
    assert "VoteToCount" in written
    assert tallies.totals("open#colors", 1).folded == 2


async def test_the_store_itself_feeds_the_handler(client: Any, tallies: DynamoTallies) -> None:
    """Ballots written to moto, its own stream records folded, twice.

    moto emits a MODIFY where nothing changed; the count is right all the same.
    """
    create_table(client, VOTES, "Votes")
    red = ballot("RED")
    for image in (red, ballot("BLUE", on=red), ballot("BLUE", on=red)):
        client.put_item(TableName="Votes", Item=item_of(image))
    client.put_item(TableName="Votes", Item=item_of(ballot("GREEN", phone=9)))
    event = batch(_stream_records(client))
    handler(event, None)
    handler(event, None)

    assert picks(tallies) == {"BLUE": 1, "GREEN": 1}
    assert tallies.totals("open#colors", 1).voters == 2


def _stream_records(client: Any) -> list[dict[str, Any]]:
    """All records of the votes table's stream."""
    streams = boto3.client("dynamodbstreams", config=Config(account_id_endpoint_mode="disabled"))
    arn = client.describe_table(TableName="Votes")["Table"]["LatestStreamArn"]
    (shard,) = streams.describe_stream(StreamArn=arn)["StreamDescription"]["Shards"]
    iterator = streams.get_shard_iterator(
        StreamArn=arn, ShardId=shard["ShardId"], ShardIteratorType="TRIM_HORIZON"
    )["ShardIterator"]
    records = streams.get_records(ShardIterator=iterator)["Records"]
    return [{**one, "eventSourceARN": arn} for one in records]
