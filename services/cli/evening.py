"""`voteapp evening …`: generates files of simulated texts for `voteapp replay`."""

from importlib.util import find_spec
from pathlib import Path
from shlex import quote
from typing import Annotated

import typer

from services.cli.output import FAILED, Json, emit, errors
from services.tools.replay.generate import STYLES, make_scenario
from services.tools.replay.texts import SUFFIX, write_scenario
from services.voting.amounts import amount


def make_one(
    file: Annotated[
        Path | None, typer.Argument(help=f"File to write; without it, STYLE-SEED{SUFFIX}.")
    ] = None,
    *,
    voters: Annotated[int, typer.Option(min=1, max=100_000, help="Phones that text.")] = 20_000,
    minutes: Annotated[float, typer.Option(min=0.1, max=1440, help="From open to close.")] = 30,
    seed: Annotated[int, typer.Option(help="The same seed makes the same texts.")] = 7,
    style: Annotated[str, typer.Option(help=f"One of {', '.join(STYLES)}.")] = "finale",
    as_json: Annotated[bool, Json] = False,
) -> None:
    """Make the texts of an evening: peaks, changed votes, garbage, STOP, late and lost texts.

    The numbers are fictional (+1 555 01x xxxx). Texts that are no vote come from a corpus of
    2,787 real messages (CC BY 4.0).
    """
    if style not in STYLES:
        errors.print(f"--style: {style!r}: use one of {', '.join(STYLES)}")
        raise typer.Exit(FAILED)
    scenario = make_scenario(voters=voters, minutes=minutes, seed=seed, style=style)
    path = file or Path(f"{style}-{seed}{SUFFIX}")
    write_scenario(scenario, path)
    deliveries = len(scenario.deliveries())
    document = {
        "file": str(path),
        "texts": len(scenario.texts),
        "deliveries": deliveries,
        "voters": voters,
        "seed": seed,
    }
    delivered = amount(deliveries, "delivery", "deliveries")
    text = f"{path}: {amount(len(scenario.texts), 'text')}, {delivered}"
    emit(document, f"{text}\n{_hint(path)}", as_json=as_json)


def _hint(path: Path) -> str:
    """The command that replays the file, to paste into a shell."""
    name = f"./{path}" if f"{path}".startswith("-") else f"{path}"
    command = f"Replay it: voteapp replay {quote(name)} --faults all"
    if find_spec("moto") is None:
        return f"First: pip install 'voteapp[replay]'\n{command}"
    return command
