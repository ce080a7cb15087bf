"""`voteapp results`: the count as the screen has it, once or live, also as CSV and JSON."""

import json
import os
import time
from collections import deque
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Final

import typer
from rich.console import Console, Group
from rich.live import Live
from rich.table import Table
from rich.text import Text

from services.adapters.clock import now_ms
from services.cli.deployment import Deployment, Local, Stage, find
from services.cli.output import Json, exit_on_error
from services.cli.poll_files import PollId
from services.cli.targets import require_writable, translate_write_errors
from services.tools.operations.csv_text import encode_csv
from services.tools.operations.whole_file import replace_file
from services.voting.errors import RoundUnknownError
from services.voting.poll import Policy, Round
from services.voting.tally import Totals

RATE_SECONDS: Final = 10
"""A rate is over so long."""
CSV: Final = "--csv"
_BAR: Final = 30


@dataclass(frozen=True, slots=True, kw_only=True)
class CountReading:
    """The totals of a round at a moment; `per_second` is unknown at the first look."""

    round: Round
    totals: Totals
    at_ms: int
    per_second: float | None = None

    @property
    def document(self) -> dict[str, Any]:
        """For scripts: times in epoch milliseconds."""
        poll, totals = self.round.poll, self.totals
        return {
            "poll": poll.id,
            "round": self.round.number,
            "phase": self.round.phase_at(self.at_ms).value,
            "visibility": poll.visibility,
            "choices": {c.key: totals.picks.get(c.key, 0) for c in poll.choices},
            "votes": sum(totals.picks.values()),
            "voters": totals.voters,
            "texts_per_second": self.per_second,
            "newest_vote_at": totals.as_of_ms or None,
            "read_at": self.at_ms,
        }


def results(
    poll: Annotated[str, PollId],
    *,
    watch: Annotated[bool, typer.Option("--watch", "-w", help="Keep looking.")] = False,
    every: Annotated[float, typer.Option(min=0.2, help="Seconds between two looks.")] = 1,
    looks: Annotated[int, typer.Option(min=0, help="Stop after so many; 0 for never.")] = 0,
    to_csv: Annotated[
        Path | None, typer.Option(CSV, metavar="FILE", help="Write the count as CSV, too.")
    ] = None,
    round_number: Annotated[
        int | None, typer.Option("--round", min=1, help="An earlier round.")
    ] = None,
    local: Annotated[bool, Local] = False,
    stage: Annotated[str, Stage] = "dev",
    as_json: Annotated[bool, Json] = False,
) -> None:
    """Show the count: votes by choice, voters, rate, and how fresh it is.

    An operator sees sealed polls, too. With --watch and --json, one document a line.
    """
    with exit_on_error(), suppress(KeyboardInterrupt):
        if to_csv:
            require_writable(_resolve_link(to_csv), option=CSV, value=str(to_csv))
        deployment = find(local=local, stage=stage)
        _find_round(deployment, poll, round_number)
        looking = _readings(deployment, poll, round_number, every if watch else None, looks)
        readings = (_write_csv(reading, to_csv) for reading in looking)
        if as_json:
            for reading in readings:
                print(json.dumps(reading.document), flush=True)
            return
        if not watch:
            Console().print(*map(_render, readings))
            return
        with Live(console=Console(), auto_refresh=False) as live:
            for reading in readings:
                live.update(_render(reading), refresh=True)


def _find_round(deployment: Deployment, poll: str, number: int | None) -> Round:
    """Raises: PollUnknownError, RoundUnknownError."""
    rounds = deployment.directory.rounds(poll)
    for round in rounds:
        if round.number == (number or rounds[-1].number):
            return round
    raise RoundUnknownError(poll, number or 0, rounds[-1].number)


def _readings(
    deployment: Deployment, poll: str, number: int | None, every: float | None, looks: int
) -> Iterator[CountReading]:
    """Readings, the round read anew each time: it may be reset while we look."""
    seen: deque[tuple[int, int, int]] = deque()
    tallies, taken = deployment.tallies, 0
    while True:
        current = _find_round(deployment, poll, number)
        totals, at_ms = tallies.totals(current.board, current.number), now_ms()
        seen.append((at_ms, current.number, totals.folded))
        while seen[0][0] < at_ms - RATE_SECONDS * 1000 or seen[0][1] != current.number:
            seen.popleft()
        passed = (at_ms - seen[0][0]) / 1000
        rate = round((totals.folded - seen[0][2]) / passed, 1) if passed else None
        yield CountReading(round=current, totals=totals, at_ms=at_ms, per_second=rate)
        taken += 1
        if every is None or taken == looks:
            return
        time.sleep(every)


def _render(reading: CountReading) -> Group:
    poll, totals = reading.round.poll, reading.totals
    votes = sum(totals.picks.values())
    most = max([1, *totals.picks.values()])
    table = Table(box=None, pad_edge=False, show_header=False)
    for choice in poll.choices:
        count = max(0, totals.picks.get(choice.key, 0))
        share = f"{100 * count / votes:.1f}%" if votes else ""
        bar = Text("█" * round(_BAR * count / most), style=choice.colour.get("dark", ""))
        table.add_row(Text(choice.label), Text(f"{count:,}", style="bold"), share, bar)
    phase = reading.round.phase_at(reading.at_ms).value
    head = Text(f"{poll.question}\n", style="bold")
    head.append(f"round {reading.round.number}, {phase}", style="dim")
    if poll.visibility == "sealed":
        head.append("  sealed: guests see nothing of this", style="yellow")
    rate = "" if reading.per_second is None else f"   {reading.per_second:,.1f} texts/s"
    return Group(
        head,
        "",
        table,
        "",
        Text(f"{_format_voters(reading)}{rate}   {_format_age(reading)}", style="dim"),
    )


def _format_voters(reading: CountReading) -> str:
    """Votes and voters; votes alone where each is a ballot, and nobody knows how many voted."""
    totals = reading.totals
    votes = f"{sum(totals.picks.values()):,} votes"
    if reading.round.poll.policy is Policy.UNLIMITED:
        return votes
    return f"{votes} from {totals.voters:,} voters"


def _format_age(reading: CountReading) -> str:
    if not reading.totals.as_of_ms:
        return "no vote yet"
    return f"newest vote {max(0, reading.at_ms - reading.totals.as_of_ms) / 1000:,.0f} s ago"


def _write_csv(reading: CountReading, file: Path | None) -> CountReading:
    """The reading; its count replaces the CSV file, one row a choice."""
    if file is None:
        return reading
    poll, picks = reading.round.poll, reading.totals.picks
    counts = [
        (poll.id, reading.round.number, c.key, c.label, picks.get(c.key, 0)) for c in poll.choices
    ]
    content = encode_csv([("poll", "round", "choice", "label", "votes"), *counts])
    target = _resolve_link(file)
    draft = target.with_name(f"{target.name}.{os.getpid()}.draft")
    with translate_write_errors(option=CSV, value=str(file)):
        replace_file(target, content, draft=draft)
    return reading


def _resolve_link(file: Path) -> Path:
    """The file that a link names: the link is to stay."""
    return Path(os.path.realpath(file))
