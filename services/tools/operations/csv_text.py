"""Writes CSV in which no cell is a formula to a spreadsheet.

Cells contain words from poll files, which are untrusted. Sources: OWASP, "CSV Injection"; RFC
4180. The standard library's writer does not quote carriage returns before Python 3.13, so the rest
of such a cell would begin a new row.
"""

from collections.abc import Iterable, Sequence
from typing import Final

FORMULA_STARTS: Final = ("=", "+", "-", "@", "\t", "\r")
"""Spreadsheets treat cells that begin with one of these as formulas."""
_NEEDS_QUOTES: Final = frozenset(',"\r\n')


def encode_csv(rows: Iterable[Sequence[str | int]]) -> bytes:
    """Encode rows in UTF-8, each ended by a line feed; numbers stay numbers."""
    return "".join(f"{','.join(map(_field, row))}\n" for row in rows).encode()


def _field(cell: str | int) -> str:
    """A leading single quote makes a spreadsheet show a formula as text."""
    if isinstance(cell, int):
        return str(cell)
    escaped = f"'{cell}" if cell.startswith(FORMULA_STARTS) else cell
    if _NEEDS_QUOTES.isdisjoint(escaped):
        return escaped
    doubled = escaped.replace('"', '""')
    return f'"{doubled}"'
