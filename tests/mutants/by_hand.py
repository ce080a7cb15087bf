"""`make mutants`, first half: harmful changes written down by hand, and the tests that must notice.

`tests/mutants/changes/<area>.toml` holds them. Each is applied alone in a copy of the checkout,
the tests that it names are run there, and one of them must fail. A change whose text is not found
exactly once, or whose tests do not pass without it, ends the run: the list has to follow the code.
"""

import argparse
import json
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn
from rich.table import Table

from tests.mutants.change_list import ListError, read_changes
from tests.mutants.runner import Runner, RunnerError
from tests.mutants.trial import Result, SuiteRunner, Trial

ROOT: Final = Path(__file__).parents[2]
CHANGES: Final = Path("tests/mutants/changes")
INSTALLED: Final = (
    "infra/node_modules",
    "dashboard/node_modules",
    "docs/break-our-count/node_modules",
    ".venv-emulator",
)
NOTICED_PERCENT: Final = 95

EXAMPLES: Final = """examples:
  python -m tests.mutants.by_hand                      every area: about six minutes on two cores
  python -m tests.mutants.by_hand --area webhook       one file of tests/mutants/changes
  python -m tests.mutants.by_hand --only "round"       names with these words, while writing one
  python -m tests.mutants.by_hand --json > noticed.json

exit code: 0 if at least 95% are noticed in every area; 1 if not, or if the list does not fit the
code; 130 after Ctrl-C. A change that is not noticed needs a test, or is written down wrongly.
"""


def copy(root: Path, target: Path) -> Path:
    """What git knows of the checkout, as it is now, with what is installed linked in."""
    listed = subprocess.run(
        ["git", "ls-files", "-z"], cwd=root, capture_output=True, text=True, check=True
    )
    for name in filter(None, listed.stdout.split("\0")):
        if (root / name).is_file():
            (target / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(root / name, target / name)
    for name in INSTALLED:
        if (root / name).exists():
            (target / name).symlink_to((root / name).resolve())
    return target


@contextmanager
def copies(
    root: Path, number: int, make: Callable[[Path], SuiteRunner]
) -> Iterator[list[SuiteRunner]]:
    """Runners, each in a copy of its own; afterwards neither copies nor processes are left."""
    local = root / ".local"
    local.mkdir(exist_ok=True)
    with TemporaryDirectory(prefix="mutants-by-hand-", dir=local, ignore_cleanup_errors=True) as at:
        runners = [make(copy(root, Path(at, str(place)))) for place in range(number)]
        try:
            yield runners
        finally:
            for runner in runners:
                runner.stop()


def by_area(results: Sequence[Result]) -> dict[str, dict[str, Any]]:
    """Figures of each area, and the names of the changes that were not noticed."""
    figures = {}
    for area in sorted({result.change.area for result in results}):
        mine = [result for result in results if result.change.area == area]
        survivors = [result.change.name for result in mine if not result.noticed]
        figures[area] = {
            "changes": len(mine),
            "noticed": len(mine) - len(survivors),
            "percent": round(100 * (1 - len(survivors) / len(mine)), 1),
            "seconds": round(sum(result.seconds for result in mine)),
            "not_noticed": survivors,
        }
    return figures


def show(results: Sequence[Result], console: Console) -> None:
    """Each change that was not noticed, and a row for each area."""
    for result in results:
        if not result.noticed:
            change = result.change
            console.print(f"not noticed: {change.area}: {change.name}: {change.harm}")
    table = Table("area", "changes", "noticed", "", "seconds", title="Changes made by hand")
    for area, of in by_area(results).items():
        percent = f"{of['percent']:.0f}%"
        table.add_row(area, str(of["changes"]), str(of["noticed"]), percent, str(of["seconds"]))
    console.print(table)


def arguments(argv: Sequence[str] | None) -> argparse.Namespace:
    """What is asked for."""
    parser = argparse.ArgumentParser(
        prog="python -m tests.mutants.by_hand", description=__doc__, epilog=EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )  # fmt: skip
    parser.add_argument("--area", help="only the changes of this file, without .toml")
    parser.add_argument("--only", metavar="WORDS", help="only the changes whose names have these")
    parser.add_argument("--workers", type=int, default=os.cpu_count() or 1, help="copies at work")
    parser.add_argument(
        "--json", action="store_true", help="print the results by area, for scripts"
    )
    return parser.parse_args(argv)


def tried(
    wanted: argparse.Namespace, root: Path, make: Callable[[Path], SuiteRunner]
) -> list[Result]:
    """The results of what is asked for. Raises: ListError."""
    changes = [
        change
        for change in read_changes(root / CHANGES)
        if wanted.area in {None, change.area} and (wanted.only or "") in change.name
    ]
    if not changes:
        raise ListError("no change has this area and these words in its name")
    progress = Progress(
        BarColumn(), MofNCompleteColumn(), TextColumn("{task.description}", markup=False),
        console=Console(stderr=True), transient=True,
    )  # fmt: skip
    with progress, copies(root, wanted.workers, make) as runners:
        bar = progress.add_task("", total=len(changes))
        trial = Trial(runners=runners, on_start=lambda told: progress.update(bar, description=told))
        results = []
        for result in trial.run(changes):
            results.append(result)
            progress.advance(bar)
        return results


def main(
    argv: Sequence[str] | None = None,
    *,
    root: Path = ROOT,
    make: Callable[[Path], SuiteRunner] = Runner,
) -> int:
    """Try every change; 1 below the mark in any area, or where the list does not fit the code."""
    wanted = arguments(argv)
    console = Console(markup=False, highlight=False, soft_wrap=True)
    try:
        results = tried(wanted, root, make)
    except (ListError, RunnerError) as error:
        console.print(str(error))
        return 1
    except KeyboardInterrupt:
        return 130
    if wanted.json:
        print(json.dumps(by_area(results), indent=2))  # noqa: T201 - for scripts
    else:
        show(results, console)
    return 0 if all(of["percent"] >= NOTICED_PERCENT for of in by_area(results).values()) else 1


if __name__ == "__main__":
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # as Ctrl-C: nothing is left
    sys.exit(main())
