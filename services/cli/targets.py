"""Checks, before a command starts its work, that its output file can be written."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import Final

import typer

LONGEST_SUFFIX: Final = ".digest.json.draft"
"""The longest suffix of a temporary file beside the target."""


def require_writable(target: Path, *, option: str, value: str) -> None:
    """Check that a file can be written, by creating a temporary file beside it.

    Raises:
        typer.BadParameter: names the option, its value, the problem and the remedy.
    """
    with translate_write_errors(option=option, value=value):
        if problem := _problem(target):
            raise typer.BadParameter(f"{value!r}: {problem}", param_hint=option)
        with NamedTemporaryFile(dir=target.parent, prefix=target.name, suffix=LONGEST_SUFFIX):
            pass


@contextmanager
def translate_write_errors(*, option: str, value: str) -> Iterator[None]:
    """Translate an OSError on the file of an option into a usage error.

    Raises:
        typer.BadParameter: names the option, its value, the problem and the remedy.
    """
    try:
        yield
    except OSError as error:
        problem = f"cannot be written ({error.strerror or error})"
        remedy = "name a file in a folder that you may write to"
        raise typer.BadParameter(f"{value!r}: {problem}: {remedy}", param_hint=option) from None


def _problem(target: Path) -> str:
    """What prevents writing to the target; empty if nothing does."""
    if target.is_dir():
        return "is a folder: name a file in it"
    if not target.parent.is_dir():
        return f"there is no folder {str(target.parent)!r}: make it, or name a file elsewhere"
    if target.exists() and not target.is_file():
        return "is no regular file: name one, or a name that is not taken"
    if target.exists() and not os.access(target, os.W_OK):
        return "is write-protected: take the protection away, or name another file"
    return ""
