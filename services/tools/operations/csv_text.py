"""The only writer of CSV: no cell that it writes is a formula to a spreadsheet.

The words of a cell may come from a poll file, which is anybody's. Sources: OWASP, "CSV
Injection"; RFC 4180. Not the standard library's writer: before Python 3.13 it leaves a
carriage return unquoted, and what follows it would be a cell of a new row.
"""

from collections.abc import Iterable, Sequence
from typing import Final

FORMULA_STARTS: Final = ("=", "+", "-", "@", "\t", "\r")
"""A spreadsheet takes a cell that begins with one of these for a formula."""
_QUOTED: Final = frozenset(',"\r\n')


def encode_csv(rows: Iterable[Sequence[str | int]]) -> bytes:
    """Rows as CSV in UTF-8, each ended by a line feed. Numbers stay numbers."""
    return "".join(f"{','.join(map(_field, row))}\n" for row in rows).encode()


def _field(cell: str | int) -> str:
    """The cell; with a single quote before it if a spreadsheet would calculate it."""
    if isinstance(cell, int):
        return str(cell)
    shown = f"'{cell}" if cell.startswith(FORMULA_STARTS) else cell
    if _QUOTED.isdisjoint(shown):
        return shown
    doubled = shown.replace('"', '""')
    return f'"{doubled}"'
