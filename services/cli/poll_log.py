"""`voteapp poll log`: shows what changed a poll, when, and by whom."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Annotated, Any

from rich.table import Table
from rich.text import Text

from services.cli.deployment import Local, Stage, find
from services.cli.output import Json, emit, errors, exit_on_error
from services.cli.poll_files import PollId
from services.cli.poll_tables import render
from services.voting.operators_log import LoggedChange


def show_log(
    poll: Annotated[str, PollId],
    *,
    local: Annotated[bool, Local] = False,
    stage: Annotated[str, Stage] = "dev",
    as_json: Annotated[bool, Json] = False,
) -> None:
    """Show the operator's log of a poll, the newest change last.

    Who made a change is the caller's identity in AWS; "deploy" is the function that applies the
    poll files, "local" the demo on this machine. Rows are added with the change, and never
    altered. A poll that is older than its log begins with "copied".
    """
    with exit_on_error():
        deployment = find(local=local, stage=stage)
        deployment.directory.entry(poll)
        changes = deployment.operators_log.changes(poll)
        unreadable = deployment.operators_log.unreadable(poll)
    rows = [log_row(change) for change in changes]
    document = {"poll": poll, "changes": rows, "unreadable": unreadable}
    emit(document, _table(rows), as_json=as_json, stack=deployment.name)
    for name in unreadable:
        errors.print(f"{name}: this row of the log cannot be read")


def log_row(change: LoggedChange) -> dict[str, Any]:
    """Return a row as JSON; the time in epoch milliseconds."""
    return {
        "at": change.at_ms,
        "what": change.what,
        "round": change.round.number,
        "state": change.round.state.value,
        "by": change.by,
        "detail": change.detail,
    }


def _table(rows: Sequence[dict[str, Any]]) -> str:
    table = Table(box=None, pad_edge=False, header_style="bold")
    for name in ("time (UTC)", "what", "round", "by", "detail"):
        table.add_column(name, justify="right" if name == "round" else "left")
    for row in rows:
        at = f"{datetime.fromtimestamp(row['at'] / 1000, UTC):%Y-%m-%d %H:%M:%S}"
        table.add_row(at, row["what"], str(row["round"]), Text(row["by"]), Text(row["detail"]))
    return render(table)
