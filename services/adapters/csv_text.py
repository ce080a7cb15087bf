"""The only writer of CSV: no cell that it writes is a formula to a spreadsheet.

The words of a cell may come from a poll file, which is anybody's. Source of the rule: OWASP,
"CSV Injection".
"""

import csv
import io
from collections.abc import Iterable, Sequence
from typing import Final

FORMULA_STARTS: Final = ("=", "+", "-", "@", "\t", "\r")
"""A spreadsheet takes a cell that begins with one of these for a formula."""


def encode_csv(rows: Iterable[Sequence[object]]) -> bytes:
    """Rows as CSV in UTF-8, each ended by a line feed. Numbers stay numbers."""
    writer = csv.writer(text := io.StringIO(), lineterminator="\n")
    writer.writerows([_disarm(cell) for cell in row] for row in rows)
    return text.getvalue().encode()


def _disarm(cell: object) -> object:
    """The cell; with a single quote before it if a spreadsheet would calculate it."""
    return f"'{cell}" if isinstance(cell, str) and cell.startswith(FORMULA_STARTS) else cell
