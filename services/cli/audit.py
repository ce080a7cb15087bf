"""`voteapp audit`: compares the board with a recount of the ballots, and repairs it."""

from collections.abc import Mapping, Sequence
from typing import Annotated, Any

import typer
from rich.table import Table

from services.adapters.clock import now_ms
from services.cli.deployment import Local, Stage, find
from services.cli.output import FAILED, Json, Yes, confirm, emit, errors, exit_on_error
from services.cli.poll_files import PollId
from services.cli.poll_tables import render
from services.cli.rounds import (
    RoundNumber,
    Settle,
    create_auditor,
    create_unfolded_records,
    find_round,
    show_progress,
)
from services.voting.audit import Audit
from services.voting.recount import Difference


def audit(
    poll: Annotated[str, PollId],
    *,
    round_number: Annotated[int | None, RoundNumber] = None,
    repair: Annotated[
        bool, typer.Option("--repair", help="Correct the board with a correction row.")
    ] = False,
    stream_lost: Annotated[
        bool,
        typer.Option(
            "--stream-lost",
            help="With --repair, for a closed round: write off lost stream records.",
        ),
    ] = False,
    settle: Annotated[float, Settle] = 10,
    yes: Annotated[bool, Yes] = False,
    local: Annotated[bool, Local] = False,
    stage: Annotated[str, Stage] = "dev",
    as_json: Annotated[bool, Json] = False,
) -> None:
    """Recount all ballots of a round and compare the result with the board.

    A second line compares the number of ballot writes with the number of stream records that the
    board includes. Only if they are equal is the stream drained, and only then does a difference
    mean that the board is wrong. Exits with 1 on any difference, and if the stream is not
    drained.
    """
    if stream_lost and not repair:
        raise typer.BadParameter(
            "add --repair: it only works together with it", param_hint="--stream-lost"
        )
    with exit_on_error():
        deployment = find(local=local, stage=stage)
        round, _ = find_round(deployment, poll, round_number)
        auditor = create_auditor(deployment, settle_seconds=settle)
        with show_progress(f"Recounting {poll}, round {round.number}") as advance:
            found = auditor.audit(round, advance)
        stack = deployment.name
        unfolded = create_unfolded_records(deployment).count if stream_lost else None
        repaired: list[Difference] = []
        if repair and (found.differences or found.drain_problems):
            repaired = auditor.repair(
                found,
                unfolded=unfolded,
                confirm=lambda wanted: confirm(_question(stack, found, wanted), yes=yes),
            )
            _log_repairs(found, repaired)
    emit(_document(found, repaired), _text(found, repaired), as_json=as_json, stack=stack)
    if (found.drain_problems or found.differences or found.ballot_problems) and not repaired:
        raise typer.Exit(FAILED)


def _question(stack: str, found: Audit, wanted: Sequence[Difference]) -> str:
    lost = sum(difference.missing for difference in wanted)
    write_off = f"\nWrite off {lost:,} stream records as lost for good." if lost else ""
    round = found.round
    question = f"Correct the board of round {round.number} of {round.poll.id} on {stack}?"
    return f"{render(_table(found))}{write_off}\n{question}"


def _document(found: Audit, repaired: list[Difference]) -> dict[str, Any]:
    return {
        "poll": found.round.poll.id,
        "round": found.round.number,
        "ballots": found.recount.ballots.total(),
        "voters": found.recount.voters,
        "votes": dict(sorted(found.recount.votes.items())),
        "writes": found.writes,
        "folded": found.folded,
        "drained": not found.drain_problems,
        "not_drained": list(found.drain_problems),
        "iterator_age_ms": found.iterator_age_ms,
        "expired": found.round.is_expiring_at(found.at_ms),
        "unreadable": found.recount.unreadable,
        "differences": [_difference(difference) for difference in found.differences],
        "repaired": [_difference(difference) for difference in repaired],
        "exact": not (found.differences or found.drain_problems or found.ballot_problems),
    }


def _difference(difference: Difference) -> dict[str, Any]:
    return {
        "board": difference.board,
        "votes": dict(difference.picks),
        "voters": difference.voters,
        "missing": difference.missing,
        "removed": difference.removed,
        "bad": difference.bad,
    }


def _text(found: Audit, repaired: list[Difference]) -> str:
    drained = "not drained" if found.drain_problems else "drained"
    lines = [
        render(_table(found)),
        f"writes {found.writes:,}, folded {found.folded:,}: {drained}",
        *(f"  - {reason}" for reason in (*found.drain_problems, *found.ballot_problems)),
    ]
    if repaired:
        lines.append("repaired: a correction row was written; the board equals the recount now")
    elif found.drain_problems:
        lines.append("no verdict yet: the stream is not drained")
    elif found.ballot_problems:
        lines.append("some ballots are missing: the board stays as it is")
    elif found.differences:
        lines.append("the board differs from the recount; correct it with --repair")
    else:
        lines.append("exact: the board equals the recount")
    return "\n".join(lines)


def _table(found: Audit) -> Table:
    table = Table(box=None, pad_edge=False, header_style="bold")
    table.add_column("board")
    table.add_column("choice")
    for name in ("ballots say", "board says", "difference"):
        table.add_column(name, justify="right")
    for board, totals in sorted(found.boards.items()):
        counted: Mapping[str, int] = found.recount.picks.get(board, {})
        rows = {choice: counted.get(choice, 0) for choice in sorted({*counted, *totals.picks})}
        pairs = [
            (choice, in_ballots, totals.picks.get(choice, 0)) for choice, in_ballots in rows.items()
        ]
        if found.recount.ballots[board] or totals.voters:
            pairs.append(("ballots", found.recount.ballots[board], totals.voters))
        for name, in_ballots, on_board in pairs:
            difference = in_ballots - on_board
            table.add_row(
                board,
                name,
                f"{in_ballots:,}",
                f"{on_board:,}",
                f"{difference:+,}" if difference else "-",
            )
    return table


def _log_repairs(found: Audit, repaired: list[Difference]) -> None:
    for difference in repaired:
        errors.print_json(
            data={
                "event": "repaired",
                "round": found.round.number,
                "at_ms": now_ms(),
                **_difference(difference),
            },
            indent=None,
        )
