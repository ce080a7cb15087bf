"""`make mutants`, second half: small changes made by mutmut, a sample of them in each area.

For each area, mutmut works on a copy of the checkout and runs, for each change, the tests that
reach the changed function. This program fails where an area is below 95% noticed. Survivors are
shown with what was changed. Those that change nothing anybody could see are listed with the
reason in `equivalent.toml` and left out of the count; an entry for a change that was noticed, or
that is another one by now, fails the run.

The sample is chosen by a hash of each change's name, so it stays the same while other code
changes; `--seed` draws another one.
"""

import argparse
import hashlib
import json
import os
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Final

from rich.console import Console
from rich.table import Table

from tests.mutants.by_hand import NOTICED_PERCENT, ROOT, copy

COPIES: Final = ROOT / ".local" / "mutants"
EQUIVALENT: Final = Path(__file__).parent / "equivalent.toml"
NOT_NOTICED: Final = {0, 5, 33, None}
"""mutmut's exit codes for: survived, no test collected, no test reaches it, not run."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Area:
    """Files whose changes are counted together, and the tests that must notice."""

    name: str
    files: tuple[str, ...]
    """Patterns of paths, from the root of the checkout."""
    tests: tuple[str, ...]
    sample: int | None = None
    """So many of the changes are tried; None: all."""

    @property
    def copy(self) -> Path:
        """Where mutmut works."""
        return COPIES / self.name.replace(" ", "-")


AREAS: Final = (
    Area(
        name="counting",
        files=(
            *(f"services/voting/{name}.py" for name in (
                "audit", "ballot", "ballot_writes", "begun", "digest", "fold", "history", "identity", "insertion",
                "intake", "lifecycle", "merging", "operators_log", "placement", "poll", "recount", "redelivery",
                "schema", "sharding", "tally",
            )),
            "services/late/*.py",
            *(f"services/adapters/dynamodb/{name}.py" for name in (
                "former_rows", "merged_rows", "stream_shards", "tallies", "tally_items",
            )),
            "lambdas/aggregator/*.py",
        ),
        tests=(
            *(f"tests/unit/test_{name}.py" for name in (
                "admission", "aggregator", "auditing", "ballot", "ballot_writes", "begun",
                "certifying", "conditional_writes", "dashboard_parity", "directory_rounds",
                "drained", "drained_races", "due_rounds", "expiry", "expiry_calendar", "extension", "first_ballots",
                "fold", "forgotten", "former_numbers", "former_rows", "history", "identity", "insertion", "intake",
                "late_report", "late_scope", "late_writes", "lifecycle", "merged_rows", "merging",
                "operators_log", "permit", "placement", "poll", "poll_store",
                "queue_items", "reader", "reconciliation", "records", "records_limits", "recount",
                "redelivery", "redelivery_races", "repairing", "replay", "replay_batches",
                "replay_races", "replies", "reply_modes", "reply_times", "routing", "settling",
                "sharding", "sid_index", "unfolded_records",
            )),
            *(f"tests/contract/test_{name}.py" for name in (
                "bookkeeping", "counted_once", "tallies",
            )),
            *(f"tests/integration/test_{name}.py" for name in (
                "aggregator", "audit", "certify_reconcile", "poison", "reconcile",
                "scheduled_reconciliation", "stream_lost", "unreadable",
            )),
            "tests/proof/test_rows.py",
        ),
        sample=600,
    ),
    Area(
        name="webhook",
        files=("services/webhook/*.py", "lambdas/webhook/*.py"),
        tests=tuple(
            f"tests/unit/test_{name}.py" for name in (
                "app", "bad_input", "entry", "form", "function_webhook", "health", "percent",
                "priming", "refusals", "reply_limit", "requests", "signatures", "signed_url", "slow_store",
                "store_errors", "ttl_cache", "webhook", "webhook_events",
            )
        ),
        sample=400,
    ),
    Area(
        name="replayer",
        files=("lambdas/replayer/*.py",),
        tests=(
            *(f"tests/unit/test_{name}.py" for name in (
                "queue_items", "replay", "replay_batches", "replay_hangs", "replayer_assembly",
            )),
            "tests/integration/test_function_replayer.py",
        ),
    ),
    Area(
        name="adapters",
        files=("services/adapters/*", "services/tools/operations/*"),
        tests=(
            *(f"tests/unit/test_{name}.py" for name in (
                "auditing", "ballot_writes", "bad_input", "ttl_cache", "ttl_cache_age", "certifying",
                "conditional_writes", "corpus", "credentials", "deploy_begun", "deploy_polls",
                "directory_copy", "directory_rounds", "directory_store", "drained", "former_rows",
                "merged_rows", "entry", "export_order",
                "export_resume", "written_files", "fold", "forgotten", "function_webhook", "ballot_items", "log",
                "poll_store", "recounts", "redelivery", "repairing", "replies", "requests",
                "routing", "secrets", "async_client", "signatures", "slow_store",
                "store_errors", "unfolded_records", "event_source", "ballot_requests", "page_sizes", "phone_lists",
                "twilio_client", "twilio_numbers", "connection_overrides", "webhook", "form", "percent",
                "board_size", "caller", "extension", "ongoing", "large_audience", "memory_lists", "operators_log", "reader",
                "request_signer", "stale_secret", "ttl_cache_stale", "twilio_delivery", "webhook_events",
            )),
            "tests/contract",
            *(f"tests/integration/test_{name}.py" for name in (
                "audit", "begun", "certify", "certify_reconcile", "certify_waits", "connect", "connect_order",
                "expire", "expired", "export", "final", "lists", "reader", "repair", "results",
                "stream_lost", "twilio_stand_in", "unreadable",
            )),
        ),
        sample=500,
    ),
    Area(
        name="deploy's function",
        files=("lambdas/polls/*.py",),
        tests=(
            "tests/unit/test_deploy_answer.py",
            "tests/unit/test_deploy_begun.py",
            "tests/unit/test_deploy_check.py",
            "tests/unit/test_deploy_polls.py",
            "tests/unit/test_directory_copy.py",
        ),
    ),
    Area(
        name="schedules",
        files=(
            "lambdas/canary/*.py", "lambdas/merger/*.py", "lambdas/reconciler/*.py", "services/selftest/selftest.py",
        ),
        tests=(
            "tests/unit/test_merged_rows.py",
            "tests/unit/test_doctor_constants.py",
            "tests/unit/test_doctor_selftest.py",
            "tests/integration/test_canary.py",
            "tests/integration/test_scheduled_reconciliation.py",
        ),
    ),
    Area(
        name="reader",
        files=("lambdas/reader/*.py",),
        tests=(
            "tests/unit/test_large_audience.py",
            "tests/unit/test_reader.py",
            "tests/integration/test_reader.py",
        ),
    ),
)  # fmt: skip


class GeneratedError(Exception):
    """The changes could not be made or tried."""


def settings(area: Area) -> str:
    """The settings of mutmut, as `setup.cfg` takes them."""
    lists = {
        "source_paths": ("services", "lambdas"),
        "only_mutate": area.files,
        "also_copy": (
            *("polls", "infra", "docs", "README.md", "app.py", "cdk.json", ".gitignore"),
            *("dashboard/src", "dashboard/test"),
        ),
        "pytest_add_cli_args": ("-k", "not emulator]"),
        "pytest_add_cli_args_test_selection": area.tests,
    }
    lines = [line for name, each in lists.items() for line in (f"{name} =", *indented(each))]
    return "\n".join(["[mutmut]", "track_dependencies = false", *lines, ""])


def indented(lines: Sequence[str]) -> list[str]:
    """Lines as a list in `setup.cfg` has them."""
    return [f"    {line}" for line in lines]


def mutmut(area: Area, *arguments: str) -> str:
    """Run the tool in the area's copy; what it printed."""
    environment = {**os.environ, "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}"}
    environment.pop("PYTEST_ADDOPTS", None)
    done = subprocess.run(
        [sys.executable, "-m", "mutmut", *arguments],
        cwd=area.copy, env=environment, capture_output=True, text=True, check=False,
    )  # fmt: skip
    return done.stdout + done.stderr


def verdicts(area: Area) -> dict[str, int | None]:
    """Each change's name and the exit code of its tests, None where not run."""
    found: dict[str, int | None] = {}
    for path in sorted((area.copy / "mutants").rglob("*.py.meta")):
        found |= json.loads(path.read_text(encoding="utf-8"))["exit_code_by_key"]
    return found


def sampled(names: Iterable[str], size: int | None, seed: str) -> list[str]:
    """The same `size` names for the same seed, whatever other names there are beside them."""
    by_hash = sorted(names, key=lambda name: hashlib.sha256(f"{seed}{name}".encode()).digest())
    return sorted(by_hash[:size])


@dataclass(frozen=True, slots=True, kw_only=True)
class Equivalent:
    """A change that nobody could notice."""

    change: str
    line: str
    """What the change puts in. mutmut numbers the changes of a function anew when it is edited."""
    reason: str


def equivalent() -> dict[str, Equivalent]:
    """The list of `equivalent.toml`, by the names of the changes."""
    text = EQUIVALENT.read_text(encoding="utf-8")
    return {one["change"]: Equivalent(**one) for one in tomllib.loads(text)["equivalent"]}


def shown(area: Area, name: str) -> list[str]:
    """What a change changed: the lines taken away and put in."""
    lines = [line for line in mutmut(area, "show", name).splitlines() if line[:1] in "+-"]
    return lines[2:]


def inserted(lines: Iterable[str]) -> str:
    """The lines put in, as `equivalent.toml` holds them."""
    return "\n".join(line[1:].strip() for line in lines if line.startswith("+"))


def misfits(
    noticed: Mapping[str, bool], excused: Mapping[str, Equivalent], show: Callable[[str], list[str]]
) -> Iterator[str]:
    """Why entries of `equivalent.toml` are wrong: each excuses the very change that it holds."""
    for name in sorted(name for name in excused if name in noticed):
        if noticed[name]:
            yield f"{name}: in {EQUIVALENT.name}, but noticed: take it out of the list"
        elif (line := inserted(show(name))) != excused[name].line:
            yield f"{name}: {EQUIVALENT.name} holds another line, now it is: {line}"


def attempt(area: Area, seed: str) -> dict[str, bool]:
    """Each change that was tried, and whether it was noticed. Raises: GeneratedError."""
    shutil.rmtree(area.copy, ignore_errors=True)
    copy(ROOT, area.copy)
    (area.copy / "setup.cfg").write_text(settings(area), encoding="utf-8")
    said = mutmut(area, "run", "none.of.them")  # stops before the first change: none is so named
    names = sampled(verdicts(area), area.sample, seed)
    if not names or "nothing matches" not in said:
        raise GeneratedError(said[-4000:])
    mutmut(area, "run", *names)
    codes = verdicts(area)
    return {name: codes[name] not in NOT_NOTICED for name in names}


def table(results: Mapping[str, Mapping[str, bool]]) -> tuple[Table, bool]:
    """Noticed by area, and whether each is above the mark."""
    counted = Table("area", "changes", "noticed", "", title="Changes made by mutmut")
    enough = True
    for area, noticed in results.items():
        percent = 100 * sum(noticed.values()) / max(1, len(noticed))
        enough = enough and percent >= NOTICED_PERCENT
        counted.add_row(area, f"{len(noticed)}", f"{sum(noticed.values())}", f"{percent:.1f}%")
    return counted, enough


def main(argv: Sequence[str] | None = None) -> int:
    """Make, try, tell; 1 below the mark in any area."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--area", choices=[area.name for area in AREAS])
    parser.add_argument("--seed", default="", help="another sample")
    wanted = parser.parse_args(argv)
    console = Console(markup=False, highlight=False, soft_wrap=True)
    excused, results, fits = equivalent(), {}, True
    for area in AREAS:
        if wanted.area not in {None, area.name}:
            continue
        console.print(f"{area.name}: changing one small thing at a time, for some minutes …")
        try:
            noticed = attempt(area, wanted.seed)
        except GeneratedError as error:
            console.print(str(error))
            return 1
        for name in sorted(name for name in noticed if not noticed[name] and name not in excused):
            console.print("\n  ".join([name, *shown(area, name)]))
        for problem in misfits(noticed, excused, partial(shown, area)):
            console.print(problem)
            fits = False
        results[area.name] = {name: one for name, one in noticed.items() if name not in excused}
    counted, enough = table(results)
    console.print(counted)
    return 0 if enough and fits else 1


if __name__ == "__main__":
    sys.exit(main())
