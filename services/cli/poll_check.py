"""`voteapp poll check`, `schema` and `reference`: poll files, without a deployment or AWS."""

from pathlib import Path
from typing import Annotated

import typer

from services.cli import poll_files
from services.cli.output import FAILED, Json, emit, errors
from services.polls import reference


def check(
    paths: Annotated[
        list[Path] | None,
        typer.Argument(
            metavar="FILES", help="Poll files, or folders of them; without any, polls/."
        ),
    ] = None,
    *,
    as_json: Annotated[bool, Json] = False,
) -> None:
    """Print every problem of poll files with file, line, key, value and remedy.

    Exits with 1 on any problem that is not only a warning. The deploy makes the same checks.
    """
    files = [
        file
        for path in paths or [poll_files.FOLDER]
        for file in (find_poll_files(path) if paths is None or path.is_dir() else [path])
    ]
    found = poll_files.read(files)
    emit(found.document, found.text, as_json=as_json)
    if not found.is_usable:
        raise typer.Exit(FAILED)


def schema() -> None:
    """Print the JSON Schema of poll files, generated from the table of fields."""
    print(reference.json_schema(), end="")


def print_reference() -> None:
    """Print the reference of poll files (docs/polls.md), generated from the same table."""
    print(reference.reference(), end="")


def find_poll_files(folder: Path) -> list[Path]:
    """List the poll files of a folder, or say that there are none and exit."""
    found = poll_files.list_poll_files(folder)
    if not found:
        errors.print(f"{folder}/: no poll file: write {folder}/<id>.toml, or name another folder")
        raise typer.Exit(FAILED)
    return found
