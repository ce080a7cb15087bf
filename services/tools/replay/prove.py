"""`make prove`: runs thousands of random schedules and reports every miscount.

Each number stands for two runs: a replay of a random scenario with random faults, and a
lifecycle run with operators, deploys, expiry and late texts.
`python -m services.tools.replay.prove --only NUMBER` runs one number again.
"""

import argparse
import os
import random
import sys
import time
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field, fields
from typing import Final

from rich.console import Console
from rich.progress import track
from rich.table import Table

from services.tools.replay.deployed import DEPLOYED, silence
from services.tools.replay.event_loop import event_loop
from services.tools.replay.faults import ALL, MEANING, Fault
from services.tools.replay.generate import STYLES, make_scenario
from services.tools.replay.lifecycle.merging import MERGING
from services.tools.replay.lifecycle.run import LifecycleOutcome, run_lifecycle
from services.tools.replay.outcome import ReplayResult
from services.tools.replay.simulation import Replay
from services.tools.replay.stores import MemoryEngine
from services.voting.amounts import amount

SCHEDULES: Final = 20_000
CHUNK: Final = 50


@dataclass(slots=True)
class Proof:
    """The sum of the results of many schedules. `wrong` are the numbers that miscounted.

    `commands` counts the operators' commands that succeeded, `refused` those that were refused;
    `violations` has the first violation of a lifecycle run, by number.
    """

    schedules: int = 0
    texts: int = 0
    injected: Counter[Fault] = field(default_factory=Counter)
    hit: Counter[Fault] = field(default_factory=Counter)
    """Number of schedules in which each fault was injected."""
    wrong: list[int] = field(default_factory=list)
    commands: Counter[str] = field(default_factory=Counter)
    refused: Counter[str] = field(default_factory=Counter)
    votes: int = 0
    outages: Counter[str] = field(default_factory=Counter)
    """Outages by what was down."""
    given_up: int = 0
    """Texts that neither the webhook nor the fallback took."""
    ways: Counter[str] = field(default_factory=Counter)
    """Counted texts of the lifecycle runs by the way they came."""
    reasons: Counter[str] = field(default_factory=Counter)
    """Why reconciliations did not count a text."""
    violations: dict[int, str] = field(default_factory=dict)

    def add(self, other: "Proof") -> None:
        """Add the results of other schedules."""
        self.violations |= other.violations
        for total in fields(self):
            if total.name != "violations":  # a mapping, which has no +
                setattr(self, total.name, getattr(self, total.name) + getattr(other, total.name))

    def add_lifecycle(self, number: int, outcome: LifecycleOutcome) -> None:
        """Add the result of a lifecycle run."""
        self.texts += outcome.deliveries
        self.votes += outcome.accepted
        self.commands += outcome.done
        self.refused += outcome.refused
        self.outages += outcome.outages
        self.given_up += outcome.given_up
        self.ways += outcome.ways
        self.reasons += outcome.reasons
        if outcome.violation is not None:
            self.violations[number] = outcome.violation

    @property
    def holds(self) -> bool:
        """Whether there was no miscount and no violation."""
        return not self.wrong and not self.violations


def run_schedule(number: int) -> tuple[ReplayResult, frozenset[Fault]]:
    """Run the schedule of a number, which seeds the scenario, the shards and the faults."""
    draw = random.Random(f"schedule {number}")  # noqa: S311 - repeatable
    scenario = make_scenario(
        voters=draw.randint(2, 12), minutes=3, seed=number, style=draw.choice(sorted(STYLES))
    )
    faults = frozenset(fault for fault in sorted(ALL) if draw.random() < 1 / 2)
    if draw.random() < 1 / 4:
        faults = ALL
    store = MemoryEngine()
    replay = Replay(
        scenario, store, DEPLOYED, faults=faults, seed=number, shards=draw.randint(1, 3),
        baselines=False,
    )  # fmt: skip
    with silence():
        return event_loop().run_until_complete(replay.run()), faults


def _extends(number: int) -> bool:
    """Whether operators also move closing times in a lifecycle run: in every second one."""
    return number % 2 == 1


def prove(numbers: Iterable[int]) -> Proof:
    """Run the schedules of these numbers in this process."""
    proof = Proof()
    for number in numbers:
        outcome, _ = run_schedule(number)
        proof.schedules += 1
        proof.texts += outcome.deliveries
        proof.injected.update(outcome.injected)
        proof.hit.update(outcome.injected.keys())
        if not outcome.exact:
            proof.wrong.append(number)
        proof.add_lifecycle(number, run_lifecycle(number, extends=_extends(number)))
    return proof


def render_table(proof: Proof, seconds: float) -> Table:
    """Return a table of the faults, the operators' commands and the miscounts."""
    schedules, texts = amount(proof.schedules, "random schedule"), amount(proof.texts, "text")
    miscounts, violations = len(proof.wrong), len(proof.violations)
    shown = Table(
        title=f"{schedules}, {texts}, {seconds:.0f} s",
        caption=f"{amount(miscounts, 'miscount')}, {amount(violations, 'violation')}",
        caption_style="bold green" if proof.holds else "bold red",
    )
    shown.add_column("fault")
    shown.add_column("what happens")
    shown.add_column("schedules", justify="right")
    shown.add_column("injected", justify="right")
    for fault, meaning in MEANING.items():
        shown.add_row(fault, meaning, f"{proof.hit[fault]:,}", f"{proof.injected[fault]:,}")
    shown.add_section()
    shown.add_row("all", "", "", f"{proof.injected.total():,}", style="bold")
    shown.add_section()
    for command in sorted({*proof.commands, *proof.refused}):
        done, refused = proof.commands[command], proof.refused[command]
        often = amount(refused, "time")
        by = "every night" if command in MERGING else f"by an operator; refused {often}"
        shown.add_row(command, by, "", f"{done:,}")
    shown.add_section()
    for kind, what, number in _deliveries(proof):
        shown.add_row(kind, what, "", f"{number:,}")
    return shown


def _deliveries(proof: Proof) -> Iterator[tuple[str, str, int]]:
    """Yield what was down, how the counted texts came, and why others were refused."""
    for part, number in sorted(proof.outages.items()):
        yield part, "an outage of 1 s to 4 h", number
    yield "given up", "texts that neither the webhook nor the fallback took", proof.given_up
    for way, number in sorted(proof.ways.items()):
        yield way, "counted texts that came by this way", number
    for reason, number in sorted(proof.reasons.items()):
        yield reason, "the reason of refusals in reports; a text is in several", number


def _shares(count: int, first: int) -> Iterator[range]:
    for start in range(first, first + count, CHUNK):
        yield range(start, min(start + CHUNK, first + count))


def main(argv: Sequence[str] | None = None) -> int:
    """Run the schedules on all cores; return 1 after any miscount or violation."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--schedules", type=int, default=SCHEDULES)
    parser.add_argument("--first", type=int, default=0, help="number of the first schedule")
    parser.add_argument("--only", type=int, help="run this schedule alone and print its results")
    parser.add_argument("--workers", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--json", action="store_true", help="print the sums as JSON")
    options = parser.parse_args(argv)
    console = Console()
    if options.only is not None:
        outcome, faults = run_schedule(options.only)
        lifecycle = run_lifecycle(options.only, extends=_extends(options.only))
        console.print(f"faults: {', '.join(sorted(faults))}", outcome, lifecycle)
        return 0 if outcome.exact and lifecycle.violation is None else 1
    started, proof = time.monotonic(), Proof()
    shares = list(_shares(options.schedules, options.first))
    with ProcessPoolExecutor(options.workers) as pool:
        found = pool.map(prove, shares)
        for share in track(
            found, "Proving", total=len(shares), console=Console(stderr=True), transient=True
        ):
            proof.add(share)
    if options.json:
        sums = {total.name: getattr(proof, total.name) for total in fields(proof)}
        console.print_json(data=sums, sort_keys=True)
        return 0 if proof.holds else 1
    console.print(render_table(proof, time.monotonic() - started))
    for number in proof.wrong[:10]:
        console.print(f"miscounted: python -m services.tools.replay.prove --only {number}")
    for number, violation in list(proof.violations.items())[:10]:
        console.print(
            f"{violation}: python -m services.tools.replay.prove --only {number}", markup=False
        )
    return 0 if proof.holds else 1


if __name__ == "__main__":
    sys.exit(main())
