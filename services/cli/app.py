"""Assembles the commands; what they share is in `output`."""

from importlib.metadata import version
from typing import Annotated

import typer

from services.cli import local, poll
from services.cli.output import Json, emit

app = typer.Typer(
    name="voteapp",
    help="People text a word to a phone number; a big screen shows the count, live and exact.",
    epilog="Start with: voteapp demo",
    no_args_is_help=True,
    rich_markup_mode="rich",
    pretty_exceptions_show_locals=False,
)
app.command("demo")(local.demo)
app.command("smoke")(local.smoke)
app.add_typer(poll.app, name="poll")


@app.command("version")
def show_version(*, as_json: Annotated[bool, Json] = False) -> None:
    """Say which version this is."""
    found = version("voteapp")
    emit({"version": found}, found, as_json=as_json)
