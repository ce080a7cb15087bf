"""What a recount takes beyond the bare paginated queries, over 100,000 ballots."""

import time
from collections.abc import Callable
from typing import Any

import boto3

from services.adapters.dynamodb.client import CLIENT_CONFIG
from services.adapters.dynamodb.recounts import DynamoRecounts
from services.polls.definition import parse_poll
from services.voting.poll import Round
from services.voting.schema import ballot_pk
from tests.support.pages import table_of
from tests.support.polls import COLORS_TOML

BALLOTS = 100_000
PAIRS = 4
STANDING = Round(poll=parse_poll(COLORS_TOML, source="colors.toml"))


def recount_ratio() -> float:
    """The best of some pairs, each measured one after the other: the machine may be shared."""
    with table_of(STANDING, BALLOTS) as endpoint:
        client = boto3.client(
            "dynamodb", endpoint_url=endpoint, region_name="us-east-1", config=CLIENT_CONFIG,
            aws_access_key_id="local", aws_secret_access_key="local",
        )  # fmt: skip
        recounts = DynamoRecounts(client, "Votes")
        return min(_ratio(client, recounts) for _ in range(PAIRS))


def _ratio(client: Any, recounts: DynamoRecounts) -> float:
    plain = _seconds(lambda: _bare(client))
    return _seconds(lambda: recounts.sums(STANDING)) / plain


def _seconds(work: Callable[[], object]) -> float:
    started = time.monotonic()
    work()
    return time.monotonic() - started


def _bare(client: Any) -> int:
    """Only the paginated queries."""
    return sum(
        len(page["Items"])
        for shard in range(STANDING.poll.shards)
        for page in client.get_paginator("query").paginate(
            TableName="Votes",
            KeyConditionExpression="pk = :pk",
            ExpressionAttributeValues={":pk": {"S": ballot_pk("colors", 1, shard)}},
            ConsistentRead=True,
        )
    )
