"""`voteapp export`: writes all ballots of a round to a file or to S3."""

from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any, get_args
from urllib.parse import urlsplit

import typer

from services.adapters.clock import now_ms
from services.cli.completion import complete_format
from services.cli.deployment import Deployment, Local, Stage, find
from services.cli.output import FAILED, Json, emit, errors, exit_on_error
from services.cli.poll_files import PollId
from services.cli.poll_tables import render_document
from services.cli.rounds import RoundNumber, find_round, show_progress
from services.cli.targets import require_writable, translate_write_errors
from services.tools.operations.export_formats import Columns, Format
from services.tools.operations.exports import Export
from services.voting.poll import Phase, Round
from services.voting.recount import BallotRow

Form = typer.Option("--format", help="csv, jsonl or parquet.", autocompletion=complete_format)
To = typer.Option(
    "--to",
    help="A file, or s3://bucket/key; without it, POLL-ROUND.FORMAT, with keys "
    "POLL-ROUND-with-keys.FORMAT.",
)


def export(
    poll: Annotated[str, PollId],
    *,
    to: Annotated[str | None, To] = None,
    form: Annotated[str, Form] = "csv",
    with_keys: Annotated[
        bool,
        typer.Option(
            "--with-keys",
            help="For auditors: add each ballot's key and the time of its last change.",
        ),
    ] = False,
    round_number: Annotated[int | None, RoundNumber] = None,
    local: Annotated[bool, Local] = False,
    stage: Annotated[str, Stage] = "dev",
    as_json: Annotated[bool, Json] = False,
) -> None:
    """Export all ballots of a round: one row for each ballot, one column for each choice.

    Without keys neither the rows nor their order identify a voter. After an interruption the same
    command resumes. Totals and digest are in a .digest.json file beside the export (for Parquet
    also in its footer); with keys, anybody can recompute the digest. Items that cannot be read as
    ballots are listed, and the command exits with 1.
    """
    if form not in get_args(Format):
        raise typer.BadParameter(f"{form!r}: use csv, jsonl or parquet", param_hint="--format")
    chosen: Any = form
    unreadable: list[str] = []
    with exit_on_error():
        deployment = find(local=local, stage=stage)
        round, _ = find_round(deployment, poll, round_number)
        is_open = _warn_if_open(round)
        where = to or f"{poll}-{round.number}{'-with-keys' if with_keys else ''}.{form}"
        wanted = Export(
            round_name=f"{poll}:{round.number}",
            form=chosen,
            columns=Columns(choices=_choices(deployment, round), with_keys=with_keys),
            target=_local_file(where),
            expired=round.is_expiring_at(now_ms()),
        )
        require_writable(wanted.target, option="--to", value=where)
        with (
            show_progress(f"Exporting {poll}, round {round.number}") as advance,
            translate_write_errors(option="--to", value=where),
        ):
            notes = wanted.run(_votes(deployment, round, wanted.columns, unreadable), advance)
        if where.startswith("s3://"):
            _upload(deployment, wanted, where)
        certificate = deployment.certificates.find(round.poll.id, round.number)
    certified = certificate is not None and certificate.digest == notes["digest"]
    notes |= {"to": where, "open": is_open, "certified": certified, "unreadable": unreadable}
    emit(notes, render_document(notes), as_json=as_json, stack=deployment.name)
    if unreadable:
        raise typer.Exit(FAILED)


def _warn_if_open(round: Round) -> bool:
    """Warn that the ballots of an open round change; return whether it is open."""
    is_open = round.phase_at(now_ms()) is Phase.OPEN
    if is_open:
        poll, number = round.poll.id, round.number
        errors.print(f"warning: round {number} of {poll} is open: its ballots may still change")
    return is_open


def _choices(deployment: Deployment, round: Round) -> tuple[str, ...]:
    """The poll's choices in order, then removed choices that have votes."""
    shown = deployment.tallies.totals(round.board, round.number).picks
    return tuple(dict.fromkeys([*(c.key for c in round.poll.choices), *sorted(shown)]))


def _votes(
    deployment: Deployment, round: Round, columns: Columns, unreadable: list[str]
) -> Iterator[BallotRow]:
    """Yield the ballots with a vote; append the keys of unreadable ballots to `unreadable`."""
    known = set(columns.choices)
    for ballot in deployment.recounts.rows(round, unreadable.append):
        if not ballot.picks.keys() <= known:
            unreadable.append(ballot.key)
        elif ballot.picks:
            yield ballot


def _local_file(where: str) -> Path:
    """The file to write; for S3, a temporary file in the current folder."""
    if not where.startswith("s3://"):
        return Path(where)
    url = urlsplit(where)
    if not url.netloc or not url.path.strip("/") or url.path.endswith("/"):
        raise typer.BadParameter(f"{where!r}: write it as s3://bucket/key", param_hint="--to")
    return Path(f".{Path(url.path).name}")


def _upload(deployment: Deployment, done: Export, where: str) -> None:
    """Upload the file and its sidecar (multipart if large), then delete both locally."""
    url, store = urlsplit(where), deployment.client("s3")
    key = url.path.lstrip("/")
    store.upload_file(str(done.target), url.netloc, key)
    store.upload_file(str(done.sidecar), url.netloc, f"{key}.digest.json")
    done.target.unlink()
    done.sidecar.unlink()
