"""Renders the measured table and its plot for `docs/sharding.md`."""

from collections.abc import Sequence
from pathlib import Path
from string import Template
from typing import Final

from services.tools.demo.experiment import Experiment, Measurement
from services.tools.lab.token_bucket import PARTITIONS
from services.voting.amounts import amount

BEGIN: Final = "<!-- measured: voteapp lab --write docs -->"
END: Final = "<!-- end of what was measured -->"

_HEAD: Final = (
    "| shards | partitions with a key | keys on the fullest "
    "| votes accepted/s | votes given up/s | writes throttled/s | reply, median |"
)
DRAWING: Final = Path(__file__).with_name("sharding_plot.svg")
"""The SVG template of the plot, without its bars."""

WIDTH, HEIGHT = 760, 380
LEFT, RIGHT, TOP, BOTTOM = 64, 24, 82, 58


def render_table(rows: Sequence[Measurement], experiment: Experiment) -> str:
    """Return the figures as a Markdown table, with the settings above it."""
    lines = [_HEAD, "|---:" * _HEAD.count(" | ") + "|---:|"]
    lines += [
        f"| {row.shards} | {row.partitions} of {PARTITIONS} "
        f"| {row.fullest_keys} | {row.accepted:.1f} | {row.refused:.1f} "
        f"| {row.throttled:,.0f} | {_time(row.reply_ms)} |"
        for row in rows
    ]
    capacity = f"{experiment.write_capacity} writes/s"
    head = (
        f"{experiment.texts_per_second} texts/s into a table for {capacity}: "
        f"{experiment.partition_rate:g} for each of its {PARTITIONS} partitions. Each line is "
        f"{experiment.seconds} s, after the retries had settled.\n"
    )
    stored, counted = sum(row.stored for row in rows), sum(row.counted for row in rows)
    verdict = "every one of them, and none twice" if stored == counted else "NOT the same"
    lines += [
        "",
        f"Ballots stored in all rounds: {stored:,}. Votes counted: {counted:,}, {verdict}.",
    ]
    return "\n".join([head, *lines])


def insert_figures(page: str, figures: str) -> str:
    """Return the page with the part between its two markers replaced.

    Raises:
        ValueError: the page lacks a marker.
    """
    before, begin, rest = page.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not begin or not end:
        raise ValueError(f"the page has no part between {BEGIN} and {END}")
    return f"{before}{BEGIN}\n\n{figures}\n\n{END}{after}"


def render_plot(rows: Sequence[Measurement], experiment: Experiment) -> str:
    """Return an SVG with a bar for each row: accepted votes solid, refused votes dashed."""
    wide, high = WIDTH - LEFT - RIGHT, HEIGHT - TOP - BOTTOM
    top = experiment.texts_per_second * 1.1
    slot = wide / len(rows)

    def y(rate: float) -> float:
        return TOP + high * (1 - rate / top)

    bars = []
    for place, row in enumerate(rows):
        x, width = LEFT + slot * (place + 0.2), slot * 0.6
        accepted, total = y(row.accepted), y(row.accepted + row.refused)
        middle = x + width / 2
        bars.append(
            f'<rect class="stored" x="{x:.1f}" y="{accepted:.1f}" width="{width:.1f}" '
            f'height="{TOP + high - accepted:.1f}" rx="3"/>'
            f'<text class="figure" x="{middle:.1f}" y="{accepted + 22:.1f}">'
            f"{row.accepted:.0f}</text>"
        )
        if row.refused >= 0.5:  # noqa: PLR2004 - a lower bar would be invisible
            bars.append(
                f'<rect class="refused" x="{x:.1f}" y="{total:.1f}" width="{width:.1f}" '
                f'height="{accepted - total - 3:.1f}" rx="3"/>'
                f'<text class="lost" x="{middle:.1f}" y="{(accepted + total) / 2 + 4:.1f}">'
                f"{row.refused:.0f}</text>"
            )
        bars.append(
            f'<text class="name" x="{middle:.1f}" y="{TOP + high + 22:.1f}">{row.shards}</text>'
        )
    limit = y(experiment.partition_rate)
    sent = y(experiment.texts_per_second)
    return Template(DRAWING.read_text()).substitute(
        width=WIDTH, height=HEIGHT, left=LEFT, right=WIDTH - RIGHT, bars="\n  ".join(bars),
        base=TOP + high, limit=f"{limit:.1f}", sent=f"{sent:.1f}",
        limit_text=f"{limit - 6:.1f}", sent_text=f"{sent - 7:.1f}",
        rate=f"{experiment.partition_rate:g}", texts=experiment.texts_per_second,
        middle=LEFT + wide / 2, foot=HEIGHT - 12,
        summary="; ".join(
            f"{amount(row.shards, 'shard')}: {row.accepted:.0f} accepted, "
            f"{row.refused:.0f} given up"
            for row in rows
        ),
    )  # fmt: skip


def _time(ms: float) -> str:
    return f"{ms:.0f} ms" if ms < 1_000 else f"{ms / 1_000:.1f} s"  # noqa: PLR2004 - one second
