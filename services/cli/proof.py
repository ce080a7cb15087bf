"""Registers the commands that verify a count: evening, replay, audit, certify, export."""

import typer

from services.cli import evening
from services.cli.audit import audit
from services.cli.certify import certify
from services.cli.export import export
from services.cli.replay import replay


def register(app: typer.Typer) -> None:
    """Add the commands to the app."""
    app.add_typer(evening.app, name="evening")
    app.command("replay")(replay)
    app.command("audit")(audit)
    app.command("certify")(certify)
    app.command("export")(export)
