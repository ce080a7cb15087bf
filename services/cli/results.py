"""`voteapp results`: shows the totals of a round, once or live, as text, JSON or CSV."""

import json
import os
import time
from collections import deque
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any, Final

import typer
from rich.console import Console, Group
from rich.live import Live
from rich.table import Table
from rich.text import Text

from services.adapters.clock import now_ms
from services.cli.deployment import Deployment, Local, Stage, find
from services.cli.output import Json, exit_on_error, name_stack
from services.cli.poll_files import PollId
from services.cli.rounds import RoundNumber, find_round
from services.cli.targets import require_writable, translate_write_errors
from services.tools.operations.csv_text import encode_csv
from services.tools.operations.whole_file import replace_file
from services.voting.amounts import amount
from services.voting.poll import Policy, Round
from services.voting.tally import Totals

RATE_SECONDS: Final = 10
"""Period over which the rate of texts is averaged."""
CSV: Final = "--csv"
_BAR: Final = 30
_UNITS: Final = (("s", 1, 100), ("min", 60, 5_400), ("h", 3_600, 172_800))
"""Name, seconds, and up to how many seconds an age is told in it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CountReading:
    """The totals of a round at one time; `per_second` is None in the first reading."""

    round: Round
    totals: Totals
    at_ms: int
    per_second: float | None = None

    @property
    def document(self) -> dict[str, Any]:
        """The reading as JSON; times in epoch milliseconds."""
        poll, totals = self.round.poll, self.totals
        return {
            "poll": poll.id,
            "round": self.round.number,
            "phase": self.round.phase_at(self.at_ms).value,
            "certified_at": self.round.certified_at_ms,
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
    watch: Annotated[bool, typer.Option("--watch", "-w", help="Keep reading.")] = False,
    every: Annotated[float, typer.Option(min=0.2, help="Seconds between two readings.")] = 1,
    looks: Annotated[
        int, typer.Option(min=0, help="Stop after this many readings; 0 for never.")
    ] = 0,
    to_csv: Annotated[
        Path | None, typer.Option(CSV, metavar="FILE", help="Also write the count as CSV.")
    ] = None,
    round_number: Annotated[int | None, RoundNumber] = None,
    local: Annotated[bool, Local] = False,
    stage: Annotated[str, Stage] = "dev",
    as_json: Annotated[bool, Json] = False,
) -> None:
    """Show the count: votes by choice, voters, rate, and the age of the newest vote.

    Sealed polls are shown, too. With --watch into a pipe, prints a line for each
    reading; with --watch and --json, one document.
    """
    with exit_on_error(), suppress(KeyboardInterrupt):
        if to_csv:
            require_writable(_resolve_link(to_csv), option=CSV, value=str(to_csv))
        deployment = find(local=local, stage=stage)
        find_round(deployment, poll, round_number)
        all_readings = _readings(deployment, poll, round_number, every if watch else None, looks)
        readings = (_write_csv(reading, to_csv) for reading in all_readings)
        if as_json:
            for reading in readings:
                print(json.dumps({"stack": deployment.name, **reading.document}), flush=True)
            return
        if not watch:
            Console().print(*map(_render, readings))
            name_stack(deployment.name)
            return
        if not Console().is_terminal:
            for reading in readings:
                print(_line(reading), flush=True)
            name_stack(deployment.name)
            return
        with Live(console=Console(), auto_refresh=False) as live:
            for reading in readings:
                live.update(_render(reading), refresh=True)
        name_stack(deployment.name)


def _readings(
    deployment: Deployment, poll: str, number: int | None, every: float | None, looks: int
) -> Iterator[CountReading]:
    """Yield readings; each reads the round again, as the poll may be reset meanwhile."""
    recent: deque[tuple[int, int, int]] = deque()
    tallies, count = deployment.tallies, 0
    while True:
        current, _ = find_round(deployment, poll, number)
        totals, at_ms = tallies.totals(current.board, current.number), now_ms()
        recent.append((at_ms, current.number, totals.folded))
        while recent[0][0] < at_ms - RATE_SECONDS * 1000 or recent[0][1] != current.number:
            recent.popleft()
        passed = (at_ms - recent[0][0]) / 1000
        rate = round((totals.folded - recent[0][2]) / passed, 1) if passed else None
        yield CountReading(round=current, totals=totals, at_ms=at_ms, per_second=rate)
        count += 1
        if every is None or count == looks:
            return
        time.sleep(every)


def _render(reading: CountReading) -> Group:
    poll, totals = reading.round.poll, reading.totals
    votes = sum(totals.picks.values())
    largest = max([1, *totals.picks.values()])
    table = Table(box=None, pad_edge=False, show_header=False)
    for justify in ("left", "right", "right", "left"):
        table.add_column(justify=justify)
    for choice in poll.choices:
        count = max(0, totals.picks.get(choice.key, 0))
        share = f"{100 * count / votes:.1f}%" if votes else ""
        bar = Text("█" * round(_BAR * count / largest), style=choice.colour.get("dark", ""))
        table.add_row(Text(choice.label), Text(f"{count:,}", style="bold"), share, bar)
    phase = reading.round.phase_at(reading.at_ms).value
    head = Text(f"{poll.question}\n", style="bold")
    certified = "" if reading.round.certified_at_ms is None else ", certified"
    head.append(f"round {reading.round.number}, {phase}{certified}", style="dim")
    if poll.visibility == "sealed":
        head.append("  sealed: hidden from guests", style="yellow")
    rate = "" if reading.per_second is None else f"   {reading.per_second:,.1f} texts/s"
    return Group(
        head,
        "",
        table,
        "",
        Text(f"{_format_voters(reading)}{rate}   {_format_age(reading)}", style="dim"),
    )


def _line(reading: CountReading) -> str:
    """A reading on one line, for a pipe or a file."""
    round = reading.round
    picks = ", ".join(f"{c.key} {reading.totals.picks.get(c.key, 0):,}" for c in round.poll.choices)
    time_ = f"{datetime.fromtimestamp(reading.at_ms / 1000, UTC):%H:%M:%S} UTC"
    head = f"{time_}  {round.poll.id}, round {round.number}, {round.phase_at(reading.at_ms).value}"
    return f"{head}: {picks}; {_format_voters(reading)}; {_format_age(reading)}"


def _format_voters(reading: CountReading) -> str:
    totals = reading.totals
    votes = amount(sum(totals.picks.values()), "vote")
    if reading.round.poll.policy is Policy.UNLIMITED:  # each text is a ballot: voters are unknown
        return votes
    return f"{votes} from {amount(totals.voters, 'voter')}"


def _format_age(reading: CountReading) -> str:
    if not reading.totals.as_of_ms:
        return "no vote yet"
    seconds = max(0, reading.at_ms - reading.totals.as_of_ms) / 1000
    for unit, length, most in _UNITS:
        if seconds < most:
            return f"newest vote {seconds / length:,.0f} {unit} ago"
    return f"newest vote {seconds / 86_400:,.0f} days ago"


def _write_csv(reading: CountReading, file: Path | None) -> CountReading:
    """Replace the CSV file, one row per choice; return the reading."""
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
    """The target of a symbolic link, so that replacing the file keeps the link."""
    return Path(os.path.realpath(file))
