"""`voteapp audit`: is the board what the ballots say?"""

from collections.abc import Mapping
from typing import Annotated, Any

import typer
from rich.table import Table

from services.adapters.auditing import Audit
from services.adapters.clock import now_ms
from services.cli.counting import auditor_of, reading, round_of
from services.cli.deployment import Local, Stage, find
from services.cli.output import FAILED, Json, Yes, be_sure, emit, errors, told
from services.cli.poll import PollId
from services.cli.tables import rendered
from services.voting.recount import Difference

Settle = typer.Option(min=0, help="Seconds between the two readings of the board.")
RoundNumber = typer.Option("--round", min=1, help="An earlier round.")


def audit(
    poll: Annotated[str, PollId],
    *,
    round_number: Annotated[int | None, RoundNumber] = None,
    repair: Annotated[
        bool, typer.Option("--repair", help="Set the board right with a correction row.")
    ] = False,
    settle: Annotated[float, Settle] = 2,
    yes: Annotated[bool, Yes] = False,
    local: Annotated[bool, Local] = False,
    stage: Annotated[str, Stage] = "dev",
    as_json: Annotated[bool, Json] = False,
) -> None:
    """Recount all ballots of a round and hold the sum against the board.

    The board is read before and after the recount: only if both readings are equal, and the
    aggregator's mapping is not behind, the stream is drained and a difference means
    something. Exits with 1 on any difference, and where the stream is not drained.
    """
    with told():
        there = find(local=local, stage=stage)
        standing, _ = round_of(there, poll, round_number)
        auditor = auditor_of(there, settle_seconds=settle)
        with reading(f"Recounting {poll}, round {standing.number}") as advance:
            found = auditor.audit(standing, advance)
        repaired: list[Difference] = []
        if repair and found.off:
            if not found.not_drained and not found.expired:
                be_sure(f"Correct the board?\n{rendered(_table(found))}\n", yes=yes)
            repaired = auditor.repair(found)
            _log(found, repaired)
    emit(_document(found, repaired), _text(found, repaired), as_json=as_json)
    if found.not_drained or (found.off and not repaired):
        raise typer.Exit(FAILED)


def _document(found: Audit, repaired: list[Difference]) -> dict[str, Any]:
    return {
        "poll": found.standing.poll.id,
        "round": found.standing.number,
        "ballots": found.recount.ballots.total(),
        "voters": found.recount.voters,
        "votes": dict(sorted(found.recount.votes.items())),
        "drained": not found.not_drained,
        "not_drained": list(found.not_drained),
        "iterator_age_ms": found.mapping.iterator_age_ms,
        "expired": bool(found.expired),
        "differences": [_difference(off) for off in found.off],
        "repaired": [_difference(off) for off in repaired],
        "exact": not found.off and not found.not_drained,
    }


def _difference(off: Difference) -> dict[str, Any]:
    return {"board": off.board, "votes": dict(off.picks), "voters": off.voters}


def _text(found: Audit, repaired: list[Difference]) -> str:
    age = found.mapping.iterator_age_ms
    lag = "not measured here" if age is None else f"{age / 1000:.1f} s"
    drained = "no" if found.not_drained else "yes"
    readings = "equal" if found.before == found.after else "differ"
    lines = [
        rendered(_table(found)),
        f"drained: {drained} (two readings {readings}, iterator age {lag})",
        *(f"  - {reason}" for reason in (*found.not_drained, *found.expired)),
    ]
    if repaired:
        lines.append("repaired: a correction row was written; the board is the recount now")
    elif found.off:
        lines.append("the board is not the recount; set it right with --repair")
    elif not found.not_drained:
        lines.append("exact: the board is the recount")
    return "\n".join(lines)


def _table(found: Audit) -> Table:
    table = Table(box=None, pad_edge=False, header_style="bold")
    table.add_column("board")
    table.add_column("choice")
    for name in ("ballots say", "board says", "difference"):
        table.add_column(name, justify="right")
    for board, shown in sorted(found.after.items()):
        counted: Mapping[str, int] = found.recount.picks.get(board, {})
        rows = {choice: counted.get(choice, 0) for choice in sorted({*counted, *shown.picks})}
        pairs = [(choice, said, shown.picks.get(choice, 0)) for choice, said in rows.items()]
        if found.recount.ballots[board] or shown.voters:
            pairs.append(("ballots", found.recount.ballots[board], shown.voters))
        for name, said, showed in pairs:
            off = said - showed
            table.add_row(board, name, f"{said:,}", f"{showed:,}", f"{off:+,}" if off else "-")
    return table


def _log(found: Audit, repaired: list[Difference]) -> None:
    """Who looks for a correction later finds it in the row itself, and here."""
    for off in repaired:
        errors.print_json(
            data={
                "event": "repaired",
                "round": found.standing.number,
                "at_ms": now_ms(),
                **_difference(off),
            },
            indent=None,
        )
