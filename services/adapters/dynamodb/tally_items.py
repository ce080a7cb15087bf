"""Translates the items of a board: tally rows, correction rows and base rows."""

from collections.abc import Iterable, Mapping
from typing import Any

from services.adapters.dynamodb.keys import key_of, sk_of
from services.voting import schema
from services.voting.merging import BaseRow, MergedRow, RowName, StoredRow
from services.voting.tally import Totals

Item = Mapping[str, Any]


def rows_of(items: Iterable[Item], round_number: int) -> tuple[BaseRow, list[StoredRow]]:
    """The base row of a round, empty if there is none, and its tally and correction rows.

    Items under the keys of older versions are read like the others; other items are left out.
    """
    base, rows = BaseRow(), []
    tallies = schema.tally_prefix(round_number)
    for item in items:
        sk = sk_of(item)
        if sk == schema.base_sk(round_number):
            base = base_of(item)
        elif sk.startswith((tallies, f"{schema.former_sk(tallies)}#")):
            rows.append(row_of(item))
    return base, rows


def row_of(item: Item) -> StoredRow:
    """Read a tally row or a correction row."""
    sk = sk_of(item)
    return StoredRow(
        name=schema.stream_shard_of(sk),
        place=sk,
        totals=totals_of(item),
        version=int(item.get(schema.FOLDED, {}).get("N", "0")),
        is_closed=is_closed(item),
    )


def is_closed(item: Item) -> bool:
    """Whether no version may write this item any more: its watermark is a number."""
    return "N" in item.get(schema.WATERMARK, {})


def base_of(item: Item) -> BaseRow:
    """Read a base row."""
    merged = item[schema.MERGED]["M"].items()
    return BaseRow(
        totals=totals_of(item),
        merged={_name_of(key): _merged_row(entry["M"]) for key, entry in merged},
        revision=int(item[schema.REVISION]["N"]),
    )


def base_item(board: str, round_number: int, base: BaseRow) -> dict[str, Any]:
    """Build the item of a base row."""
    merged = {"#".join(name): {"M": _merged_item(row)} for name, row in base.merged.items()}
    return {
        **key_of(board, schema.base_sk(round_number)),
        **{name: {"N": str(number)} for name, number in numbers_of(base.totals).items()},
        schema.AS_OF: {"N": str(base.totals.as_of_ms)},
        schema.MERGED: {"M": merged},
        schema.REVISION: {"N": str(base.revision)},
    }


def numbers_of(totals: Totals) -> dict[str, int]:
    """The attributes of a tally row that are sums; only rows with deleted items have `removed`."""
    counts = {schema.count_attribute(choice): count for choice, count in totals.picks.items()}
    sums = {schema.VOTERS: totals.voters, schema.FOLDED: totals.folded, schema.BAD: totals.bad}
    return counts | sums | ({schema.REMOVED: totals.removed} if totals.removed else {})


def totals_of(item: Item) -> Totals:
    """Read the counts of a row; an attribute that it lacks is 0."""
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


def _name_of(key: str) -> RowName:
    stream_label, _, stream_shard = key.partition("#")
    return stream_label, stream_shard


def _merged_row(entry: Item) -> MergedRow:
    deleted_at = entry.get(schema.DELETED_AT)
    return MergedRow(
        at_ms=int(entry[schema.MERGED_AT]["N"]),
        version=int(entry[schema.FOLDED]["N"]),
        deleted_at_ms=int(deleted_at["N"]) if deleted_at else None,
    )


def _merged_item(row: MergedRow) -> dict[str, Any]:
    numbers = {schema.MERGED_AT: row.at_ms, schema.FOLDED: row.version}
    if row.deleted_at_ms is not None:
        numbers[schema.DELETED_AT] = row.deleted_at_ms
    return {name: {"N": str(number)} for name, number in numbers.items()}
