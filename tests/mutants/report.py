"""`make mutants`: change the core in every small way, and count the changes nobody notices.

Runs mutmut on a copy of the checkout, as `pyproject.toml` says, and fails below 95% noticed. The
survivors are listed with what was changed; docs/exactness.md explains them.
"""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Final

from rich.console import Console

ROOT: Final = Path(__file__).parents[2]
COPY: Final = ROOT / ".local" / "mutants"
NOTICED_PERCENT: Final = 95


def copy() -> None:
    """What git knows, without what other work leaves lying about."""
    shutil.rmtree(COPY, ignore_errors=True)
    listed = subprocess.run(
        ["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=True
    )
    for name in filter(None, listed.stdout.split("\0")):
        if (ROOT / name).is_file():
            (COPY / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(ROOT / name, COPY / name)


def mutmut(*arguments: str) -> str:
    """Run the tool in the copy; its standard output."""
    environment = {**os.environ, "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}"}
    done = subprocess.run(
        [sys.executable, "-m", "mutmut", *arguments],
        cwd=COPY, env=environment, capture_output=True, text=True, check=False,
    )  # fmt: skip
    return done.stdout


def survivors() -> list[str]:
    """The names of the changes that no test noticed."""
    lines = (line.strip().rpartition(": ") for line in mutmut("results").splitlines())
    return [name for name, _, verdict in lines if verdict in {"survived", "no tests"}]


def main() -> int:
    """Copy, run, tell; 1 below the mark."""
    copy()
    console = Console(markup=False, highlight=False, soft_wrap=True)
    console.print("changing the core, one small thing at a time: some minutes …")
    mutmut("run")
    mutmut("export-cicd-stats")
    stats = json.loads((COPY / "mutants" / "mutmut-cicd-stats.json").read_text())
    noticed = stats["killed"] + stats["timeout"] + stats["suspicious"]
    percent = 100 * noticed / max(1, stats["total"])
    for name in survivors():
        changed = [line for line in mutmut("show", name).splitlines() if line[:1] in "+-"]
        console.print(f"\n{name}", *changed[2:], sep="\n  ")
    console.print(f"\n{stats['total']} changes, {noticed} noticed: {percent:.1f}%")
    return 0 if percent >= NOTICED_PERCENT else 1


if __name__ == "__main__":
    sys.exit(main())
