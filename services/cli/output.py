"""Shared by all commands: options, output as text or JSON, confirmation, exit codes."""

import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Final

import typer
from rich.console import Console

from services.adapters.secrets import UnusableSecretError
from services.cli.aws_session import DeploymentError, translate_aws_errors
from services.voting.errors import PollFileError, VotingError

FAILED: Final = 1
"""Exit code if a check failed or the command could not do its work."""

UNREACHED: Final = 3
"""Exit code if no deployment was found or it did not answer."""

errors: Final = Console(stderr=True, highlight=False, soft_wrap=True, markup=False, emoji=False)
"""Without markup: poll files may contain [brackets]."""

Json = typer.Option("--json", help="Print one JSON document instead of text, for scripts.")
Yes = typer.Option("--yes", "-y", help="Do not ask for confirmation.")


def emit(
    document: Mapping[str, object], text: str, *, as_json: bool, stack: str | None = None
) -> None:
    """Print a result as one JSON document or as text, and the stack that it is about.

    The stack is part of the document; beside a text it is named on standard error.
    """
    if as_json:
        print(json.dumps({"stack": stack, **document} if stack else document))
        return
    print(text)
    name_stack(stack)


def name_stack(stack: str | None) -> None:
    """Print on standard error which stack a command has worked on."""
    if stack:
        errors.print(f"on {stack}", style="dim")


def confirm(question: str, *, yes: bool) -> None:
    """Ask before a change; exit with 1 if the answer is no."""
    if not yes:
        typer.confirm(question, abort=True, err=True)


@contextmanager
def exit_on_error() -> Iterator[None]:
    """Print a known error and exit with its code; unknown errors keep their traceback."""
    try:
        with translate_aws_errors():
            yield
    except DeploymentError as error:
        print_error(error.problem, (), error.remedy)
        raise typer.Exit(UNREACHED) from None
    except PollFileError as error:
        for line in str(error).splitlines():
            errors.print(line)
        raise typer.Exit(FAILED) from None
    except (VotingError, UnusableSecretError) as error:
        errors.print(str(error))
        raise typer.Exit(FAILED) from None


def print_error(problem: str, details: Sequence[str], remedy: str) -> None:
    """Print what is wrong, its details, and what to do, on standard error."""
    errors.print("\n✗ ", style="bold red", end="")
    errors.print(problem)
    for line in details:
        errors.print("  │ ", style="dim", end="")
        errors.print(line)
    errors.print(f"  → {remedy}\n")
