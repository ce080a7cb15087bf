"""Copies the directory from the table of aggregates, where older versions kept it.

The rows of polls, of their past rounds and of allow lists go to the table of polls as they are,
also unreadable ones. A row is only put if the table of polls has none under its key, or an older
revision of a poll; so the copy may be repeated at any time. The old rows stay.

A list of phones may have 100,000 rows, all in the partition of the directory, which takes 1,000
writes a second. So these rows are put one by one, each for one write unit (in a transaction, two),
and by a few threads: about 400 a second, which is four minutes. The polls come last, in
transactions with their rows of the log: a poll that is there has its list and its past rounds.
"""

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from services.adapters.clock import now_ms
from services.adapters.dynamodb.directory_items import UNREADABLE, entry_of
from services.adapters.dynamodb.keys import IS_NEW, query, sk_of
from services.adapters.dynamodb.operators_log import log_put
from services.voting import schema
from services.voting.operators_log import LoggedChange

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

_BATCH: Final = 25
_ATTEMPTS: Final = 5
_THREADS: Final = 4

# The polls table has no such poll, or an older revision of it.
_IS_NEWER: Final = f"{IS_NEW} OR {schema.REVISION} < :revision"

Item = dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class DirectoryCopy:
    """Copies the rows of the directory from one table to the other."""

    client: "DynamoDBClient"
    source: str
    target: str
    by: str
    clock: Callable[[], int] = field(default=now_ms)

    def run(self) -> int:
        """Copy what the target does not have; return how many rows it was.

        Each poll gets a row `copied` in the operator's log, in the same transaction.

        Raises:
            ClientError: the tables changed at every attempt, or could not be read or written.
        """
        for _ in range(_ATTEMPTS - 1):
            try:
                return self._copy_missing()
            except self.client.exceptions.TransactionCanceledException:
                continue  # somebody has just written one of the rows
        return self._copy_missing()

    def _copy_missing(self) -> int:
        held = {sk_of(item): _revision_of(item) for item in self._items(self.target)}
        missing = [
            item
            for item in self._items(self.source)
            if sk_of(item) not in held or _revision_of(item) > held[sk_of(item)]
        ]
        polls = [item for item in missing if _is_poll(item)]
        with ThreadPoolExecutor(_THREADS) as threads:
            others = (item for item in missing if not _is_poll(item))
            done = sum(threads.map(self._put, others))
        for start in range(0, len(polls), _BATCH):
            self._put_polls(polls[start : start + _BATCH])
        return done + len(polls)

    def _put(self, item: Item) -> bool:
        """Put a row that no other one belongs to; return False if somebody has just done so."""
        try:
            self.client.put_item(TableName=self.target, Item=item, ConditionExpression=IS_NEW)
        except self.client.exceptions.ConditionalCheckFailedException:
            return False
        return True

    def _put_polls(self, items: Sequence[Item]) -> None:
        puts = [put for item in items for put in self._puts(item)]
        self.client.transact_write_items(TransactItems=[{"Put": put} for put in puts])

    def _puts(self, item: Item) -> Iterator[Any]:
        put: Item = {"TableName": self.target, "Item": item, "ConditionExpression": IS_NEW}
        if revision := _revision_of(item):
            put["ConditionExpression"] = _IS_NEWER
            put["ExpressionAttributeValues"] = {":revision": {"N": str(revision)}}
        yield put
        yield from self._log_puts(item)

    def _log_puts(self, item: Item) -> Iterator[Item]:
        try:
            entry = entry_of(item)
        except UNREADABLE:
            return
        at_ms = max(self.clock(), entry.round.changed_at_ms)
        change = LoggedChange(at_ms=at_ms, what="copied", by=self.by, round=entry.round)
        yield log_put(self.target, change, entry.revision, is_event=True)

    def _items(self, table: str) -> Iterator[Item]:
        pages = self.client.get_paginator("query").paginate(
            **query(table, schema.DIRECTORY_PK), ConsistentRead=True
        )
        for page in pages:
            yield from page["Items"]


def _is_poll(item: Item) -> bool:
    return not sk_of(item).startswith(schema.DIRECTORY_END)


def _revision_of(item: Item) -> int:
    """Return the revision of a poll's row; 0 for other rows and for malformed ones."""
    try:
        return int(item[schema.REVISION]["N"])
    except (KeyError, ValueError):
        return 0
