"""Registers all commands of `voteapp`."""

from importlib.metadata import version
from typing import Annotated

import typer

from services.cli import connect, cost, doctor, forget, lab, local, poll, results, text
from services.cli.output import Json, emit
from services.cli.proof import register as register_proof

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
register_proof(app)


@app.command("version")
def show_version(*, as_json: Annotated[bool, Json] = False) -> None:
    """Print the version."""
    found = version("voteapp")
    emit({"version": found}, found, as_json=as_json)
