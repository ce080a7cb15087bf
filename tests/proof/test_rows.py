"""Tally rows on a real table: each stream shard has one, and its watermark is what it says."""

import hmac
import os
from collections.abc import Iterator
from typing import Any
from unittest.mock import patch

import boto3
import pytest
from aws_lambda_powertools.metrics import MetricUnit
from moto import mock_aws

from lambdas.aggregator.batch import stream_label
from lambdas.aggregator.handler import aggregate, logger, metrics
from lambdas.aggregator.records import changes_of
from services.adapters.dynamodb.ballot_items import item_of
from services.adapters.dynamodb.provisioning import create_table
from services.adapters.dynamodb.tallies import DynamoTallies
from services.voting.ballot import OutcomeKind, cast
from services.voting.fold import Folded, fold
from services.voting.identity import Pseudonyms
from services.voting.poll import Policy
from services.voting.schema import AGGREGATES, UNREADABLE_BOARD
from services.voting.tally import Change, pad_sequence
from tests.support.polls import NOON, a_round, a_vote

BOARD = "open#colors"
ARN = "arn:aws:dynamodb:us-east-1:000000000000:table/Votes/stream/2030-05-04T20:15:00.000"


@pytest.fixture
def tallies() -> Iterator[DynamoTallies]:
    """In an empty table of moto's."""
    environ = {
        "AWS_ACCESS_KEY_ID": "local", "AWS_SECRET_ACCESS_KEY": "local",
        "AWS_DEFAULT_REGION": "us-east-1",
    }  # fmt: skip
    with patch.dict(os.environ, environ), mock_aws():
        client = boto3.client("dynamodb")
        create_table(client, AGGREGATES, "Aggregates")
        yield DynamoTallies(client, "Aggregates")


def changes(first: int, last: int) -> list[Change]:
    """A vote for red in each record."""
    return [
        Change(BOARD, 1, pad_sequence(str(n)), {"RED": 1}, 1, 0, n) for n in range(first, last + 1)
    ]


def deliver(tallies: DynamoTallies, run: list[Change], shard: str = "one") -> Folded:
    """Fold a run of one stream shard."""
    return fold(run, tallies, stream_label="label", stream_shard=shard)


def record(sequence: int, **images: Any) -> dict[str, Any]:
    """A stream record."""
    return {
        "eventName": "MODIFY", "eventSourceARN": ARN,
        "dynamodb": {"SequenceNumber": str(sequence), **images},
    }  # fmt: skip


def test_an_overlapping_batch_counts_only_what_is_new(tallies: DynamoTallies) -> None:
    """The refused write returns the watermark, and the rest goes through."""
    deliver(tallies, changes(1, 6))

    assert deliver(tallies, changes(4, 9)) == Folded(folded=3, duplicates=3, bad=0)
    assert tallies.totals(BOARD, 1).picks == {"RED": 9}


def test_each_stream_shard_has_a_row_of_its_own(tallies: DynamoTallies) -> None:
    """Lower numbers of another shard are news all the same."""
    deliver(tallies, changes(100, 105))
    deliver(tallies, changes(1, 3), shard="two")
    items = tallies.client.query(
        TableName="Aggregates", KeyConditionExpression="pk = :pk",
        ExpressionAttributeValues={":pk": {"S": BOARD}},
    )["Items"]  # fmt: skip

    keys = [item["sk"]["S"] for item in items if "S" in item["wm"]]
    assert keys == ["00001#tally#label#one", "00001#tally#label#two"]
    assert tallies.totals(BOARD, 1).picks == {"RED": 9}


def test_a_row_without_some_counts_has_none_of_them(tallies: DynamoTallies) -> None:
    """Written by an earlier version, or by a repair."""
    key = {"pk": {"S": BOARD}, "sk": {"S": "00001#tally#label#old"}}
    tallies.client.put_item(TableName="Aggregates", Item={**key, "c#RED": {"N": "2"}})
    totals = tallies.totals(BOARD, 1)

    assert totals.picks == {"RED": 2}
    assert (totals.voters, totals.folded, totals.bad, totals.as_of_ms) == (0, 0, 0, 0)


def test_totals_are_read_strongly_consistent(tallies: DynamoTallies) -> None:
    """An audit compares two readings: an old one would look like a lag."""
    asked: list[dict[str, Any]] = []
    tallies.client.meta.events.register(
        "provide-client-params.dynamodb.Query", lambda params, **_: asked.append(params)
    )
    tallies.totals(BOARD, 1)

    assert [one["ConsistentRead"] for one in asked] == [True, True]


def test_a_removal_that_cannot_be_read_is_bad_on_the_board_it_names() -> None:
    """A removal has only an old image; an image without a board is passed over."""
    image = {"board": {"S": BOARD}, "round": {"N": "1"}, "picks": {"S": "odd"}}
    (gone, nowhere, second), lost = changes_of(
        [
            record(1, OldImage=image),
            record(2, OldImage={"picks": {"S": "odd"}}),
            record(3, NewImage={"picks": {"S": "odd"}}, OldImage=image),
        ]
    )

    assert gone == Change(BOARD, 1, pad_sequence("1"), {}, 0, 1, 0)
    assert nowhere[:2] == (UNREADABLE_BOARD, 0)
    assert second[:2] == (BOARD, 1)
    assert lost == 0


@pytest.mark.parametrize(
    ("records", "label"),
    [
        ([None, 7, {}, {"eventSourceARN": None}, {"eventSourceARN": ARN}], ARN[-23:]),
        ([{"eventSourceARN": "arn:table/stream/Votes/stream/late"}], "late"),
        ([{"eventSourceARN": "arn:without"}, {"eventSourceARN": 7}], "unlabelled"),
    ],
)
def test_the_streams_label_is_found_in_any_record(records: list[Any], label: str) -> None:
    """The first one that names a stream; the last part of its ARN."""
    assert stream_label(records) == label


def test_a_batch_is_reported_in_numbers(
    tallies: DynamoTallies, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Once as metrics, once as a line of the log."""
    ballot = cast(a_round(), None, a_vote("RED")).ballot
    assert ballot
    calls: list[Any] = []
    monkeypatch.setattr(logger, "info", lambda *args, **more: calls.append((args, more)))
    monkeypatch.setattr(metrics, "add_metric", lambda *args: calls.append(args))
    new = item_of(ballot)
    poison = record(2, NewImage={**new, "picks": {"S": "odd"}})
    event = {"Records": [record(1, NewImage=new), poison, None], "shardId": "one"}
    aggregate(event, tallies, default_shard=None)

    assert calls[:4] == [
        ("Folded", MetricUnit.Count, 2),
        ("Duplicates", MetricUnit.Count, 0),
        ("BadRecords", MetricUnit.Count, 2),
        (("batch",), {"extra": {"folded": 2, "duplicates": 0, "badrecords": 2}}),
    ]
    assert calls[4][0] == "VoteToCount"


def test_a_first_vote_that_stands_is_named_in_the_refusal() -> None:
    """So that the reply can name it."""
    first = a_round(policy=Policy.FIRST)
    ballot = cast(first, None, a_vote("RED")).ballot
    outcome = cast(first, ballot, a_vote("BLUE")).outcome

    assert (outcome.kind, outcome.previous) == (OutcomeKind.STANDS, "RED")


def test_a_phone_stands_on_a_list_under_another_name_than_it_votes() -> None:
    """Both are keyed hashes of 32 hex characters; these are fixed for good."""
    phone = "+15550100199"

    assert (
        Pseudonyms(b"pepper").allow_list_id("colors", phone)
        == hmac.digest(b"pepper", b"#list:colors:+15550100199", "sha256").hex()[:32]
    )
    assert (
        Pseudonyms(b"pepper").voter("colors", 1, phone)
        == hmac.digest(b"pepper", b"colors:1:+15550100199", "sha256").hex()[:32]
    )


def test_what_became_of_a_batch_is_summed_over_its_boards(tallies: DynamoTallies) -> None:
    """Folded and bad of one board and of the other."""
    other = [change._replace(board="open#other", bad=1) for change in changes(1, 3)]

    both = [*[change._replace(bad=1) for change in changes(1, 4)], *other]

    assert deliver(tallies, both) == Folded(folded=7, duplicates=0, bad=7)
    assert deliver(tallies, both) == Folded(folded=0, duplicates=7, bad=0)


def test_a_boards_records_are_summed_over_its_rows(tallies: DynamoTallies) -> None:
    """Folded and bad of every stream shard."""
    for shard in ("one", "two"):
        deliver(tallies, [change._replace(bad=1) for change in changes(1, 3)], shard=shard)
    totals = tallies.totals(BOARD, 1)

    assert (totals.folded, totals.bad, totals.voters) == (6, 6, 6)


def test_a_ballot_stays_on_the_board_it_was_cast_on() -> None:
    """Also where the poll is sealed meanwhile: both its records must move the same board."""
    first = cast(a_round(), None, a_vote("RED")).ballot
    after = cast(a_round(visibility="sealed"), first, a_vote("BLUE")).ballot

    assert after
    assert after.board == BOARD


def test_records_that_have_no_place_are_only_counted_as_lost() -> None:
    """Without a sequence number a record cannot be distinguished from its redelivery."""
    found, lost = changes_of([{}, {"dynamodb": {"SequenceNumber": "x"}}, {"dynamodb": {}}])

    assert (found, lost) == ([], 3)


@pytest.mark.parametrize("board", [7, "", None, ["open#colors"]])
def test_a_board_that_is_no_text_is_no_board(board: Any) -> None:
    """Nothing is counted on a guess."""
    image = {"board": {"S": board}, "round": {"N": "1"}, "picks": {"M": {"RED": {"N": "1"}}}}
    ((change,), _) = changes_of([record(1, NewImage=image)])

    assert (change.board, change.bad, change.picks) == (UNREADABLE_BOARD, 1, {})


@pytest.mark.parametrize(("late_ms", "seconds"), [(1_500, 1.5), (-900, 0)])
def test_the_time_from_vote_to_count_is_reported_in_seconds(
    tallies: DynamoTallies, monkeypatch: pytest.MonkeyPatch, late_ms: int, seconds: float
) -> None:
    """Of the newest vote; clocks that disagree make it zero, not negative."""
    ballot = cast(a_round(), None, a_vote("RED", at_ms=NOON)).ballot
    assert ballot
    calls: list[Any] = []
    monkeypatch.setattr("lambdas.aggregator.handler.now_ms", lambda: NOON + late_ms)
    monkeypatch.setattr(metrics, "add_metric", lambda *args: calls.append(args))
    event = {"Records": [record(1, NewImage=item_of(ballot))], "shardId": "one"}
    aggregate(event, tallies, default_shard=None)

    assert calls[-1] == ("VoteToCount", MetricUnit.Seconds, seconds)


def test_without_a_vote_no_time_is_reported(
    tallies: DynamoTallies, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A batch of records that have no place."""
    calls: list[Any] = []
    monkeypatch.setattr(metrics, "add_metric", lambda *args: calls.append(args[0]))
    aggregate({"Records": [{}], "shardId": "one"}, tallies, default_shard=None)

    assert calls == ["Folded", "Duplicates", "BadRecords"]
