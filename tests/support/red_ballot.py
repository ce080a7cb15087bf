"""Recorded tables with the poll colors and one ballot, of phone 0 for red."""

from collections.abc import Iterator
from typing import Any

import pytest

from services.adapters.dynamodb.ballot_items import item_of
from services.adapters.dynamodb.directory import DynamoDirectory
from services.polls.definition import parse_poll
from services.voting.ballot import Ballot, cast
from tests.support.polls import COLORS_TOML, NOON, a_round, a_vote
from tests.support.recorded import Recorded, recorded_tables

COLORS = parse_poll(COLORS_TOML, source="colors.toml")
THERE = a_round()


@pytest.fixture(scope="module")
def both_tables() -> Iterator[Recorded]:
    """With the poll colors, and a ballot of phone 0 for red."""
    with recorded_tables() as tables:
        polls(tables).apply([COLORS])
        put(tables, a_ballot("RED"))
        tables.save()
        yield tables


@pytest.fixture
def tables(both_tables: Recorded) -> Recorded:
    """The same for every test."""
    return both_tables.restore()


def polls(tables: Recorded) -> DynamoDirectory:
    """The directory."""
    return DynamoDirectory(
        client=tables.client, table="Polls", aggregates="Aggregates", clock=lambda: NOON
    )


def a_ballot(*choices: str, phone: int = 0) -> Ballot:
    """The ballot of these texts."""
    ballot: Ballot | None = None
    for choice in choices:
        ballot = cast(THERE, ballot, a_vote(choice, phone=phone)).ballot
    assert ballot
    return ballot


def put(tables: Recorded, ballot: Ballot) -> Ballot:
    """Store a ballot, whatever stands there."""
    tables.client.put_item(TableName="Votes", Item=item_of(ballot))
    return ballot


def held(tables: Recorded, ballot: Ballot) -> dict[str, Any] | None:
    """The item under a ballot's key."""
    return tables.item("Votes", ballot.pk, ballot.sk)
