"""Merges the tally rows of a board into the base rows of its rounds, by conditional transactions.

Each write replaces a base row on condition that nobody else has written it, and that every row
that it adds or deletes is as it was read. So a run that is killed, repeated, or beside another
one changes no sum.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from services.adapters.dynamodb.former_rows import FormerRows
from services.adapters.dynamodb.keys import IS_NEW, key_of, query, sk_of
from services.adapters.dynamodb.tallies import DynamoTallies
from services.adapters.dynamodb.tally_items import base_item
from services.voting import schema
from services.voting.errors import StoreUnavailableError
from services.voting.merging import BaseRow, LiveShards, MergePlan, RowName, StoredRow, plan_merge

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

MOST_ROWS: Final = 45
"""Rows in one write. A transaction has at most 100 items, and a row may be under two keys."""
_ATTEMPTS: Final = 5
"""Consecutive writes of one round that others may be faster than."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MergedRound:
    """What was done for one round of a board. `changed` rows must be looked at by a person."""

    round: int
    merged: int
    deleted: int
    changed: tuple[RowName, ...]


@dataclass(frozen=True, slots=True)
class DynamoMergedRows:
    """The base rows of the aggregates table."""

    client: "DynamoDBClient"
    table: str

    def merge_board(self, board: str, shards: LiveShards) -> Iterator[MergedRound]:
        """Merge, delete and forget what is due in every round of a board.

        Raises:
            StoreUnavailableError: others keep writing the same base row.
        """
        items = self._items(board)
        FormerRows(self.client, self.table).settle(board, items, shards.now_ms)
        for round_number in _rounds_of(items):
            done = self.merge_round(board, round_number, shards)
            if done.merged or done.deleted or done.changed:
                yield done

    def merge_round(self, board: str, round_number: int, shards: LiveShards) -> MergedRound:
        """Write the base row of a round until nothing is due."""
        merged = deleted = failures = 0
        while failures < _ATTEMPTS:
            base, rows = DynamoTallies(self.client, self.table).rows(board, round_number)
            plan = plan_merge(rows, base, live_shards=shards, now_ms=shards.now_ms, most=MOST_ROWS)
            if plan is None or plan.base.revision == base.revision:
                changed = plan.changed if plan else ()
                return MergedRound(
                    round=round_number, merged=merged, deleted=deleted, changed=changed
                )
            if self._write(board, round_number, base, plan):
                merged += len(plan.merged)
                deleted += len({row.name for row in plan.deleted})
            else:
                failures += 1
        raise StoreUnavailableError("merging the rows of a round")

    def _write(self, board: str, round_number: int, before: BaseRow, plan: MergePlan) -> bool:
        """Write a plan in one transaction; return False if a row is not as it was read."""
        put = {"TableName": self.table, "Item": base_item(board, round_number, plan.base)}
        writes: Any = [
            {"Put": {**put, **_is_revision(before.revision)}},
            *({"ConditionCheck": self._as_read(board, row)} for row in plan.merged),
            *({"Delete": self._as_read(board, row)} for row in plan.deleted),
        ]
        try:
            self.client.transact_write_items(TransactItems=writes)
        except self.client.exceptions.TransactionCanceledException:
            return False
        return True

    def _as_read(self, board: str, row: StoredRow) -> dict[str, Any]:
        return {
            "TableName": self.table,
            "Key": key_of(board, row.place),
            "ConditionExpression": f"{schema.FOLDED} = :version",
            "ExpressionAttributeValues": {":version": {"N": str(row.version)}},
        }

    def _items(self, board: str) -> list[dict[str, Any]]:
        pages = self.client.get_paginator("query").paginate(
            **query(self.table, board), ConsistentRead=True
        )
        return [item for page in pages for item in page["Items"]]


def _is_revision(revision: int) -> dict[str, Any]:
    if not revision:
        return {"ConditionExpression": IS_NEW}
    return {
        "ConditionExpression": f"{schema.REVISION} = :revision",
        "ExpressionAttributeValues": {":revision": {"N": str(revision)}},
    }


def _rounds_of(items: Iterable[dict[str, Any]]) -> list[int]:
    """The numbers of the rounds that have tally rows or a base row."""
    found = set()
    for item in items:
        sk = sk_of(item)
        current = schema.sk_from_former(sk) if sk.startswith(schema.FORMER_TALLIES) else sk
        number, _, row = current.partition("#")
        if number.isdigit() and row.partition("#")[0] in {"tally", "base"}:
            found.add(int(number))
    return sorted(found)
