"""Registers all commands of `voteapp`."""

from importlib.metadata import version
from typing import Annotated

import typer

from services.cli import (
    audit,
    certify,
    connect,
    cost,
    doctor,
    evening,
    export,
    forget,
    lab,
    local,
    poll,
    reconcile,
    rehearse,
    replay,
    results,
    text,
)
from services.cli.output import Json, emit

app = typer.Typer(
    name="voteapp",
    help="People text a word to a phone number; a big screen shows the count, live and exact.",
    epilog="Start with: voteapp demo. Exit codes: 0 done, 1 something is wrong or refused, "
    "2 used wrongly, 3 nothing to work on or no answer.",
    no_args_is_help=True,
    rich_markup_mode="rich",
    pretty_exceptions_show_locals=False,
)
app.command("demo")(local.demo)
app.command("smoke")(local.smoke)
app.command("lab")(lab.lab)
app.add_typer(poll.app, name="poll")
app.command("results")(results.results)
app.command("text")(text.text)
app.command("forget")(forget.forget)
app.command("connect")(connect.connect)
app.command("doctor")(doctor.doctor)
app.command("cost")(cost.cost)
app.add_typer(evening.app, name="evening")
app.command("rehearse")(rehearse.rehearse)
app.command("replay")(replay.replay)
app.command("audit")(audit.audit)
app.command("reconcile")(reconcile.reconcile)
app.command("certify")(certify.certify)
app.command("export")(export.export)


@app.command("version")
def show_version(*, as_json: Annotated[bool, Json] = False) -> None:
    """Print the version."""
    found = version("voteapp")
    emit({"version": found}, found, as_json=as_json)
