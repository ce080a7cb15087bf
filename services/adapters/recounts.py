"""All ballots of a round, by one query for each of its partition keys."""

import heapq
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor, as_completed
from contextlib import ExitStack
from dataclasses import dataclass
from operator import itemgetter
from typing import TYPE_CHECKING, Any, Final

from services.adapters.items import ballot_of
from services.adapters.prefetch import ahead
from services.voting import schema
from services.voting.ballot import Ballot
from services.voting.poll import Round
from services.voting.recount import Recount, Slip
from services.voting.sharding import all_shards

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

QUERIES: Final = 4
"""How many shards are read at the same time."""

HELD: Final = 20_000
"""About so many ballots are held while all shards are merged, however many there are."""

Told = Callable[[int], None]
"""Hears how many more ballots were read."""


@dataclass(frozen=True, slots=True)
class DynamoRecounts:
    """The `Recounts` port."""

    client: "DynamoDBClient"
    table: str

    def ballots(self, standing_in: Round) -> Iterator[Ballot]:
        """Every ballot of the round, shard by shard; one page is held at a time."""
        for shard in all_shards(standing_in.poll.shards):
            for page in self._pages(standing_in, shard):
                for item in page:
                    yield ballot_of(item, standing_in)

    def sums(self, standing_in: Round, told: Told = lambda _: None) -> Recount:
        """The recount of a round; `QUERIES` pages are held at a time."""

        def sum_up(shard: int) -> Recount:
            recount = Recount()
            for page in self._pages(standing_in, shard):
                recount.add(map(_slip, page))
                told(len(page))
            return recount

        whole = Recount()
        with ThreadPoolExecutor(QUERIES) as pool:
            shards = all_shards(standing_in.poll.shards)
            for done in as_completed([pool.submit(sum_up, shard) for shard in shards]):
                whole.merge(done.result())
        return whole

    def slips(self, standing_in: Round) -> Iterator[Slip]:
        """Every ballot in the order of the keys, all shards merged; memory stays flat."""
        shards = all_shards(standing_in.poll.shards)
        limit = max(20, HELD // len(shards) // 2)
        with ExitStack() as stack:
            streams = [
                stack.enter_context(ahead(self._pages(standing_in, shard, limit=limit)))
                for shard in shards
            ]
            yield from heapq.merge(
                *(map(_slip, (item for page in pages for item in page)) for pages in streams),
                key=itemgetter(0),
            )

    def _pages(
        self, standing_in: Round, shard: int, *, limit: int | None = None
    ) -> Iterator[list[dict[str, Any]]]:
        """The items of a partition key in pages of at most 1 MB, strongly consistent."""
        pk = schema.ballot_pk(standing_in.poll.id, standing_in.number, shard)
        pages = self.client.get_paginator("query").paginate(
            TableName=self.table,
            KeyConditionExpression="pk = :pk",
            ExpressionAttributeValues={":pk": {"S": pk}},
            ConsistentRead=True,
            PaginationConfig={"PageSize": limit} if limit else {},
        )
        for page in pages:
            yield page["Items"]


def _slip(item: dict[str, Any]) -> Slip:
    # One is made for every ballot: this takes two thirds of the time of `Slip(...)`.
    return Slip._make(
        (
            item["sk"]["S"],
            item["board"]["S"],
            {choice: int(count["N"]) for choice, count in item["picks"]["M"].items()},
            int(item["changed_at"]["N"]),
            int(item["expires_at"]["N"]),
        )
    )
