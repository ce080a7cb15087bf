"""Tally rows on DynamoDB: the conditional write that makes the count exact."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from services.adapters.dynamodb.former_rows import FormerRows
from services.adapters.dynamodb.keys import IS_NEW, PREFIX, key_of, query, sk_of
from services.adapters.dynamodb.tally_items import base_of, is_closed, numbers_of, rows_of
from services.voting import schema
from services.voting.errors import RowMergedError, StoreUnavailableError
from services.voting.merging import BaseRow, StoredRow, counted_rows, sum_rows
from services.voting.tally import Delta, TallyRow, Totals

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

# The row exists, and its watermark is below the first record of this delta.
_IS_AHEAD: Final = f"{schema.WATERMARK} < :first"
_ATTEMPTS: Final = 3
"""Attempts to write a row while another event source mapping creates it."""


@dataclass(frozen=True, slots=True)
class DynamoTallies:
    """The `Tallies` and `AuditedTallies` ports."""

    client: "DynamoDBClient"
    table: str

    def apply(self, row: TallyRow, delta: Delta) -> str | None:
        """Add counts and move the watermark in one UpdateItem; the first time, by a transaction.

        Raises:
            RowMergedError: the row was merged into the base row, or deleted.
            StoreUnavailableError: others keep writing the row while it is created.
        """
        is_gone = False
        for _ in range(_ATTEMPTS):
            try:
                return self._update(row, delta)
            except _NoRowError:
                former = self._former.find(row.board, _sk(row))
            if former and not is_closed(former):
                watermark = str(former[schema.WATERMARK]["S"])
                if watermark >= delta.first:
                    return watermark
            is_gone = (former is not None and is_closed(former)) or self._is_merged(row)
            if not is_gone and self._create(row, delta, former):
                return None
        if is_gone:
            raise RowMergedError(row.board, row.round, row.stream_shard)
        raise StoreUnavailableError("the first write of a tally row")

    def totals(self, board: str, round_number: int) -> Totals:
        """Sum the rows of a round."""
        base, rows = self.rows(board, round_number)
        return sum_rows(rows, base)

    def rows(self, board: str, round_number: int) -> tuple[BaseRow, list[StoredRow]]:
        """Return the base row of a round, empty if there is none, and its other rows."""
        return rows_of(self._items(board, round_number), round_number)

    def watermarks(self, board: str, round_number: int) -> dict[tuple[str, str], str]:
        """Return the last folded sequence number by (stream label, stream shard)."""
        items = {sk_of(item): item for item in self._items(board, round_number)}
        base, rows = rows_of(items.values(), round_number)
        return {
            row.name: items[row.place][schema.WATERMARK]["S"]
            for row in counted_rows(rows, base)
            if "S" in items[row.place].get(schema.WATERMARK, {})
        }

    @property
    def _former(self) -> FormerRows:
        return FormerRows(self.client, self.table)

    def _items(self, board: str, round_number: int) -> Iterator[dict[str, Any]]:
        pages = self.client.get_paginator("query").paginate(
            **query(self.table, board, PREFIX, schema.round_prefix(round_number)),
            ConsistentRead=True,
        )
        for page in pages:
            yield from page["Items"]
        yield from self._former.tallies(board, round_number)

    def _update(self, row: TallyRow, delta: Delta) -> str | None:
        """Update a row, or return its watermark. Raises: _NoRowError."""
        names, values, moves = _moves(delta)
        try:
            self.client.update_item(
                TableName=self.table,
                Key=key_of(row.board, _sk(row)),
                UpdateExpression=f"ADD {moves} SET {_marks(delta)}",
                ConditionExpression=_IS_AHEAD,
                ExpressionAttributeNames=names,
                ExpressionAttributeValues=values,
                ReturnValuesOnConditionCheckFailure="ALL_OLD",
            )
        except self.client.exceptions.ConditionalCheckFailedException as error:
            old: dict[str, Any] | None = error.response.get("Item")  # type: ignore[assignment]
            if not old:
                raise _NoRowError from None
            return str(old[schema.WATERMARK]["S"])
        return None

    def _create(self, row: TallyRow, delta: Delta, former: dict[str, Any] | None) -> bool:
        """Create a row with what an older version has counted, and close that version's row.

        Returns False if somebody else wrote one of them meanwhile.
        """
        put = {
            "TableName": self.table,
            "Item": _first_item(row, delta, former or {}),
            "ConditionExpression": IS_NEW,
        }
        writes: Any = [{"Put": put}, self._former.closing(row.board, _sk(row), former)]
        try:
            self.client.transact_write_items(TransactItems=writes)
        except self.client.exceptions.TransactionCanceledException:
            return False
        return True

    def _is_merged(self, row: TallyRow) -> bool:
        """Whether the base row includes the row."""
        answer = self.client.get_item(
            TableName=self.table,
            Key=key_of(row.board, schema.base_sk(row.round)),
            ConsistentRead=True,
        )
        base = base_of(answer["Item"]).merged if "Item" in answer else {}
        return (row.stream_label, row.stream_shard) in base


class _NoRowError(Exception):
    """There is no row under the key."""


def _sk(row: TallyRow) -> str:
    return schema.tally_sk(row.round, row.stream_label, row.stream_shard)


def _first_item(row: TallyRow, delta: Delta, former: dict[str, Any]) -> dict[str, Any]:
    """Build a new row: the counts of the former one and the delta."""
    counted = {name: int(value["N"]) for name, value in former.items() if "N" in value}
    moved = _numbers_of(delta)
    numbers = counted | {name: counted.get(name, 0) + count for name, count in moved.items()}
    if delta.as_of_ms:
        numbers[schema.AS_OF] = delta.as_of_ms
    return {
        **key_of(row.board, _sk(row)),
        **{name: {"N": str(number)} for name, number in numbers.items()},
        schema.WATERMARK: {"S": delta.last},
    }


def _numbers_of(delta: Delta) -> dict[str, int]:
    return numbers_of(
        Totals(
            picks=delta.picks,
            voters=delta.voters,
            folded=delta.folded,
            bad=delta.bad,
            removed=delta.removed,
        )
    )


def _moves(delta: Delta) -> tuple[dict[str, str], dict[str, Any], str]:
    sums = list(_numbers_of(delta).items())
    names = {f"#n{place}": name for place, (name, _) in enumerate(sums)}
    values: dict[str, Any] = {
        f":n{place}": {"N": str(count)} for place, (_, count) in enumerate(sums)
    }
    values |= {":first": {"S": delta.first}, ":last": {"S": delta.last}}
    if delta.as_of_ms:
        values[":as_of"] = {"N": str(delta.as_of_ms)}
    return names, values, ", ".join(f"#n{place} :n{place}" for place in range(len(sums)))


def _marks(delta: Delta) -> str:
    """A delta of deleted ballots only has no time and keeps that of the newest vote."""
    last = f"{schema.WATERMARK} = :last"
    return f"{last}, {schema.AS_OF} = :as_of" if delta.as_of_ms else last
