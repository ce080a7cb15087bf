"""Reads all ballots of a round, with one query for each partition key."""

import heapq
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Executor, Future, ThreadPoolExecutor, as_completed
from dataclasses import dataclass
from operator import itemgetter
from typing import TYPE_CHECKING, Any, Final, TypeVar

from services.adapters.dynamodb.ballot_items import ballot_of
from services.adapters.dynamodb.keys import pk_of, query, sk_of
from services.voting.ballot import Ballot
from services.voting.poll import Round
from services.voting.ports import Progress
from services.voting.recount import BallotRow, Recount
from services.voting.schema import BOARD, CHANGED_AT, PICKS, SORT_KEY, WRITES, ballot_pk
from services.voting.sharding import all_shards

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

T = TypeVar("T")

CONCURRENT_SHARDS: Final = 4
"""Number of shards that `sums` reads at the same time."""

CONCURRENT_PAGES: Final = 10
"""Number of pages that `rows` fetches at the same time."""

MAX_BUFFERED_BALLOTS: Final = 20_000
"""Approximate number of ballots that `rows` keeps in memory, for any number of shards."""


@dataclass(frozen=True, slots=True)
class DynamoRecounts:
    """The `Recounts` and `AuditedBallots` ports."""

    client: "DynamoDBClient"
    table: str

    def ballots(self, round: Round) -> Iterator[Ballot]:
        """Yield every ballot, shard by shard, with one page in memory.

        Raises:
            KeyError, ValueError: an item is not a ballot.
        """
        for shard in all_shards(round.poll.shards):
            for page in self._pages(round, shard):
                for item in page:
                    yield ballot_of(item)

    def has_ballots(self, round: Round) -> bool:
        """Return True if the round has any item, readable or not (strongly consistent reads)."""
        return any(
            self.client.query(**query(self.table, _pk(round, shard)), ConsistentRead=True, Limit=1)[
                "Count"
            ]
            for shard in all_shards(round.poll.shards)
        )

    def sums(self, round: Round, on_progress: Progress = lambda _: None) -> Recount:
        """Recount a round, with `CONCURRENT_SHARDS` pages in memory."""

        def sum_up(shard: int) -> Recount:
            recount = Recount()
            for page in self._pages(round, shard):
                recount.add(_ballot_rows(page, recount.add_unreadable))
                on_progress(len(page))
            return recount

        total = Recount()
        with ThreadPoolExecutor(CONCURRENT_SHARDS) as pool:
            shards = all_shards(round.poll.shards)
            for done in as_completed([pool.submit(sum_up, shard) for shard in shards]):
                total.merge(done.result())
        return total

    def rows(self, round: Round, unreadable: Callable[[str], None]) -> Iterator[BallotRow]:
        """Yield every ballot of all shards in the order of the keys, in constant memory.

        `unreadable` is called with the keys of each item that is not a ballot.
        """
        shards = all_shards(round.poll.shards)
        limit = max(20, MAX_BUFFERED_BALLOTS // len(shards) // 2)
        pool = ThreadPoolExecutor(CONCURRENT_PAGES)
        try:
            streams = [_prefetch(self._pages(round, shard, limit=limit), pool) for shard in shards]
            yield from heapq.merge(
                *(
                    _ballot_rows((item for page in pages for item in page), unreadable)
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
            **query(self.table, _pk(round, shard)),
            ConsistentRead=True,
            PaginationConfig={"PageSize": limit} if limit else {},
        )
        for page in pages:
            yield page["Items"]


def _pk(round: Round, shard: int) -> str:
    return ballot_pk(round.poll.id, round.number, shard)


def _ballot_rows(
    items: Iterable[dict[str, Any]], unreadable: Callable[[str], None]
) -> Iterator[BallotRow]:
    for item in items:
        try:
            # `_make` takes two thirds of the time of `BallotRow(...)`; there is one per ballot.
            row = BallotRow._make(
                (
                    item[SORT_KEY]["S"],
                    item[BOARD]["S"],
                    {choice: int(count["N"]) for choice, count in item[PICKS]["M"].items()},
                    int(item[CHANGED_AT]["N"]),
                    int(item[WRITES]["N"]),
                )
            )
        except (AttributeError, KeyError, TypeError, ValueError):
            unreadable(f"{pk_of(item)} {sk_of(item)}")
        else:
            yield row


def _prefetch(pages: Iterator[T], pool: Executor) -> Iterator[T]:
    """Return the same pages, fetched at most one ahead by a thread of the pool.

    The first page is requested immediately.
    """
    next_page: Future[T | None] = pool.submit(next, pages, None)

    def read() -> Iterator[T]:
        nonlocal next_page
        while (page := next_page.result()) is not None:
            next_page = pool.submit(next, pages, None)
            yield page

    return read()
