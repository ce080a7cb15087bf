"""Renders `docs/capacity.md` and its plot: what the model says for peaks up to 40,000 a second."""

from collections.abc import Callable, Iterator
from pathlib import Path
from string import Template
from typing import Final

from services.tools.capacity import limits
from services.tools.capacity.answer import render, render_assumptions
from services.tools.capacity.board import BoardSize
from services.tools.capacity.partitions import throttled_shares, write_rates
from services.tools.capacity.plan import THROTTLED, Demand, plan_for
from services.tools.cost.prices import Prices
from services.voting.sharding import DEFAULT_SHARDS, MAX_SHARDS

PAGE: Final = "capacity.md"
PLOT: Final = "images/capacity.svg"
TEXT: Final = Path(__file__).with_name("page.md")
DRAWING: Final = Path(__file__).with_name("plot.svg")

EXAMPLE: Final = Demand(texts_per_second=3_000, viewers=20_000, days=2)
PEAKS: Final = (100, 1_000, 2_000, 3_000, 5_000, 10_000, 20_000, 30_000, 40_000)
MINUTES: Final = 30
SHARDS: Final = (4, DEFAULT_SHARDS, 32, 128, 256, MAX_SHARDS)
NEW_TABLE: Final = limits.partitions_for(0)
HOURS_OPEN: Final = (4, 24, 48, 96)
TOO_SMALL: Final = ((1, 3_500), (DEFAULT_SHARDS, 3_500), (DEFAULT_SHARDS, 7_000), (128, 7_000))
SPLITS: Final = 3

LINES: Final = (DEFAULT_SHARDS, 64, 256, MAX_SHARDS)
WIDTH, HEIGHT = 760, 420
LEFT, RIGHT, TOP, BOTTOM = 74, 116, 82, 58
MOST_TEXTS: Final = 45_000
STEP: Final = 4

_Point = Callable[[float, float], str]
"""The place of so many partitions and texts a second in the drawing, as `x,y`."""


def render_page(prices: Prices) -> str:
    """Return the whole page."""
    return Template(TEXT.read_text(encoding="utf-8")).substitute(
        example=render(plan_for(EXAMPLE), MINUTES, prices),
        peaks="\n".join(_peaks()),
        new_table="\n".join(_new_table()),
        too_small="\n".join(_too_small()),
        boards="\n".join(_boards()),
        assumptions=render_assumptions(),
    )


def _peaks() -> Iterator[str]:
    yield "| texts a second | write units | shards | partitions | taken in 95 of 100 placements |"
    yield "|---:|---:|---:|---:|---:|"
    for texts in PEAKS:
        plan = plan_for(Demand(texts_per_second=texts, viewers=0, days=1))
        cells = (texts, plan.demand.write_units, plan.shards, plan.partitions)
        yield _row(*cells, plan.rates.nearly_always)


def _new_table() -> Iterator[str]:
    yield "| shards | median | nearly always (95 %) |"
    yield "|---:|---:|---:|"
    for shards in SHARDS:
        yield _row(shards, *write_rates(shards=shards, partitions=NEW_TABLE))


def _too_small() -> Iterator[str]:
    splits = [f"after {count} split{'s' * (count > 1)}" for count in range(1, SPLITS + 1)]
    yield f"| shards | write units a second | at first | {' | '.join(splits)} |"
    yield f"|---:|---:|---:|{'---:|' * SPLITS}"
    for shards, units in TOO_SMALL:
        shares = throttled_shares(units, shards=shards, partitions=NEW_TABLE, splits=SPLITS)
        yield f"| {shards} | {units:,} | {' | '.join(f'{100 * share:.0f} %' for share in shares)} |"


def _boards() -> Iterator[str]:
    yield "| open for | partitions | rows | KB | read units | viewers who read it directly |"
    yield "|---:|---:|---:|---:|---:|---:|"
    for partitions in (NEW_TABLE, 2 * NEW_TABLE):
        for hours in HOURS_OPEN:
            board = BoardSize(partitions=partitions, days=hours / 24)
            yield (
                f"| {hours} h | {partitions} | {board.rows} | {board.size_bytes / 1000:.0f} | "
                f"{board.read_units:g} | {board.viewers:,} |"
            )


def _row(*figures: int) -> str:
    return f"| {' | '.join(f'{figure:,}' for figure in figures)} |"


def render_plot() -> str:
    """Return an SVG: texts a second by partitions, one line for each number of shards."""
    top = plan_for(Demand(texts_per_second=PEAKS[-1], viewers=0, days=1)).partitions
    counts = [*range(NEW_TABLE, top, STEP), top]
    wide, high = WIDTH - LEFT - RIGHT, HEIGHT - TOP - BOTTOM

    def point(partitions: float, texts: float) -> str:
        return f"{LEFT + wide * partitions / top:.1f},{TOP + high * (1 - texts / MOST_TEXTS):.1f}"

    drawn = [
        _line(shards, [(one, _texts(shards, one)) for one in counts], point) for shards in LINES
    ]
    return Template(DRAWING.read_text(encoding="utf-8")).substitute(
        width=WIDTH, height=HEIGHT, left=LEFT, right=WIDTH - RIGHT, base=TOP + high,
        lines="\n  ".join(drawn), top=top, middle=LEFT + wide / 2, foot=HEIGHT - 14,
        ticks="\n  ".join(_ticks(point)), even=_even(point),
    )  # fmt: skip


def _texts(shards: int, partitions: int) -> float:
    rates = write_rates(shards=shards, partitions=partitions, throttled=THROTTLED)
    return rates.nearly_always * 1_000 / limits.write_units(1_000)


def _line(shards: int, points: list[tuple[int, float]], point: _Point) -> str:
    last = point(*points[-1]).split(",")
    places = " ".join(point(*each) for each in points)
    return (
        f'<polyline class="line" points="{places}"/>'
        f'<text class="name" x="{float(last[0]) + 8:.1f}" y="{float(last[1]) + 5:.1f}">'
        f"{shards:,} shards</text>"
    )


def _even(point: _Point) -> str:
    most = MOST_TEXTS * limits.write_units(1_000) / 1_000 / limits.PARTITION_WRITES
    return f"{point(0, 0)} {point(most, MOST_TEXTS)}"


def _ticks(point: _Point) -> Iterator[str]:
    for texts in range(0, MOST_TEXTS, 10_000):
        _, y = point(0, texts).split(",")
        yield (
            f'<line class="grid" x1="{LEFT}" x2="{WIDTH - RIGHT}" y1="{y}" y2="{y}"/>'
            f'<text class="tick" x="{LEFT - 10}" y="{float(y) + 5:.1f}">{texts:,}</text>'
        )
