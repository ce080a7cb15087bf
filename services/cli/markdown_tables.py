"""Prints a text with Markdown tables on a terminal: the tables with rules, the rest as it is."""

from itertools import groupby

from rich.table import Table
from rich.text import Text

from services.cli.poll_tables import render


def render_markdown(text: str) -> str:
    """Render the tables of a text for people; `**bold**` loses its marks."""
    blocks = groupby(text.splitlines(), key=lambda line: line.startswith("|"))
    return "\n".join(
        _table([_cells(line) for line in lines]) if is_table else "\n".join(lines)
        for is_table, lines in blocks
    )


def _cells(line: str) -> list[str]:
    return [cell.strip() for cell in line.strip("|").split("|")]


def _table(rows: list[list[str]]) -> str:
    head, alignments, *body = rows
    table = Table(box=None, pad_edge=False, header_style="bold", show_header=any(head))
    for title, alignment in zip(head, alignments, strict=True):
        table.add_column(Text(title), justify="right" if alignment.endswith(":") else "left")
    for row in body:
        table.add_row(*(Text(cell.replace("**", "")) for cell in row))
    return render(table)
