"""`voteapp capacity`: what a peak of texts and an audience need, and what it costs."""

from pathlib import Path
from typing import Annotated, Final

import typer

from services.cli.markdown_tables import render_markdown
from services.cli.output import Json, emit
from services.polls.fields import FIELDS
from services.tools.capacity.answer import document, render, render_assumptions
from services.tools.capacity.page import PAGE, PLOT, render_page, render_plot
from services.tools.capacity.plan import Demand, plan_for
from services.tools.cost.prices import Prices

MOST_TEXTS: Final = 40_000
MOST_VIEWERS: Final = 50_000_000
MOST_POLLS: Final = 20
MOST_DAYS: Final = next(int(one.high or 0) for one in FIELDS if one.key == "retention_days")


def capacity(
    *,
    peak: Annotated[
        int, typer.Option(min=1, max=MOST_TEXTS, help="Texts in the busiest second, of all polls.")
    ] = 1_000,
    viewers: Annotated[
        int, typer.Option(min=0, max=MOST_VIEWERS, help="Screens that watch at the same time.")
    ] = 1_000,
    days: Annotated[
        float, typer.Option(help="How long a poll is open: its board grows for four days.")
    ] = 1,
    polls: Annotated[
        int, typer.Option(min=1, max=MOST_POLLS, help="Polls that are voted on at the same time.")
    ] = 1,
    minutes: Annotated[
        float,
        typer.Option(
            min=1, max=1440, help="For the cost: minutes of voting, all viewers watching."
        ),
    ] = 30,
    write: Annotated[
        Path | None,
        typer.Option(help=f"Write {PAGE} and {PLOT} into this folder instead of an answer."),
    ] = None,
    as_json: Annotated[bool, Json] = False,
) -> None:
    """Plan the capacity for a peak of texts and an audience, and what it costs.

    Answers with the shards of the poll file, the partitions and options of a deploy, write and
    read units, the way to read the board, quotas to raise, and the cost. Calculated with a model
    of DynamoDB's partitions: it reads no account and costs nothing. Its assumptions are printed
    with their sources. Example: voteapp capacity --peak 3000 --viewers 20000 --days 2
    """
    _check_days(days)
    prices = Prices.load()
    if write:
        _write(write, prices)
        return
    demand = Demand(texts_per_second=peak, viewers=viewers, days=days, polls=polls)
    plan = plan_for(demand)
    text = render_markdown(render(plan, minutes, prices))
    text = f"{text}\n\nAssumptions:\n{render_assumptions()}"
    emit(document(plan, minutes, prices), text, as_json=as_json)


def _check_days(days: float) -> None:
    if not days > 0:
        raise typer.BadParameter(f"{days:g}: must be more than 0", param_hint="--days")
    if days > MOST_DAYS:
        problem = f"{days:g}: at most {MOST_DAYS:,}, the highest retention_days of a poll"
        raise typer.BadParameter(problem, param_hint="--days")


def _write(folder: Path, prices: Prices) -> None:
    page, plot = folder / PAGE, folder / PLOT
    for path in (page, plot):
        if not path.parent.is_dir():
            raise typer.BadParameter(f"{path.parent}: no such folder", param_hint="--write")
    page.write_text(render_page(prices), encoding="utf-8")
    plot.write_text(render_plot(), encoding="utf-8")
    print(f"Wrote {page} and {plot}.")
