"""Shared by audit, certify, export and expire: find a round, build the auditor, show progress."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

import typer
from rich.console import Console
from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

from services.adapters.dynamodb.corrections import DynamoCorrections
from services.adapters.dynamodb.unfolded_records import UnfoldedRecords
from services.adapters.event_source import mapping_state
from services.cli.deployment import Deployment
from services.tools.operations.audits import Auditor
from services.voting.errors import RoundUnknownError
from services.voting.poll import Round

RoundNumber = typer.Option("--round", min=1, help="An earlier round.")
Settle = typer.Option(min=0, help="Maximum seconds to wait until every write is folded.")


def create_auditor(deployment: Deployment, *, settle_seconds: float) -> Auditor:
    """Create the auditor of a deployment."""
    dynamodb, table = deployment.client("dynamodb"), deployment.aggregates_table
    function = deployment.outputs["AggregatorFunction"]
    return Auditor(
        tallies=deployment.tallies,
        recounts=deployment.recounts,
        certificates=deployment.certificates,
        corrections=DynamoCorrections(dynamodb, table),
        mapping=lambda: mapping_state(deployment.client, function),
        settle_seconds=settle_seconds,
    )


def create_unfolded_records(deployment: Deployment) -> UnfoldedRecords:
    """Create the reader of the records that remain in the votes table's stream."""
    return UnfoldedRecords(
        dynamodb=deployment.client("dynamodb"),
        streams=deployment.client("dynamodbstreams"),
        table=deployment.votes_table,
    )


def find_round(deployment: Deployment, poll: str, number: int | None) -> tuple[Round, bool]:
    """Find a round of a poll, by default the current one; also return whether it is current.

    Raises:
        PollUnknownError, RoundUnknownError: no such poll or round.
    """
    rounds = deployment.directory.rounds(poll)
    current = rounds[-1].number
    for round in rounds:
        if round.number == (number or current):
            return round, round.number == current
    raise RoundUnknownError(poll, number or 0, current)


@contextmanager
def show_progress(title: str, *, unit: str = "ballots") -> Iterator[Callable[[int], None]]:
    """Show the number of units read; the yielded function adds to it, from any thread."""
    columns = (
        SpinnerColumn(), TextColumn("{task.description}"),
        TextColumn(f"{{task.completed:,.0f}} {unit}"), TimeElapsedColumn(),
    )  # fmt: skip
    console = Console(stderr=True)
    with Progress(
        *columns, console=console, transient=True, disable=not console.is_terminal
    ) as bar:
        task = bar.add_task(title, total=None)
        yield lambda more: bar.advance(task, more)
