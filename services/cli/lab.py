"""`voteapp lab`: measures hot partitions from the command line."""

from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from services.cli.local import exit_on_local_error
from services.cli.output import FAILED, Json, emit
from services.cli.poll_tables import render
from services.tools.demo.experiment import STEPS, Experiment, Measurement
from services.tools.demo.progress import ConsoleProgress
from services.tools.demo.sharding_page import insert_figures, render_plot, render_table
from services.tools.lab.token_bucket import PARTITIONS
from services.tools.local.errors import LocalCloudError

PAGE, PLOT = "sharding.md", "images/sharding.svg"
INTERRUPTED = 130
"""Exit code after Ctrl-C: 128 + SIGINT, as shells report it."""


def lab(
    *,
    rate: Annotated[int, typer.Option(min=1, max=300, help="Texts a second.")] = 60,
    capacity: Annotated[
        int, typer.Option(min=10, max=3000, help="Writes a second of the whole table.")
    ] = 240,
    seconds: Annotated[
        int, typer.Option(min=3, max=120, help="How long to measure each number of shards.")
    ] = 10,
    shards: Annotated[
        str, typer.Option(help="Numbers of shards to measure, 1 to 100, separated by commas.")
    ] = ",".join(map(str, STEPS)),
    write: Annotated[
        Path | None,
        typer.Option(help=f"Write the table into {PAGE} and the plot to {PLOT} of this folder."),
    ] = None,
    as_json: Annotated[bool, Json] = False,
) -> None:
    """Measure a hot partition, and how more shards remove it.

    Starts its own local cloud, puts a proxy that throttles like DynamoDB in front of the
    emulator, and sends signed texts at a steady rate to polls with 1, 2, 5, 10 and 20 shards.
    Takes about three minutes. Ctrl-C stops everything.
    """
    from services.tools.demo.cloud import clear_aws_environment, local_cloud  # slow
    from services.tools.demo.demo import end_on_signals  # slow

    console = Console(stderr=True, highlight=False)
    experiment = Experiment(
        texts_per_second=rate, write_capacity=capacity, seconds=seconds, steps=_steps(shards)
    )
    end_on_signals()
    clear_aws_environment()
    progress = ConsoleProgress(console)
    with exit_on_local_error():
        page = _read_page(write) if write else ""
        try:
            with local_cloud(progress=progress) as cloud:
                rows = experiment.run(cloud, progress)
        except KeyboardInterrupt:
            console.print("\nStopped; nothing is left running.")
            raise typer.Exit(INTERRUPTED) from None
        if write:
            (write / PAGE).write_text(insert_figures(page, render_table(rows, experiment)))
            (write / PLOT).parent.mkdir(exist_ok=True)
            (write / PLOT).write_text(render_plot(rows, experiment))
    document = {
        "texts_per_second": rate,
        "write_capacity": capacity,
        "partitions": PARTITIONS,
        "partition_writes_per_second": experiment.partition_rate,
        "seconds": seconds,
        "steps": [asdict(row) | {"exact": row.exact} for row in rows],
    }
    emit(document, _render_results(rows, experiment), as_json=as_json)
    if not all(row.exact for row in rows):
        raise typer.Exit(FAILED)


def _steps(given: str) -> tuple[int, ...]:
    try:
        steps = tuple(int(step) for step in given.split(","))
    except ValueError:
        steps = ()
    if not steps or not all(1 <= step <= 100 for step in steps):  # noqa: PLR2004 - as the help says
        raise typer.BadParameter(f"{given!r}: write numbers from 1 to 100, as 1,10")
    return steps


def _read_page(folder: Path) -> str:
    """Read and check the page first, so that a wrong folder fails before the measurement."""
    try:
        page = (folder / PAGE).read_text()
        insert_figures(page, "")
    except (OSError, ValueError) as error:
        raise LocalCloudError(str(error), f"Name the folder that holds {PAGE}.") from None
    return page


def _render_results(rows: list[Measurement], experiment: Experiment) -> str:
    made = Table(box=None, pad_edge=False, header_style="bold")
    for name in (
        "shards", "partitions", "accepted/s", "given up/s", "throttled/s", "reply ms", "counted",
    ):  # fmt: skip
        made.add_column(name, justify="right")
    for row in rows:
        made.add_row(
            str(row.shards),
            f"{row.partitions} of {PARTITIONS}",
            f"{row.accepted:.1f}",
            f"{row.refused:.1f}",
            f"{row.throttled:,.0f}",
            f"{row.reply_ms:,.0f}",
            f"{row.counted:,} of {row.stored:,}",
        )
    head = (
        f"{experiment.texts_per_second} texts/s, {experiment.write_capacity} writes/s: "
        f"{experiment.partition_rate:g} for each of {PARTITIONS} partitions\n"
    )
    return f"{head}\n{render(made)}"
