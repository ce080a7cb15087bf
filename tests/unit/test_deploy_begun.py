"""A deploy checks whether a round has begun, like the commands."""

from collections.abc import Callable
from typing import Any

import pytest

from services.adapters.clock import now_ms
from services.adapters.dynamodb.ballot_items import item_of
from services.adapters.dynamodb.directory import DynamoDirectory
from services.polls.definition import parse_poll
from services.voting import schema
from services.voting.ballot import Vote, cast
from services.voting.lifecycle import closed
from services.voting.poll import Round
from tests.support.cloudformation import COLORS, CloudFormation

WIDER = f"shards = 99\n{COLORS}"


def a_ballot(client: Any) -> None:
    """Store a ballot whose stream record is not folded yet."""
    poll = parse_poll(COLORS, source="colors.toml")
    vote = Vote(voter="somebody", sid="SM1", choice="RED", at_ms=1)
    ballot = cast(Round(poll=poll), None, vote).ballot
    assert ballot
    client.put_item(TableName="votes", Item=item_of(ballot))


def a_board(client: Any) -> None:
    """Store a board whose ballots have expired."""
    key = {"pk": {"S": "open#colors"}, "sk": {"S": schema.tally_sk(1, "label", "shard")}}
    item = {**key, "c#RED": {"N": "1"}, "voters": {"N": "1"}, "folded": {"N": "1"}}
    client.put_item(TableName="aggregates", Item=item)


def a_certificate(client: Any) -> None:
    """Store a certificate of a round without votes."""
    key = {"pk": {"S": "open#colors"}, "sk": {"S": schema.certified_sk(1)}}
    numbers = {"ballots": {"N": "0"}, "voters": {"N": "0"}, "certified_at": {"N": "1"}}
    client.put_item(TableName="aggregates", Item={**key, **numbers, "digest": {"S": "0"}})


@pytest.mark.parametrize("begin", [a_ballot, a_board, a_certificate])
def test_a_deploy_does_not_change_shards_of_a_round_that_has_begun(
    cloudformation: CloudFormation, aggregates: Any, begin: Callable[[Any], None]
) -> None:
    """An unfolded ballot, a board or a certificate alone is enough."""
    before, after = ([{"Source": "colors.toml", "Text": text}] for text in (COLORS, WIDER))
    cloudformation.request("Create", "Custom::Polls", Files=before)
    close(aggregates, ago_ms=3_600_000)
    begin(aggregates)
    answer = cloudformation.request("Update", "Custom::Polls", Files=after)

    assert answer["Status"] == "FAILED"
    assert "polls/colors.toml:1: shards: 99: round 1 has begun" in answer["Reason"]


@pytest.mark.parametrize(("ago_ms", "applied"), [(None, False), (71_000, False), (74_000, True)])
def test_a_deploy_changes_shards_of_a_round_that_is_quiet(
    cloudformation: CloudFormation,
    aggregates: Any,
    ago_ms: int | None,
    applied: bool,  # noqa: FBT001
) -> None:
    """There are no votes, and no first vote is in flight 73 s after the close."""
    directory_at(aggregates, 3_600_000).apply([parse_poll(COLORS, source="colors.toml")])
    if ago_ms is not None:
        close(aggregates, ago_ms=ago_ms)
    after = [{"Source": "colors.toml", "Text": WIDER}]
    answer = cloudformation.request("Update", "Custom::Polls", Files=after)

    assert answer["Status"] == ("SUCCESS" if applied else "FAILED")
    assert applied or "wait 73 seconds" in answer["Reason"]


def close(client: Any, *, ago_ms: int) -> None:
    """Close the poll some time ago."""
    at_ms = now_ms() - ago_ms
    directory_at(client, ago_ms).change("colors", lambda round: closed(round, at_ms))


def directory_at(client: Any, ago_ms: int) -> DynamoDirectory:
    """The directory, for who changes it some time ago."""
    at_ms = now_ms() - ago_ms
    return DynamoDirectory(
        client=client, table="polls", aggregates="aggregates", clock=lambda: at_ms
    )
