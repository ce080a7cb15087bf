"""Writes ballots as rows of CSV, JSON lines or Parquet."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any, Final, Literal

from services.tools.operations.csv_text import encode_csv
from services.voting.errors import VotingError
from services.voting.recount import BallotRow

Format = Literal["csv", "jsonl", "parquet"]
ROW_GROUP: Final = 10_000
"""Number of rows in a Parquet row group, which is built in memory."""

KEY: Final = "ballot"
CHANGED_AT: Final = "changed_at_ms"


class ParquetMissingError(VotingError):
    """pyarrow is not installed."""

    def __init__(self) -> None:
        super().__init__(
            "--format parquet: pyarrow is not installed: pip install 'voteapp[parquet]', "
            "or take --format csv or jsonl"
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Columns:
    """The columns: one per choice, and with keys also the ballot's key and time of last change.

    Without keys, no column identifies a voter or the time of a vote.
    """

    choices: tuple[str, ...]
    with_keys: bool

    @property
    def names(self) -> tuple[str, ...]:
        """Return the names of the columns in order."""
        return (KEY, *self.choices, CHANGED_AT) if self.with_keys else self.choices

    def row(self, ballot: BallotRow) -> dict[str, Any]:
        """Return a ballot by column. Raises: KeyError for a choice without a column."""
        counts = dict.fromkeys(self.choices, 0)
        for choice, count in ballot.picks.items():
            if choice not in counts:
                raise KeyError(choice)
            counts[choice] = count
        if self.with_keys:
            return {KEY: ballot.key, **counts, CHANGED_AT: ballot.changed_at_ms}
        return counts


def header(columns: Columns, form: Format) -> bytes:
    """Return the bytes before the first row."""
    return encode_csv([columns.names]) if form == "csv" else b""


def lines(columns: Columns, form: Format, ballots: Sequence[BallotRow]) -> bytes:
    """Encode rows as CSV, or as JSON lines for the other formats."""
    rows = [columns.row(ballot) for ballot in ballots]
    if form == "csv":
        return encode_csv([tuple(row.values()) for row in rows])
    return "".join(f"{json.dumps(row)}\n" for row in rows).encode()


def require(form: Format) -> None:
    """Check that the format's library is installed. Raises: ParquetMissingError."""
    if form == "parquet":
        _arrow()


def to_parquet(part: Path, target: Path, columns: Columns, notes: Mapping[str, str]) -> None:
    """Convert JSON lines to Parquet, one row group at a time; `notes` go into its footer."""
    arrow, parquet = _arrow()
    kinds = {KEY: arrow.string(), CHANGED_AT: arrow.int64()}
    fields = [arrow.field(name, kinds.get(name, arrow.int32())) for name in columns.names]
    schema = arrow.schema(fields, metadata=dict(notes))
    with part.open(encoding="utf-8") as rows, parquet.ParquetWriter(target, schema) as writer:
        while group := [json.loads(line) for line in islice(rows, ROW_GROUP)]:
            writer.write_table(arrow.Table.from_pylist(group, schema=schema))


def _arrow() -> tuple[Any, Any]:
    try:
        # Optional: 50 MB, and without type hints.
        import pyarrow as pa  # type: ignore[import-untyped,import-not-found,unused-ignore]
        from pyarrow import parquet  # type: ignore[import-untyped,import-not-found,unused-ignore]
    except ImportError:
        raise ParquetMissingError from None
    return pa, parquet
