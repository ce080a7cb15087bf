"""Measure everything there is a bound for: `python -m tests.bench.run [--write FILE]`."""

import argparse
import platform
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from os import cpu_count
from pathlib import Path
from statistics import median

from tests.bench.first_text import first_texts
from tests.bench.folding import fold_speed
from tests.bench.forging import forged_ratio
from tests.bench.growth import grown_mb
from tests.bench.imports import import_ratio
from tests.bench.latency import p99_ms
from tests.bench.load import cpu_us_per_vote, stub_store
from tests.bench.pixel import p50_and_p95, text_to_pixel
from tests.bench.reconciling import memory_mb
from tests.bench.recounting import recount_ratio
from tests.bench.recovering import seconds_to_recover
from tests.bench.starts import measure_starts
from tests.bench.units import units_per_vote

VOTES = 4_000
PAIRS = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """One measured figure and its bound."""

    what: str
    value: float
    shown: str
    bound: float

    @property
    def kept(self) -> bool:
        """Whether the bound is kept."""
        return self.value <= self.bound

    @property
    def row(self) -> str:
        """A row of the Markdown table."""
        return f"| {self.what} | {self.shown} | at most {self.bound:,} | {'kept' if self.kept else '**broken**'} |"


def measure() -> Iterator[Figure]:
    """Every figure, as soon as it is there."""
    yield _webhook()
    waited = p99_ms()
    yield Figure(
        what="Webhook: time of 99 % of the texts at 70 % load, in ms",
        value=waited, shown=f"{waited:.1f}", bound=25,
    )  # fmt: skip
    grown = grown_mb()
    yield Figure(
        what="Webhook: memory that it takes more after 200,000 votes than after 50,000, in MB",
        value=grown, shown=f"{grown:.1f}", bound=1,
    )  # fmt: skip
    dearest, kind = forged_ratio()
    yield Figure(
        what="Webhook: CPU of the most expensive forged form, as a ratio to a real text",
        value=dearest, shown=f"{dearest:.2f} ({kind})", bound=5,
    )  # fmt: skip
    speed, ratio = fold_speed()
    yield Figure(
        what="Fold: CPU of a stream record, as a ratio to decoding its JSON",
        value=ratio, shown=f"{ratio:.2f} ({speed:,.0f} records a second)", bound=1.35,
    )  # fmt: skip
    yield from _first_text()
    ms, ratio = import_ratio("lambdas.aggregator.handler", "boto3")
    yield Figure(
        what="Cold start: import of the aggregator's handler, as a ratio to `import boto3`",
        value=ratio, shown=f"{ratio:.2f} ({ms:.0f} ms)", bound=1.3,
    )  # fmt: skip
    yield from _starts()
    yield from _pixel()
    recount = recount_ratio()
    yield Figure(
        what="Recount of 100,000 ballots, as a ratio to the bare paginated queries",
        value=recount, shown=f"{recount:.2f}", bound=1.3,
    )  # fmt: skip
    memory = memory_mb()
    yield Figure(
        what="Reconciliation of 500,000 missing texts: memory in MB",
        value=memory, shown=f"{memory:.0f}", bound=300,
    )  # fmt: skip
    seconds = seconds_to_recover()
    yield Figure(
        what="Reconciliation of 20,000 missing texts on the local cloud: seconds",
        value=seconds, shown=f"{seconds:.0f}", bound=60,
    )  # fmt: skip
    units = units_per_vote()
    yield Figure(
        what="Write units a vote, over 2,000 votes with 40 changes and 20 redeliveries",
        value=units, shown=f"{units:.3f}", bound=1.05,
    )  # fmt: skip


def _first_text() -> Iterator[Figure]:
    ours, plain = first_texts()
    restored = ours.answer_ms / plain.import_ms
    yield Figure(
        what="First text after a restore, as a ratio to the plain handler's import",
        value=restored, shown=f"{restored:.2f} ({ours.answer_ms:.0f} ms)", bound=0.1,
    )  # fmt: skip
    started = ours.ms / plain.ms
    yield Figure(
        what="First text of a process without a snapshot, as a ratio to the plain handler's",
        value=started, shown=f"{started:.2f} ({ours.ms:.0f} / {plain.ms:.0f} ms)", bound=1.8,
    )  # fmt: skip


def _starts() -> Iterator[Figure]:
    starts = measure_starts()
    for what, seconds, bound in (
        ("`voteapp --help`: CPU seconds", starts.help, 0.3),
        ("Completion of a `voteapp` command by the shell: CPU seconds", starts.completion, 0.3),
        (f"Start of the slowest command, `{starts.slowest}`: CPU seconds", starts.command, 0.5),
    ):
        yield Figure(what=what, value=seconds, shown=f"{seconds:.2f}", bound=bound)


def _pixel() -> Iterator[Figure]:
    p50, p95 = p50_and_p95(text_to_pixel())
    for name, seconds, bound in (("p50", p50, 0.6), ("p95", p95, 1.1)):
        yield Figure(
            what=f"Text to pixel on the local cloud: seconds, {name} of 60 texts",
            value=seconds, shown=f"{seconds:.2f}", bound=bound,
        )  # fmt: skip


def _webhook() -> Figure:
    with stub_store() as port:
        pairs = [
            (
                cpu_us_per_vote("tests.bench.ours:app", VOTES, port),
                cpu_us_per_vote("tests.bench.plain:app", VOTES, port),
            )
            for _ in range(PAIRS)
        ]
    ratio = median(ours / plain for ours, plain in pairs)
    ours, plain = (median(column) for column in zip(*pairs, strict=True))
    return Figure(
        what="Webhook: CPU a vote, as a ratio to a plain FastAPI and boto3 handler",
        value=ratio, shown=f"{ratio:.2f} ({ours:.0f} / {plain:.0f} µs)", bound=0.15,
    )  # fmt: skip


def main() -> int:
    """Print the table as it grows; 1 if a bound is broken."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--write", type=Path, help="also write the page to this file")
    arguments = parser.parse_args()
    lines = ["| what | measured | bound | |", "|---|---|---|---|"]
    print(*lines, sep="\n")
    broken = 0
    for figure in measure():
        print(figure.row, flush=True)
        lines.append(figure.row)
        broken += not figure.kept
    if arguments.write:
        arguments.write.parent.mkdir(parents=True, exist_ok=True)
        arguments.write.write_text(_page(lines), encoding="utf-8")
    return 1 if broken else 0


def _page(table: list[str]) -> str:
    version = platform.python_version()
    return "\n".join(
        (
            "# Performance",
            "",
            "Written by `make bench`. Everything that is compared is measured in turn, in one run;",
            "compare the ratios, not the microseconds, between machines.",
            "",
            *table,
            "",
            f"Measured on {cpu_count()} cores, {platform.machine()}, Python {version}.",
            "",
            "- **Webhook**: uvicorn's CPU for a signed text, from the socket to the TwiML, with a",
            "  store on loopback that answers at once. The plain handler does the same put with",
            "  form parameters, Twilio's validator and boto3 (`tests/bench/plain.py`).",
            "- **Time of 99 %**: from when a text was due, with arrivals at random whether or not",
            "  earlier texts were answered (`tests/bench/latency.py`).",
            "- **Forged form**: of the largest accepted size, in one process, without a network; the",
            "  median of rounds that measure both (`tests/bench/forging.py`).",
            "- **Fold**: decoded records to the tally, in one process (`tests/bench/folding.py`).",
            "- **First text**: of a fresh process, the fastest of ten each, in turn",
            "  (`python -m tests.bench.first_text`). A SnapStart snapshot holds what the import leaves,",
            "  so after a restore only the answer is left. Both handlers need boto3; ours reads the",
            "  secret and the polls before it writes, the plain one only writes.",
            "- **Cold start**: the fastest of twenty fresh interpreters each, in turn",
            "  (`tests/bench/imports.py`).",
            "- **`voteapp`**: the fastest of ten fresh interpreters each; a command has started when its",
            "  function is entered, with its options read and its modules imported. The slowest of all",
            "  (`tests/bench/starts.py`).",
            "- **Text to pixel**: from a signed text to the changed number in Chromium, at sixty phases of",
            "  the second between two reads of the page, of which half a second is the mean wait for the",
            "  next read (`tests/bench/pixel.py`). On AWS, Lambda polls a stream four times a second: an",
            "  eighth of a second more, in the mean.",
            "- **Recount**: against a server that answers with encoded pages; the best of four pairs",
            "  (`tests/bench/recounting.py`).",
            "- **Reconciliation**: all of `voteapp reconcile`, beside the emulator and the aggregator",
            "  that folds its writes (`tests/bench/recovering.py`); memory without a store",
            "  (`tests/bench/reconciling.py`).",
            "- A deployed system is measured by `voteapp rehearse` ([operating.md](operating.md)).",
            "- **Write units**: by DynamoDB's rule of 1 KB a unit, failed conditions included",
            "  (`tests/bench/units.py`).",
            "",
        )
    )


if __name__ == "__main__":
    sys.exit(main())
