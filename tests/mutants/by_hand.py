"""`make mutants`, first half: harmful changes written down by hand, and the tests that must notice.

`changes/<area>.toml` holds them. Each is applied in a copy of the checkout, the tests that it
names are run there, and one of them must fail. A change whose text is not found exactly once,
or whose tests do not pass without it, ends the run: the list has to follow the code.
"""

import argparse
import os
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from queue import SimpleQueue
from typing import Final

from rich.console import Console
from rich.progress import track
from rich.table import Table

ROOT: Final = Path(__file__).parents[2]
CHANGES: Final = Path(__file__).parent / "changes"
COPIES: Final = ROOT / ".local" / "mutants-by-hand"
INSTALLED: Final = ("infra/node_modules", "dashboard/node_modules", ".venv-emulator")
NOTICED_PERCENT: Final = 95
TIMEOUT_SECONDS: Final = 120
"""Of one run of the tests of a change: one that hangs is noticed."""

FAILED: Final = 1
COLLECTION_FAILED: Final = 2


class ListError(Exception):
    """The list of changes does not fit the code."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """One harmful change. `noticed_by` are pytest's arguments, or files for node's test runner."""

    area: str
    name: str
    file: str
    search: str
    replace: str
    harm: str
    noticed_by: tuple[str, ...]

    def apply(self, root: Path) -> str:
        """Change the file, and return its text as it was. Raises: ListError."""
        path = root / self.file
        text = path.read_text(encoding="utf-8") if path.is_file() else ""
        if text.count(self.search) != 1:
            found = f"found {text.count(self.search)} times in {self.file}"
            raise ListError(f"{self.area}: {self.name!r}: {found}: write it as the code is now")
        path.write_text(text.replace(self.search, self.replace), encoding="utf-8")
        return text


def read_changes(folder: Path = CHANGES) -> list[Change]:
    """All changes, by area. Raises: ListError for a name given twice."""
    found = [
        Change(area=path.stem, **entry | {"noticed_by": tuple(entry["noticed_by"])})
        for path in sorted(folder.glob("*.toml"))
        for entry in tomllib.loads(path.read_text(encoding="utf-8"))["change"]
    ]
    names = [(change.area, change.name) for change in found]
    for area, name in sorted({one for one in names if names.count(one) > 1}):
        raise ListError(f"{area}: {name!r}: given twice: name each change once")
    return found


def copy(target: Path) -> Path:
    """What git knows of the checkout, as it is now, with what is installed linked in."""
    shutil.rmtree(target, ignore_errors=True)
    listed = subprocess.run(
        ["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=True
    )
    for name in filter(None, listed.stdout.split("\0")):
        if (ROOT / name).is_file():
            (target / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(ROOT / name, target / name)
    for name in INSTALLED:
        if (ROOT / name).exists():
            (target / name).symlink_to(ROOT / name)
    return target


def run_tests(root: Path, noticed_by: Sequence[str]) -> int:
    """Exit code of the tests; that of a failure where they hang."""
    by_node = all(name.endswith(".js") for name in noticed_by)
    command = (
        ["node", "--test", *noticed_by]
        if by_node
        else [sys.executable, "-m", "pytest", "-x", "-q", "-p", "no:cacheprovider", *noticed_by]
    )
    environment = {**os.environ, "PYTHONPATH": str(root), "PYTHONDONTWRITEBYTECODE": "1"}
    environment.pop("PYTEST_ADDOPTS", None)
    try:
        done = subprocess.run(
            command, cwd=root, env=environment, capture_output=True, check=False,
            timeout=TIMEOUT_SECONDS,
        )  # fmt: skip
    except subprocess.TimeoutExpired:
        return FAILED
    return done.returncode


def is_noticed(change: Change, root: Path) -> bool:
    """Whether the tests of a change fail with it. Raises: ListError where they did not run."""
    before = change.apply(root)
    try:
        code = run_tests(root, change.noticed_by)
    finally:
        (root / change.file).write_text(before, encoding="utf-8")
    if code not in {0, FAILED, COLLECTION_FAILED}:
        raise ListError(f"{change.area}: {change.name!r}: {change.noticed_by} ran no test")
    return code != 0


def judge(changes: Sequence[Change], copies: Sequence[Path]) -> Iterator[tuple[Change, bool]]:
    """Each change and whether it was noticed, one at a time in each copy."""
    free: SimpleQueue[Path] = SimpleQueue()
    for root in copies:
        free.put(root)

    def one(change: Change) -> tuple[Change, bool]:
        root = free.get()
        try:
            return change, is_noticed(change, root)
        finally:
            free.put(root)

    with ThreadPoolExecutor(len(copies)) as pool:
        yield from pool.map(one, changes)


def require_green(changes: Sequence[Change], root: Path) -> None:
    """Run all tests of the changes once without any. Raises: ListError."""
    names = sorted({name for change in changes for name in change.noticed_by})
    for kind in (".js", ""):
        chosen = [name for name in names if name.endswith(".js") is (kind == ".js")]
        if chosen and run_tests(root, chosen) != 0:
            raise ListError(f"tests fail without any change; run them: {' '.join(chosen)}")


def table(results: Sequence[tuple[Change, bool]]) -> tuple[Table, bool]:
    """Noticed by area, and whether every area is above the mark."""
    shown = Table("area", "changes", "noticed", "", title="Changes made by hand")
    enough = True
    for area in sorted({change.area for change, _ in results}):
        mine = [noticed for change, noticed in results if change.area == area]
        percent = 100 * sum(mine) / len(mine)
        enough = enough and percent >= NOTICED_PERCENT
        shown.add_row(area, f"{len(mine)}", f"{sum(mine)}", f"{percent:.0f}%")
    return shown, enough


def main(argv: Sequence[str] | None = None) -> int:
    """Try every change; 1 below the mark in any area, or where the list does not fit the code."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--area", help="only the changes of one file of tests/mutants/changes")
    parser.add_argument("--only", help="only the changes whose name contains this")
    parser.add_argument("--workers", type=int, default=os.cpu_count() or 1)
    wanted = parser.parse_args(argv)
    console = Console(markup=False, highlight=False, soft_wrap=True)
    try:
        changes = [
            change
            for change in read_changes()
            if wanted.area in {None, change.area} and (wanted.only or "") in change.name
        ]
        copies = [copy(COPIES / str(number)) for number in range(wanted.workers)]
        require_green(changes, copies[0])
        results = list(
            track(
                judge(changes, copies), "Changing", total=len(changes),
                console=Console(stderr=True), transient=True,
            )
        )  # fmt: skip
    except ListError as error:
        console.print(str(error))
        return 1
    for change, noticed in results:
        if not noticed:
            console.print(f"not noticed: {change.area}: {change.name}: {change.harm}")
    shown, enough = table(results)
    console.print(shown)
    return 0 if enough and results else 1


if __name__ == "__main__":
    sys.exit(main())
