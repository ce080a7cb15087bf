"""CPU seconds that `voteapp` takes to start: its help, completion, and every command.

A command has started when its function is entered: its options are read and its modules are
imported. CPU and not time, because a busy machine only delays a start.
"""

import os
import resource
import subprocess
import sys
from collections.abc import Mapping
from typing import Final, NamedTuple

from services.cli.app import COMMANDS, POLL_COMMANDS
from services.cli.lazy import LazySubgroup

RUNS: Final = 10
WITHOUT_POLL: Final = {"check", "apply", "list", "schema", "reference"}
LOOKED_AT: Final = 3
"""All commands run once; so many, the slowest, run ten times."""
ARGUMENTS: Final = {
    "text": ("red",),
    "forget": ("+15550100199",),
    "replay": ("quiet",),
    "connect": ("--number", "+15550100100"),
    **{f"poll {name}": ("colors",) for name in POLL_COMMANDS if name not in WITHOUT_POLL},
    "poll extend": ("colors", "--minutes", "5"),
    **dict.fromkeys(("results", "audit", "reconcile", "certify", "export"), ("colors",)),
}
"""What a command must be given to be entered."""
COMPLETION: Final = {
    "_VOTEAPP_COMPLETE": "complete_bash", "COMP_WORDS": "voteapp re", "COMP_CWORD": "1",
}  # fmt: skip
_PROGRAM: Final = "import sys; sys.argv[0] = 'voteapp'; from services.cli import main; main()"
_UNTIL_ENTERED: Final = f"""
import functools, os, services.cli.lazy as lazy
load = lazy.import_module
class Entered:
    def __init__(self, module):
        self.module = module
    def __getattr__(self, name):
        @functools.wraps(getattr(self.module, name))
        def enter(**options):
            print("entered", flush=True)
            os._exit(0)
        return enter
lazy.import_module = lambda name: Entered(load(name))
{_PROGRAM}
"""


class Starts(NamedTuple):
    """CPU seconds; `slowest` is the command that takes longest to start."""

    help: float
    completion: float
    command: float
    slowest: str


def measure_starts() -> Starts:
    """Take the fastest of ten runs each."""
    first = {name: _until_entered(name) for name in command_names()}
    looked_at = sorted(first, key=lambda name: -first[name])[:LOOKED_AT]
    fastest = {name: min(_until_entered(name) for _ in range(RUNS)) for name in looked_at}
    slowest = max(fastest, key=lambda name: fastest[name])
    return Starts(
        help=min(_cpu_seconds(_PROGRAM, "--help") for _ in range(RUNS)),
        completion=min(_cpu_seconds(_PROGRAM, environ=COMPLETION) for _ in range(RUNS)),
        command=fastest[slowest],
        slowest=slowest,
    )


def command_names() -> list[str]:
    """Every command, those of groups with the name of the group."""
    return [
        f"{name} {sub}".strip()
        for name, entry in COMMANDS.items()
        for sub in (entry.commands if isinstance(entry, LazySubgroup) else ("",))
    ]


def _until_entered(name: str) -> float:
    return _cpu_seconds(_UNTIL_ENTERED, *name.split(), *ARGUMENTS.get(name, ()), expected="entered")


def _cpu_seconds(
    program: str, *arguments: str, environ: Mapping[str, str] | None = None, expected: str = "re"
) -> float:
    """CPU seconds of a fresh interpreter, which must print what is expected."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    done = subprocess.run(
        [sys.executable, "-c", program, *arguments],
        env={**os.environ, **(environ or {})}, capture_output=True, text=True, check=False,
    )  # fmt: skip
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    assert expected in done.stdout, f"{arguments}: {done.stdout}{done.stderr}"
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


if __name__ == "__main__":
    print(measure_starts())
