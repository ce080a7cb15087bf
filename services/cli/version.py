"""`voteapp version`: prints the version of the installed package."""

from importlib.metadata import version
from typing import Annotated

from services.cli.output import Json, emit


def show_version(*, as_json: Annotated[bool, Json] = False) -> None:
    """Print the version."""
    found = version("voteapp")
    emit({"version": found}, found, as_json=as_json)
