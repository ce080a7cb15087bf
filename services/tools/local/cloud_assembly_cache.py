"""Caches the output of `cdk synth` between runs.

The key is a digest of every file that a synthesis reads. A cached folder is always complete,
and several runs may deploy from the same folder at the same time.
"""

import hashlib
import shutil
import time
from collections.abc import Callable
from pathlib import Path
from typing import Final

from services.tools.local.folders import ROOT
from services.tools.local.runs import STATE, exclusive_lock

INPUTS: Final = ("app.py", "cdk.json", "infra", "lambdas", "services", "polls", "dashboard")
"""Files and folders that a synthesis reads."""
EXCLUDED_FOLDERS: Final = {"services/tools", "services/cli"}
"""Code that is in no bundle: it runs on this machine only, and changes often."""
SOURCE_SUFFIXES: Final = {".py", ".toml", ".txt", ".json"}
EXCLUDED_NAMES: Final = {"node_modules", "dist", "__pycache__"}
MAX_AGE_SECONDS: Final = 3600
"""How long an outdated assembly is kept: another run may still be deploying from it."""


def cached_assembly(synthesise: Callable[[Path], None], *extra: str, state: Path = STATE) -> Path:
    """Return the folder of the current assembly; call `synthesise(folder)` if it is missing.

    Concurrent runs wait for each other. `extra` are further parts of the cache key.
    """
    key = _digest(*extra)[:16]
    with exclusive_lock("synth", state):
        folder = state / "assemblies" / key
        if not folder.exists():
            draft = folder.with_suffix(".draft")
            shutil.rmtree(draft, ignore_errors=True)
            draft.parent.mkdir(exist_ok=True)
            synthesise(draft)
            draft.rename(folder)
        _delete_outdated(folder)
        return folder


def _digest(*extra: str) -> str:
    digest = hashlib.sha256("\0".join(extra).encode())
    for path in sorted(path for name in INPUTS for path in _source_files(ROOT / name)):
        digest.update(f"\0{path.relative_to(ROOT).as_posix()}\0".encode())
        digest.update(path.read_bytes())
    return digest.hexdigest()


def _source_files(path: Path) -> list[Path]:
    # Path.rglob would walk through node_modules, which is slow.
    if path.is_dir():
        return [
            file
            for inner in path.iterdir()
            if inner.name not in EXCLUDED_NAMES
            and inner.relative_to(ROOT).as_posix() not in EXCLUDED_FOLDERS
            for file in _source_files(inner)
        ]
    return [path] if path.is_file() and path.suffix in SOURCE_SUFFIXES else []


def _delete_outdated(current: Path) -> None:
    current.touch()
    for folder in current.parent.iterdir():
        if folder != current and folder.stat().st_mtime < time.time() - MAX_AGE_SECONDS:
            shutil.rmtree(folder, ignore_errors=True)
