"""The operator's log on DynamoDB: a partition of the polls table for each poll.

Rows are put on condition that there is none under the key, and never changed. A row holds the
whole round as the directory spells it, so it is as large as the poll's file.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from services.adapters.dynamodb.directory_items import UNREADABLE, past_round, round_row
from services.adapters.dynamodb.keys import BELOW, IS_NEW, key_of, query, sk_of
from services.voting import schema
from services.voting.operators_log import LoggedChange

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient


@dataclass(frozen=True, slots=True)
class DynamoOperatorsLog:
    """The `OperatorsLog` port: reads the log (strongly consistent reads)."""

    client: "DynamoDBClient"
    table: str

    def changes(self, poll_id: str | None = None) -> list[LoggedChange]:
        """Return the readable rows of a poll, or of all polls, oldest first."""
        found = [change for _, change in self._rows(poll_id) if change is not None]
        return sorted(found, key=lambda change: change.at_ms)

    def unreadable(self, poll_id: str | None = None) -> list[str]:
        """Return the rows that cannot be read, as "colors, 1800000000000#00000001"."""
        return [name for name, change in self._rows(poll_id) if change is None]

    def _rows(self, poll_id: str | None) -> Iterator[tuple[str, LoggedChange | None]]:
        for one in [poll_id] if poll_id is not None else self._poll_ids():
            for row in self._items(query(self.table, schema.operators_log_pk(one))):
                yield f"{one}, {sk_of(row)}", _change_of(row, one)

    def _poll_ids(self) -> list[str]:
        below = query(self.table, schema.DIRECTORY_PK, BELOW, schema.DIRECTORY_END)
        return [sk_of(row) for row in self._items(below)]

    def _items(self, request: dict[str, Any]) -> Iterator[dict[str, Any]]:
        pages = self.client.get_paginator("query").paginate(**request, ConsistentRead=True)
        for page in pages:
            yield from page["Items"]


def log_item(change: LoggedChange, revision: int, *, is_event: bool = False) -> dict[str, Any]:
    """Build the row of a change; `revision` is that of the poll's row after it.

    `is_event` if the change is not one of the poll's row.
    """
    sk = schema.operators_log_sk(change.at_ms, revision, change.what if is_event else "")
    return {
        **key_of(schema.operators_log_pk(change.round.poll.id), sk),
        **round_row(change.round),
        schema.WHAT: {"S": change.what},
        schema.BY: {"S": change.by},
        **({schema.DETAIL: {"S": change.detail}} if change.detail else {}),
    }


def log_put(
    table: str, change: LoggedChange, revision: int, *, is_event: bool = False
) -> dict[str, Any]:
    """Build the arguments of a put, or of a put in a transaction, of the row of a change."""
    item = log_item(change, revision, is_event=is_event)
    return {"TableName": table, "Item": item, "ConditionExpression": IS_NEW}


def _change_of(row: dict[str, Any], poll_id: str) -> LoggedChange | None:
    try:
        return LoggedChange(
            at_ms=schema.operators_log_at_ms(sk_of(row)),
            what=row[schema.WHAT]["S"],
            by=row[schema.BY]["S"],
            round=past_round(row, poll_id),
            detail=row.get(schema.DETAIL, {}).get("S", ""),
        )
    except UNREADABLE:
        return None
