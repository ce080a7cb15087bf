"""What every command shares: `--json`, and how a failure is told."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

import typer
from rich.console import Console
from rich.markup import escape

from services.local.errors import LocalCloudError

FAILED: Final = 1
"""Exit code of a command that found something wrong or could not do its work."""

errors: Final = Console(stderr=True, highlight=False, soft_wrap=True)

Json = typer.Option("--json", help="Print one JSON document instead of text, for scripts.")


def emit(document: object, text: str, *, as_json: bool) -> None:
    """Print a result in the form that was asked for."""
    print(json.dumps(document) if as_json else text)


@contextmanager
def told() -> Iterator[None]:
    """Tell a known failure in words and exit with 1; an unknown one keeps its traceback."""
    try:
        yield
    except LocalCloudError as error:
        errors.print(f"\n[bold red]✗[/] {escape(error.problem)}")
        for line in error.details:
            cut = errors.is_terminal  # what is read by a program or kept in a file stays whole
            errors.print(
                f"  [dim]│[/] {escape(line)}", overflow="ellipsis", no_wrap=cut, soft_wrap=not cut
            )
        errors.print(f"  → {escape(error.remedy)}\n")
        raise typer.Exit(FAILED) from None
