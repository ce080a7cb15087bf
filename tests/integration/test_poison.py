"""Stream records that nobody's webhook writes, through the aggregator's handler on moto."""

from collections.abc import Iterator
from typing import Any

import boto3
import pytest

from lambdas.aggregator.handler import handler
from services.adapters.dynamodb.provisioning import create_table
from services.adapters.dynamodb.tallies import DynamoTallies
from services.voting.schema import AGGREGATES
from services.voting.tally import Totals
from tests.support.aggregator import aggregator_in_process

ARN = "arn:aws:dynamodb:us-east-1:000000000000:table/Votes/stream/2030-01-01"


@pytest.fixture(autouse=True)
def tallies() -> Iterator[DynamoTallies]:
    """An empty table in this process, which the handler finds in its environment."""
    with aggregator_in_process():
        client = boto3.client("dynamodb")
        create_table(client, AGGREGATES, "Aggregates")
        yield DynamoTallies(client, "Aggregates")


def image(**other: Any) -> dict[str, Any]:
    """What the aggregator reads of a ballot, with other attributes; None takes one away."""
    held: dict[str, Any] = {
        "board": {"S": "open#colors"}, "round": {"N": "1"},
        "picks": {"M": {"RED": {"N": "1"}}}, "changed_at": {"N": "1800000000000"},
    }  # fmt: skip
    return {name: value for name, value in (held | other).items() if value is not None}


def record(number: int, **other: Any) -> dict[str, Any]:
    """An item that was inserted."""
    body = {"SequenceNumber": str(10**20 + number), "NewImage": image(**other)}
    return {"eventName": "INSERT", "eventSourceARN": ARN, "dynamodb": body}


def fold(*records: dict[str, Any]) -> None:
    """Deliver a batch, and deliver it again, as Lambda may."""
    for _ in range(2):
        answer = handler({"Records": list(records), "shardId": "shard"}, None)
        assert answer == {"state": {}, "batchItemFailures": []}


def picks(**counts: str) -> dict[str, Any]:
    """These counts by choice."""
    return {"picks": {"M": {choice: {"N": count} for choice, count in counts.items()}}}


NAMED: dict[str, dict[str, Any]] = {
    "25 choices": picks(**{f"C{n}": "1" for n in range(25)}),
    "310 choices": picks(**{f"C{n}": "1" for n in range(310)}),
    "a count of 40 digits": picks(RED="1" * 40),
    "a count of 5,000 digits": picks(RED="1" * 5_000),
    "a count of 10**125": picks(RED="1" + "0" * 125),
    "a count over 1,000": picks(RED="1001"),
    "a count below zero": picks(RED="-7"),
    "half a vote": picks(RED="1.5"),
    "a choice of 66,000 letters": picks(**{"R" * 66_000: "1"}),
    "a choice of 17 letters": picks(**{"R" * 17: "1"}),
    "a choice in small letters": picks(red="1"),
    "a choice with a number sign": picks(**{"RED#1": "1"}),
    "no choice": picks(**{"": "1"}),
    "picks in a list": {"picks": {"L": []}},
    "a time of 40 digits": {"changed_at": {"N": "1" * 40}},
    "a time before 1970": {"changed_at": {"N": "-1"}},
    "no time": {"changed_at": None},
}
PLACELESS: dict[str, dict[str, Any]] = {
    "a board of 2,049 letters": {"board": {"S": "o" * 2049}},
    "an overlong board": {"board": {"S": "open#" + "x" * 25}},
    "the directory for a board": {"board": {"S": "directory"}},
    "an empty board": {"board": {"S": ""}},
    "a board that is a number": {"board": {"N": "1"}},
    "a board with a line feed": {"board": {"S": "open#colors\n"}},
    "a board in capitals": {"board": {"S": "open#COLORS"}},
    "no board": {"board": None},
    "a round of 1,100 digits": {"round": {"N": "1" * 1_100}},
    "a round of 5,000 digits": {"round": {"N": "1" * 5_000}},
    "a round of 14 digits": {"round": {"N": "1" * 14}},
    "a round below zero": {"round": {"N": "-1"}},
    "no round": {"round": None},
}


@pytest.mark.parametrize("what", NAMED)
def test_a_record_that_cannot_be_read_is_counted_and_the_votes_around_it_too(
    tallies: DynamoTallies, what: str
) -> None:
    """On the board that it names, once, however often it comes; it moves no vote."""
    fold(record(1), record(2, **NAMED[what]), record(3))

    assert tallies.totals("open#colors", 1) == Totals(
        picks={"RED": 2}, voters=2, folded=3, bad=1, as_of_ms=1_800_000_000_000
    )


@pytest.mark.parametrize("what", PLACELESS)
def test_a_record_that_names_no_board_of_ours_is_counted_where_no_guest_reads(
    tallies: DynamoTallies, what: str
) -> None:
    """Neither the directory nor any other row is touched."""
    fold(record(1), record(2, **PLACELESS[what]), record(3))
    keys = {item["pk"]["S"] for item in tallies.client.scan(TableName="Aggregates")["Items"]}

    assert keys == {"open#colors", "unreadable"}
    assert tallies.totals("open#colors", 1).picks == {"RED": 2}
    assert tallies.totals("open#colors", 1).bad == 0
    assert (tallies.totals("unreadable", 0).folded, tallies.totals("unreadable", 0).bad) == (1, 1)


@pytest.mark.parametrize("empty", [{"picks": {"M": {}}}, {"picks": None}])
def test_a_ballot_without_a_vote_is_a_record_like_any_other(
    tallies: DynamoTallies, empty: dict[str, Any]
) -> None:
    """It was forgotten, or it refuses a text that is on its way."""
    fold(record(1), record(2, **empty))

    assert tallies.totals("open#colors", 1) == Totals(
        picks={"RED": 1}, voters=1, folded=2, as_of_ms=1_800_000_000_000
    )


def test_as_many_choices_as_a_poll_may_ever_have_had_are_counted(tallies: DynamoTallies) -> None:
    """Twelve, and twelve that took their places."""
    counts = {f"C{n}": "1000" for n in range(24)}
    fold(record(1, **picks(**counts)))

    totals = tallies.totals("open#colors", 1)
    assert (totals.picks, totals.bad) == (dict.fromkeys(counts, 1000), 0)


def test_records_of_very_many_choices_are_folded_in_writes_that_fit(
    tallies: DynamoTallies, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An update expression holds 300 operators: 310 choices over 310 records are several."""
    sizes: list[int] = []
    apply = DynamoTallies.apply

    def measured(self: DynamoTallies, row: Any, delta: Any) -> str | None:
        sizes.append(len(delta.picks))
        return apply(self, row, delta)

    monkeypatch.setattr(DynamoTallies, "apply", measured)
    fold(*(record(n, **picks(**{f"C{n}": "1"})) for n in range(310)))

    assert tallies.totals("open#colors", 1).picks == {f"C{n}": 1 for n in range(310)}
    assert tallies.totals("open#colors", 1).folded == 310
    assert 1 < len([size for size in sizes if size]) < 20
    assert max(sizes) <= 100


def test_a_write_that_fails_between_two_parts_of_a_batch_counts_nothing_twice(
    tallies: DynamoTallies, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The batch comes again; what is folded is behind the watermark."""
    records = [record(n, **picks(**{f"C{n}": "1"})) for n in range(310)]
    apply, calls = DynamoTallies.apply, list[int]()

    def fails_at_the_third(self: DynamoTallies, row: Any, delta: Any) -> str | None:
        calls.append(1)
        if len(calls) == 3:
            raise TimeoutError
        return apply(self, row, delta)

    monkeypatch.setattr(DynamoTallies, "apply", fails_at_the_third)
    with pytest.raises(TimeoutError):
        handler({"Records": records, "shardId": "shard"}, None)
    part = tallies.totals("open#colors", 1).folded
    fold(*records)

    assert 0 < part < 310
    assert tallies.totals("open#colors", 1).picks == {f"C{n}": 1 for n in range(310)}
    assert tallies.totals("open#colors", 1).folded == 310


def test_a_removal_is_counted_as_one(tallies: DynamoTallies) -> None:
    """By whomever: an audit must know that items are gone."""
    by_hand = {
        "eventName": "REMOVE",
        "eventSourceARN": ARN,
        "dynamodb": {"SequenceNumber": str(10**20 + 2), "OldImage": image()},
    }
    who = {"type": "Service", "principalId": "dynamodb.amazonaws.com"}
    expired = {
        **by_hand,
        "dynamodb": {**by_hand["dynamodb"], "SequenceNumber": str(10**20 + 3)},  # type: ignore[dict-item]
        "userIdentity": who,
    }
    fold(record(0), record(1), by_hand, expired)

    assert tallies.totals("open#colors", 1) == Totals(
        picks={"RED": 1}, voters=1, folded=4, as_of_ms=1_800_000_000_000, removed=2
    )
