"""Ballots as rows of a file: CSV, JSON lines, Parquet."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any, Final, Literal

from services.tools.operations.csv_text import encode_csv
from services.voting.errors import VotingError
from services.voting.recount import Slip

Format = Literal["csv", "jsonl", "parquet"]
GROUP: Final = 10_000
"""Rows of a Parquet row group: what is held at a time."""

KEY: Final = "ballot"
CHANGED_AT: Final = "changed_at_ms"


class ParquetMissingError(VotingError):
    """The library for Parquet is not installed."""

    def __init__(self) -> None:
        super().__init__(
            "--format parquet: pyarrow is not installed: pip install 'voteapp[parquet]', "
            "or take --format csv or jsonl"
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Columns:
    """One column a choice; with keys also whose ballot it is and when it last changed.

    Without keys there is nothing that tells a voter, or when somebody voted.
    """

    choices: tuple[str, ...]
    with_keys: bool

    @property
    def names(self) -> tuple[str, ...]:
        """In order."""
        return (KEY, *self.choices, CHANGED_AT) if self.with_keys else self.choices

    def row(self, slip: Slip) -> dict[str, Any]:
        """A ballot. Raises: KeyError for a choice without a column."""
        counts = dict.fromkeys(self.choices, 0)
        for choice, count in slip.picks.items():
            if choice not in counts:
                raise KeyError(choice)
            counts[choice] = count
        if self.with_keys:
            return {KEY: slip.key, **counts, CHANGED_AT: slip.changed_at_ms}
        return counts


def header(columns: Columns, form: Format) -> bytes:
    """What comes before the rows."""
    return encode_csv([columns.names]) if form == "csv" else b""


def lines(columns: Columns, form: Format, slips: Sequence[Slip]) -> bytes:
    """Rows as CSV; as JSON lines for the other formats."""
    rows = [columns.row(slip) for slip in slips]
    if form == "csv":
        return encode_csv([tuple(row.values()) for row in rows])
    return "".join(f"{json.dumps(row)}\n" for row in rows).encode()


def require(form: Format) -> None:
    """Raises: ParquetMissingError, before any ballot is read."""
    if form == "parquet":
        _arrow()


def to_parquet(part: Path, target: Path, columns: Columns, notes: Mapping[str, str]) -> None:
    """Turn JSON lines into a Parquet file, group by group; `notes` go into its footer."""
    arrow, parquet = _arrow()
    kinds = {KEY: arrow.string(), CHANGED_AT: arrow.int64()}
    fields = [arrow.field(name, kinds.get(name, arrow.int32())) for name in columns.names]
    schema = arrow.schema(fields, metadata=dict(notes))
    with part.open(encoding="utf-8") as rows, parquet.ParquetWriter(target, schema) as writer:
        while group := [json.loads(line) for line in islice(rows, GROUP)]:
            writer.write_table(arrow.Table.from_pylist(group, schema=schema))


def _arrow() -> tuple[Any, Any]:
    try:
        # 50 MB that only Parquet needs, and without types.
        import pyarrow as pa  # type: ignore[import-untyped,import-not-found,unused-ignore]
        from pyarrow import parquet  # type: ignore[import-untyped,import-not-found,unused-ignore]
    except ImportError:
        raise ParquetMissingError from None
    return pa, parquet
