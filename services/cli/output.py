"""What every command shares: `--json`, how a failure is told, and how one is sure."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

import typer
from rich.console import Console

from services.cli.deployment import DeploymentError, translate_aws_errors
from services.tools.local.errors import LocalCloudError
from services.voting.errors import PollFileError, VotingError

FAILED: Final = 1
"""Exit code of a command that found something wrong or could not do its work."""

UNREACHED: Final = 3
"""Exit code of a command that found nothing to work on, or got no answer from it."""

errors: Final = Console(stderr=True, highlight=False, soft_wrap=True, markup=False, emoji=False)
"""Prints words as they are: those of a poll file may hold [brackets]."""

Json = typer.Option("--json", help="Print one JSON document instead of text, for scripts.")
Yes = typer.Option("--yes", "-y", help="Do it without asking.")


def emit(document: object, text: str, *, as_json: bool) -> None:
    """Print a result in the form that was asked for."""
    print(json.dumps(document) if as_json else text)


def confirm(question: str, *, yes: bool) -> None:
    """Ask before something is destroyed; exits with 1 if the answer is no."""
    if not yes:
        typer.confirm(question, abort=True, err=True)


@contextmanager
def exit_on_error() -> Iterator[None]:
    """Tell a known failure in words and exit; an unknown one keeps its traceback."""
    try:
        with translate_aws_errors():
            yield
    except LocalCloudError as error:
        _print_error(error.problem, error.details, error.remedy)
        raise typer.Exit(FAILED) from None
    except DeploymentError as error:
        _print_error(error.problem, (), error.remedy)
        raise typer.Exit(UNREACHED) from None
    except PollFileError as error:
        for line in str(error).splitlines():
            errors.print(line)
        raise typer.Exit(FAILED) from None
    except VotingError as error:
        errors.print(str(error))
        raise typer.Exit(FAILED) from None


def _print_error(problem: str, details: tuple[str, ...], remedy: str) -> None:
    errors.print("\n✗ ", style="bold red", end="")
    errors.print(problem)
    for line in details:
        errors.print("  │ ", style="dim", end="")
        errors.print(line)
    errors.print(f"  → {remedy}\n")
