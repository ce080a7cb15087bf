"""Tally rows on DynamoDB: the conditional write that makes the count exact."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from services.adapters.dynamodb.keys import PREFIX, key_of, query, sk_of
from services.voting import schema
from services.voting.tally import Delta, TallyRow, Totals, add_up

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

# The row is new, or its watermark is below the first record of this delta.
_IS_AHEAD = f"attribute_not_exists({schema.WATERMARK}) OR {schema.WATERMARK} < :first"


@dataclass(frozen=True, slots=True)
class DynamoTallies:
    """The `Tallies` and `AuditedTallies` ports."""

    client: "DynamoDBClient"
    table: str

    def apply(self, row: TallyRow, delta: Delta) -> str | None:
        """Add counts and move the watermark in one UpdateItem."""
        names, values, moves = _moves(delta)
        try:
            self.client.update_item(
                TableName=self.table,
                Key=_key(row),
                UpdateExpression=f"ADD {moves} SET {_marks(delta)}",
                ConditionExpression=_IS_AHEAD,
                ExpressionAttributeNames=names,
                ExpressionAttributeValues=values,
                ReturnValuesOnConditionCheckFailure="ALL_OLD",
            )
        except self.client.exceptions.ConditionalCheckFailedException as error:
            old: dict[str, Any] = error.response["Item"]  # type: ignore[typeddict-item]
            return str(old[schema.WATERMARK]["S"])
        return None

    def totals(self, board: str, round_number: int) -> Totals:
        """Sum the rows of a round."""
        return sum_rows(self._rows(board, round_number), round_number)

    def watermarks(self, board: str, round_number: int) -> dict[tuple[str, str], str]:
        """Return the last folded sequence number by (stream label, stream shard)."""
        return {
            schema.watermark_row(sk_of(item)): item[schema.WATERMARK]["S"]
            for item in self._rows(board, round_number)
            if schema.WATERMARK in item
        }

    def _rows(self, board: str, round_number: int) -> Iterator[dict[str, Any]]:
        pages = self.client.get_paginator("query").paginate(
            **query(self.table, board, PREFIX, schema.tally_prefix(round_number)),
            ConsistentRead=True,
        )
        for page in pages:
            yield from page["Items"]


def tally_rows(items: Iterable[Mapping[str, Any]], round_number: int) -> list[Mapping[str, Any]]:
    """Pick the tally rows of a round from the items of a board."""
    return [item for item in items if sk_of(item).startswith(schema.tally_prefix(round_number))]


def sum_rows(items: Iterable[Mapping[str, Any]], round_number: int) -> Totals:
    """Sum the tally rows of a round; every reader in Python does it by this function.

    Raises:
        ValueError: a row has a number that is not whole.
    """
    return add_up(map(_totals_of, tally_rows(items, round_number)))


def count_writes(items: Iterable[Mapping[str, Any]], round_number: int) -> int:
    """Count what was written to the tally rows of a round: records folded, and corrections.

    Each write of a row adds to it, so of two readings the one with the larger number is newer.
    """
    rows = tally_rows(items, round_number)
    return sum(int(row.get(schema.FOLDED, {}).get("N", "0")) for row in rows)


def _key(row: TallyRow) -> dict[str, Any]:
    sk = schema.tally_sk(row.round, row.stream_label, row.stream_shard)
    return key_of(row.board, sk)


def _moves(delta: Delta) -> tuple[dict[str, str], dict[str, Any], str]:
    counts = {f"c{place}": pick for place, pick in enumerate(delta.picks.items())}
    names = {f"#{name}": schema.count_attribute(choice) for name, (choice, _) in counts.items()}
    sums = {name: count for name, (_, count) in counts.items()}
    more = {schema.VOTERS: delta.voters, schema.FOLDED: delta.folded, schema.BAD: delta.bad}
    # Only rows with deleted items have this attribute.
    more |= {schema.REMOVED: delta.removed} if delta.removed else {}
    sums |= more
    values: dict[str, Any] = {f":{name}": {"N": str(count)} for name, count in sums.items()}
    values |= {":first": {"S": delta.first}, ":last": {"S": delta.last}}
    if delta.as_of_ms:
        values[":as_of"] = {"N": str(delta.as_of_ms)}
    names |= {f"#{name}": name for name in more}
    return names, values, ", ".join(f"#{name} :{name}" for name in sums)


def _marks(delta: Delta) -> str:
    """A delta of deleted ballots only has no time and keeps that of the newest vote."""
    last = f"{schema.WATERMARK} = :last"
    return f"{last}, {schema.AS_OF} = :as_of" if delta.as_of_ms else last


def _totals_of(item: Mapping[str, Any]) -> Totals:
    counts = {name: int(value["N"]) for name, value in item.items() if "N" in value}
    # The correction row's own `folded` counts corrections, not records.
    records = schema.MISSING if schema.is_correction(sk_of(item)) else schema.FOLDED
    prefix = schema.COUNT_PREFIX
    return Totals(
        picks={
            name.removeprefix(prefix): count
            for name, count in counts.items()
            if name.startswith(prefix)
        },
        voters=counts.get(schema.VOTERS, 0),
        folded=counts.get(records, 0),
        bad=counts.get(schema.BAD, 0),
        as_of_ms=counts.get(schema.AS_OF, 0),
        removed=counts.get(schema.REMOVED, 0),
    )
