"""What `cdk synth` writes, kept between runs: a second start deploys what is there.

Keyed on everything a synthesis reads, so a change of any of it makes a new one. A folder
is complete or not there, and several runs may deploy from one at the same time.
"""

import shutil
import time
from collections.abc import Callable
from pathlib import Path
from typing import Final

from services.tools.local.runs import STATE, exclusive
from services.tools.local.step_cache import fingerprint
from services.tools.local.toolchain import ROOT

READ: Final = ("app.py", "cdk.json", "infra", "lambdas", "services", "polls", "dashboard")
"""What a synthesis may read; of the folders, the files in them that are sources."""
NOT_READ: Final = {"services/tools", "services/cli"}
"""What runs on this machine only; it changes often and is in no bundle."""
SOURCES: Final = {".py", ".toml", ".txt", ".json"}
NOT_SOURCES: Final = {"node_modules", "dist", "__pycache__"}
FORGET_SECONDS: Final = 3600
"""How long one that is not current is kept: another run may still be deploying from it."""


def assembly(synthesise: Callable[[Path], None], *also: str, state: Path = STATE) -> Path:
    """The folder of the current assembly, made by `synthesise(folder)` if it is not there.

    One run at a time makes one; `also` is what it depends on beside the files.
    """
    key = fingerprint(_sources(), *also)[:16]
    with exclusive("synth", state):
        folder = state / "assemblies" / key
        if not folder.exists():
            draft = folder.with_suffix(".draft")
            shutil.rmtree(draft, ignore_errors=True)
            draft.parent.mkdir(exist_ok=True)
            synthesise(draft)
            draft.rename(folder)
        _forget_others(folder)
        return folder


def _sources() -> list[Path]:
    return [path for name in READ for path in _files(ROOT / name)]


def _files(path: Path) -> list[Path]:
    """Walks by hand, because node_modules holds more files than everything else."""
    if path.is_dir():
        return [
            file
            for inner in path.iterdir()
            if inner.name not in NOT_SOURCES and inner.relative_to(ROOT).as_posix() not in NOT_READ
            for file in _files(inner)
        ]
    return [path] if path.suffix in SOURCES else []


def _forget_others(current: Path) -> None:
    current.touch()
    for folder in current.parent.iterdir():
        if folder != current and folder.stat().st_mtime < time.time() - FORGET_SECONDS:
            shutil.rmtree(folder, ignore_errors=True)
