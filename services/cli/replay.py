"""`voteapp replay`: replays simulated texts with faults, and compares count and truth."""

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Annotated, get_args

import typer
from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from rich.table import Table
from rich.text import Text

from services.cli.output import FAILED, Json, errors
from services.tools.local.errors import LocalCloudError
from services.tools.replay.faults import MEANING, UnknownFaultError, parse_faults
from services.tools.replay.outcome import SPEEDS, Counts, ReplayResult, TimedReplay
from services.tools.replay.stores import EngineMissingError, EngineName
from services.tools.replay.texts import (
    Scenario,
    ScenarioError,
    find_scenario_file,
    list_evenings,
    read_scenario,
)

_COLUMNS = (
    ("truth", "truth"),
    ("ours", "ours"),
    ("counters_2015", "2015: adds NewImage"),
    ("differences", "adds NewImage - OldImage"),
)


def _complete_evening(incomplete: str) -> list[str]:
    return [name for name in list_evenings() if name.startswith(incomplete)]


def replay(
    file: Annotated[
        str,
        typer.Argument(
            help="File of `voteapp evening make`, or quiet, finale or adversarial.",
            autocompletion=_complete_evening,
        ),
    ],
    *,
    faults: Annotated[
        str, typer.Option(help="all, none, or names separated by commas: see docs/exactness.md.")
    ] = "none",
    seed: Annotated[int, typer.Option(help="The same seed gives the same run.")] = 7,
    engine: Annotated[str, typer.Option(help="Store: moto, ministack or memory.")] = "moto",
    speed: Annotated[str, typer.Option(help="max, or 1x or 10x of the recorded speed.")] = "max",
    as_json: Annotated[bool, Json] = False,
) -> None:
    """Replay an evening of texts through the real webhook, store adapter and aggregator.

    Prints the correct count by an independent oracle, the count of this system, and the counts
    of two simpler algorithms after the same faults. Exits with 1 unless this system's count is
    correct.
    """
    try:
        chosen_faults = parse_faults(faults)
        _require_one_of("--engine", engine, get_args(EngineName))
        _require_one_of("--speed", speed, tuple(SPEEDS))
        scenario = read_scenario(find_scenario_file(file))
        play = _import_play()
        with _progress(len(scenario.deliveries()), scenario.name) as advance:
            played = play(
                scenario,
                faults=chosen_faults,
                seed=seed,
                engine=engine,
                speed=speed,
                on_delivery=advance,
            )
    except (ScenarioError, EngineMissingError, UnknownFaultError, ValueError) as error:
        errors.print(str(error))
        raise typer.Exit(FAILED) from None
    except LocalCloudError as error:
        errors.print(f"{error.problem}: {error.remedy}")
        raise typer.Exit(FAILED) from None
    if as_json:
        print(json.dumps(document(scenario, played.outcome, seed=seed, engine=engine), indent=1))
    else:
        _show(scenario, played, engine)
    if not played.outcome.exact:
        raise typer.Exit(FAILED)


def document(
    scenario: Scenario, outcome: ReplayResult, *, seed: int, engine: str
) -> dict[str, object]:
    """The run as JSON, without times: the same run gives the same document."""
    return {
        "evening": scenario.name,
        "engine": engine,
        "seed": seed,
        "deliveries": outcome.deliveries,
        "truth": outcome.truth,
        "ours": outcome.ours,
        "counters_2015": outcome.counters_2015,
        "differences": outcome.differences,
        "recounted": outcome.recounted,
        "bad": outcome.bad,
        "other_replies": outcome.other_replies,
        "injected": dict(sorted(outcome.injected.items())),
        "transcript": outcome.transcript,
        "exact": outcome.exact,
    }


def _import_play() -> Callable[..., TimedReplay]:
    """Import late: the player needs libraries that `make demo` does not install."""
    try:
        from services.tools.replay.playback import play
    except ImportError as error:
        raise EngineMissingError(
            f"{error.name}: not installed: run make replay, or pip install 'voteapp[replay]'"
        ) from None
    return play


def _require_one_of(option: str, value: str, known: tuple[str, ...]) -> None:
    if value not in known:
        raise ValueError(f"{option}: {value!r}: use one of {', '.join(known)}")


@contextmanager
def _progress(total: int, name: str) -> Iterator[Callable[[], None]]:
    columns = (
        TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn(),
    )  # fmt: skip
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task(f"Replaying {escape(name)}", total=total)
        yield lambda: bar.advance(task)


def _show(scenario: Scenario, played: TimedReplay, engine: str) -> None:
    outcome, console = played.outcome, Console()
    console.print(_counts(scenario, outcome))
    if outcome.injected:
        console.print(_faults(outcome))
    rate = outcome.deliveries / played.seconds
    console.print(
        f"{outcome.deliveries:,} texts in {played.seconds:.1f} s on {engine}: {rate:,.0f} votes/s"
        f"   [dim]run {outcome.transcript[:12]}[/]"
    )
    console.print(
        "[bold green]exact ✓[/] ours is the truth"
        if outcome.exact
        else f"[bold red]NOT EXACT[/] {_failure_reason(outcome)}"
    )


def _counts(scenario: Scenario, outcome: ReplayResult) -> Table:
    table = Table(title=Text(f"{scenario.name}: what each would show"), title_style="bold")
    table.add_column("poll")
    table.add_column("choice")
    for _, title in _COLUMNS:
        table.add_column(title, justify="right")
    for poll in scenario.polls:
        for choice in poll.choices:
            counts = [_column(outcome, name)[poll.id].get(choice.key, 0) for name, _ in _COLUMNS]
            table.add_row(poll.id, Text(choice.label), *_coloured(counts))
        table.add_section()
    totals = [sum(sum(c.values()) for c in _column(outcome, name).values()) for name, _ in _COLUMNS]
    table.add_row("", "all", *_coloured(totals), style="bold")
    return table


def _column(outcome: ReplayResult, name: str) -> Counts:
    counts: Counts = getattr(outcome, name)
    return counts


def _coloured(values: list[int]) -> list[str]:
    """The truth, then the other values: green if equal to the truth, else red."""
    truth, *others = values
    colours = ("green" if value == truth else "red" for value in others)
    coloured = zip(others, colours, strict=True)
    return [f"{truth:,}", *(f"[{colour}]{value:,}[/]" for value, colour in coloured)]


def _faults(outcome: ReplayResult) -> Table:
    table = Table(title="faults injected", title_style="bold")
    table.add_column("fault")
    table.add_column("what happens")
    table.add_column("times", justify="right")
    for fault, meaning in MEANING.items():
        if times := outcome.injected.get(fault):
            table.add_row(fault, meaning, f"{times:,}")
    return table


def _failure_reason(outcome: ReplayResult) -> str:
    reasons = {
        "ours is not the truth": outcome.ours != outcome.truth,
        "the ballots are not the truth": not outcome.recounted,
        "a redelivery was answered otherwise": bool(outcome.other_replies),
        "bad records were not all counted as bad": outcome.ours == outcome.truth,
    }
    return next(reason for reason, holds in reasons.items() if holds)
