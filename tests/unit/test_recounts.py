"""A round of many shards is read by few threads, in the order of the keys."""

import threading
from typing import Any

import pytest

from services.adapters.dynamodb.ballot_items import item_of
from services.adapters.dynamodb.recounts import DynamoRecounts
from services.voting.ballot import cast
from tests.support.polls import a_round, a_vote

THERE = a_round(shards=1000)


class Client:
    """A table of ballots, in pages of two; it sees how many threads ask."""

    def __init__(self, phones: int) -> None:
        self.threads: set[int] = set()
        self.held: dict[str, list[dict[str, Any]]] = {}
        for phone in range(phones):
            ballot = cast(THERE, None, a_vote("RED", phone=phone)).ballot
            assert ballot
            self.held.setdefault(ballot.pk, []).append(item_of(ballot))

    def get_paginator(self, _: str) -> "Client":
        """As boto3."""
        return self

    def paginate(self, ExpressionAttributeValues: dict[str, Any], **_: Any) -> Any:  # noqa: N803 - AWS's name
        """The pages of a partition key, sorted."""
        items = self.held.get(ExpressionAttributeValues[":pk"]["S"], [])
        items = sorted(items, key=lambda item: str(item["sk"]["S"]))
        for start in range(0, len(items), 2):
            self.threads.add(threading.get_ident())
            yield {"Items": items[start : start + 2]}


@pytest.mark.parametrize("taken", [1, 3_000])
def test_a_thousand_shards_are_merged_by_ten_threads(taken: int) -> None:
    """And none is left, also if the reader stops early."""
    client, unreadable = Client(3_000), list[str]()
    before = threading.active_count()
    rows = DynamoRecounts(client, "Votes").rows(THERE, unreadable.append)  # type: ignore[arg-type]
    keys = [slip.key for slip, _ in zip(rows, range(taken), strict=False)]
    rows.close()  # type: ignore[attr-defined]

    assert len(keys) == taken
    assert keys == sorted(keys)
    assert unreadable == []
    assert len(client.threads) <= 10
    assert threading.active_count() == before


def test_a_ballot_that_somebody_has_copied_to_another_shard_is_read_beside_its_original() -> None:
    """So that an audit finds it; neither is before the other."""
    client = Client(1)
    ((pk, (original,)),) = client.held.items()
    other = "colors:1#7" if pk != "colors:1#7" else "colors:1#8"
    client.held[other] = [{**original, "picks": {"M": {"BLUE": {"N": "1"}}}}]
    rows = DynamoRecounts(client, "Votes").rows(THERE, [].append)  # type: ignore[arg-type]

    assert sorted(str(row.picks) for row in rows) == ["{'BLUE': 1}", "{'RED': 1}"]
