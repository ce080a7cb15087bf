"""Formats polls for output: rows for JSON, tables and lines as text."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from io import StringIO
from typing import TYPE_CHECKING, Any

from rich.console import Console, RenderableType
from rich.table import Table
from rich.text import Text

from services.polls.entry import DirectoryEntry
from services.voting.poll import Policy, Round

if TYPE_CHECKING:
    from services.cli.deployment import Deployment


def poll_row(
    entry: DirectoryEntry, deployment: "Deployment", now_ms: int, *, rounds: Sequence[Round] = ()
) -> dict[str, Any]:
    """Return a poll's settings, state and totals; times in epoch milliseconds.

    `voters` counts the ballots with a vote. Under policy `unlimited` every text is a ballot, so
    the number of voters is unknown: the text output omits it. `rounds` adds the details.
    """
    round = entry.round
    poll, totals = round.poll, deployment.tallies.totals(round.board, round.number)
    row: dict[str, Any] = {
        "poll": poll.id,
        "question": poll.question,
        "phase": round.phase_at(now_ms).value,
        "state": round.state.value,
        "round": round.number,
        "policy": poll.policy.value,
        "numbers": list(poll.numbers) or ([entry.number] if entry.number else []),
        "votes": sum(totals.picks.values()),
        "voters": totals.voters,
        "visibility": poll.visibility,
        "opens_at": poll.opens_at_ms,
        "closes_at": round.closed_at_ms,
        "certified_at": round.certified_at_ms,
    }
    if rounds:
        row |= {
            "ballots_expire_at": round.expires_from_ms,
            "limit": poll.limit,
            "keyword": poll.keyword,
            "shards": poll.shards,
            "replies": poll.reply_mode.value,
            "choices": {choice.key: choice.word for choice in poll.choices},
            "labels": {choice.key: choice.label for choice in poll.choices},
            "rounds": [_round_row(deployment, one, now_ms) for one in rounds],
            "screen": f"{deployment.dashboard_url}/?poll={poll.id}"
            if deployment.dashboard_url
            else None,
        }
    return row


def _round_row(deployment: "Deployment", round: Round, now_ms: int) -> dict[str, Any]:
    totals = deployment.tallies.totals(round.board, round.number)
    return {
        "round": round.number,
        "phase": round.phase_at(now_ms).value,
        "certified_at": round.certified_at_ms,
        "policy": round.poll.policy.value,
        "votes": sum(totals.picks.values()),
        "voters": totals.voters,
    }


def render_poll_list(rows: Sequence[Mapping[str, Any]]) -> str:
    """Render the rows of polls as a table."""
    table = Table(box=None, pad_edge=False, header_style="bold")
    for name in ("poll", "phase", "round", "votes", "voters", "number", "question"):
        table.add_column(name, justify="right" if name in {"round", "votes", "voters"} else "left")
    for row in rows:
        numbers = ", ".join(row["numbers"]) or "all"
        sealed = " (sealed)" if row["visibility"] == "sealed" else ""
        certified = ", certified" if row["certified_at"] else ""
        table.add_row(
            row["poll"],
            f"{row['phase']}{certified}{sealed}",
            str(row["round"]),
            f"{row['votes']:,}",
            "-" if hidden_fields(row) else f"{row['voters']:,}",
            numbers,
            Text(row["question"]),  # Text: in a string, rich reads [words] as markup
        )
    return render(table)


def render_document(document: Mapping[str, Any]) -> str:
    """Render a document as lines, without empty values and unknown numbers of voters."""
    lines, hidden = [], hidden_fields(document)
    for name, value in document.items():
        if value in (None, "", [], {}) or name in hidden:
            continue
        if name.endswith("_at") and isinstance(value, int):
            value = f"{datetime.fromtimestamp(value / 1000, UTC):%Y-%m-%d %H:%M:%S} UTC"  # noqa: PLW2901
        lines.append(f"{name:<18}{inline(value)}")
    return "\n".join(lines) or "nothing to do"


def inline(value: object) -> str:
    """Render a value on one line; lists and tables inside it too."""
    if isinstance(value, dict):
        hidden = hidden_fields(value)
        pairs = ((key, inline(item)) for key, item in value.items() if key not in hidden)
        return ", ".join(key if key == item else f"{key} {item}" for key, item in pairs)
    if isinstance(value, list | tuple):
        return "; ".join(inline(item) for item in value)
    if isinstance(value, bool):
        return "yes" if value else "no"
    return f"{value:,}" if isinstance(value, int) else str(value)


def hidden_fields(document: Mapping[str, Any]) -> set[str]:
    """The fields that people are not shown: under policy unlimited nobody knows the voters."""
    return {"voters"} if document.get("policy") == Policy.UNLIMITED else set()


def render(renderable: RenderableType) -> str:
    """Render a table as text: as wide as the terminal, 160 columns without one."""
    console = Console(file=(text := StringIO()), width=None if Console().is_terminal else 160)
    console.print(renderable)
    return "\n".join(line.rstrip() for line in text.getvalue().splitlines())
