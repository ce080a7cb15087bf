"""The options that `cdk.json` keeps for a stage, and the table of what they cost."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import typer

from services.tools.cost.prices import Prices
from services.tools.cost.stage import flood_usd_per_hour, idle_usd, option_usd, summary

FILE = Path("cdk.json")


def read_stage_options(stage: str) -> dict[str, str]:
    """Read the options of a stage; those that one deploy was given with `-c` are not there.

    Raises:
        typer.BadParameter: there is no `cdk.json` here, or it has no such stage.
    """
    key = f"voteapp:{stage}"
    try:
        context = json.loads(FILE.read_text(encoding="utf-8")).get("context", {})
        return {name: f"{value}" for name, value in context[key].items()}
    except OSError:
        problem = f"there is no {FILE} here: run it in the folder of the project"
        raise typer.BadParameter(problem, param_hint="--stage") from None
    except KeyError:
        problem = f'{stage!r}: {FILE} has no "{key}" in "context"'
        raise typer.BadParameter(problem, param_hint="--stage") from None


def stage_document(options: Mapping[str, str], prices: Prices) -> dict[str, Any]:
    """Return the options and what they cost, for scripts."""
    return {
        "options": {
            name: {"value": value, "monthly_usd": round(option_usd(name, value, prices), 2)}
            for name, value in options.items()
        },
        "idle_monthly_usd": round(idle_usd(options, prices), 2),
        "flood_usd_per_hour": round(flood_usd_per_hour(options, prices), 2),
    }


def render_stage(stage: str, options: Mapping[str, str], prices: Prices) -> str:
    """Return one row for each option, and what the stage costs while nobody votes."""
    lines = [f"| {stage}, set in {FILE} | | a month |", "|---|---|---:|"]
    for name, value in options.items():
        usd = option_usd(name, value, prices)
        lines.append(f"| {name} | {value} | {'-' if usd < 0 else '+'}${abs(usd):,.2f} |")
    if not options:
        lines.append("| none: every option has its default | | |")
    return "\n".join([*lines, "", summary(options, prices)])
