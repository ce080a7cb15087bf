"""All ballots of a round, by one query for each of its partition keys."""

import heapq
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import dataclass
from operator import itemgetter
from typing import TYPE_CHECKING, Any, Final

from services.adapters.dynamodb.ballot_items import ballot_of
from services.adapters.dynamodb.prefetch import ahead
from services.voting import schema
from services.voting.ballot import Ballot
from services.voting.poll import Round
from services.voting.ports import Progress
from services.voting.recount import BallotRow, Recount
from services.voting.sharding import all_shards

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

QUERIES: Final = 4
"""How many shards are read at the same time."""

MERGED: Final = 10
"""How many pages are fetched at the same time while all shards are merged, however many."""

HELD: Final = 20_000
"""About so many ballots are held while all shards are merged, however many there are."""


@dataclass(frozen=True, slots=True)
class DynamoRecounts:
    """The `Recounts` and `AuditedBallots` ports."""

    client: "DynamoDBClient"
    table: str

    def ballots(self, round: Round) -> Iterator[Ballot]:
        """Every ballot of the round, shard by shard; one page is held at a time.

        Raises:
            KeyError, ValueError: an item cannot be read as a ballot.
        """
        for shard in all_shards(round.poll.shards):
            for page in self._pages(round, shard):
                for item in page:
                    yield ballot_of(item, round)

    def has_ballots(self, round: Round) -> bool:
        """Whether the round has a single item, readable or not (strongly consistent reads)."""
        return any(
            self.client.query(
                TableName=self.table,
                KeyConditionExpression="pk = :pk",
                ExpressionAttributeValues={":pk": {"S": _pk(round, shard)}},
                ConsistentRead=True,
                Limit=1,
            )["Count"]
            for shard in all_shards(round.poll.shards)
        )

    def sums(self, round: Round, told: Progress = lambda _: None) -> Recount:
        """The recount of a round; `QUERIES` pages are held at a time."""

        def sum_up(shard: int) -> Recount:
            recount = Recount()
            for page in self._pages(round, shard):
                recount.add(_slips(page, recount.add_unreadable))
                told(len(page))
            return recount

        whole = Recount()
        with ThreadPoolExecutor(QUERIES) as pool:
            shards = all_shards(round.poll.shards)
            for done in as_completed([pool.submit(sum_up, shard) for shard in shards]):
                whole.merge(done.result())
        return whole

    def rows(self, round: Round, unreadable: Callable[[str], None]) -> Iterator[BallotRow]:
        """Every ballot in the order of the keys, all shards merged; memory stays flat.

        `unreadable` is called with the keys of an item that cannot be read as a ballot.
        """
        shards = all_shards(round.poll.shards)
        limit = max(20, HELD // len(shards) // 2)
        pool = ThreadPoolExecutor(MERGED)
        try:
            streams = [ahead(self._pages(round, shard, limit=limit), pool) for shard in shards]
            yield from heapq.merge(
                *(
                    _slips((item for page in pages for item in page), unreadable)
                    for pages in streams
                ),
                key=itemgetter(0),
            )
        finally:
            pool.shutdown(cancel_futures=True)

    def _pages(
        self, round: Round, shard: int, *, limit: int | None = None
    ) -> Iterator[list[dict[str, Any]]]:
        """The items of a partition key in pages of at most 1 MB, strongly consistent."""
        pages = self.client.get_paginator("query").paginate(
            TableName=self.table,
            KeyConditionExpression="pk = :pk",
            ExpressionAttributeValues={":pk": {"S": _pk(round, shard)}},
            ConsistentRead=True,
            PaginationConfig={"PageSize": limit} if limit else {},
        )
        for page in pages:
            yield page["Items"]


def _pk(round: Round, shard: int) -> str:
    return schema.ballot_pk(round.poll.id, round.number, shard)


def _slips(
    items: Iterable[dict[str, Any]], unreadable: Callable[[str], None]
) -> Iterator[BallotRow]:
    for item in items:
        try:
            # One is made for every ballot: this takes two thirds of the time of `BallotRow(...)`.
            slip = BallotRow._make(
                (
                    item["sk"]["S"],
                    item["board"]["S"],
                    {choice: int(count["N"]) for choice, count in item["picks"]["M"].items()},
                    int(item["changed_at"]["N"]),
                    int(item["writes"]["N"]),
                )
            )
        except (AttributeError, KeyError, TypeError, ValueError):
            unreadable(f"{item['pk']['S']} {item['sk']['S']}")
        else:
            yield slip
