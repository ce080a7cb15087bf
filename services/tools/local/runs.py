"""The folders of runs in `.local/`, and how other commands find a running demo.

A run holds a file lock in its folder; the operating system releases the lock however the run
ends. So several demos can run side by side, and the next run deletes the folder of a killed
one.
"""

import fcntl
import json
import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, TextIO

from services.tools.local.folders import ROOT

STATE = ROOT / ".local"
LAST_FAILURE = "last-failure"
"""Folder, in the state folder, with the logs of the last run that failed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CloudFile:
    """The description of a running local cloud for other commands; contains no secret."""

    pids: dict[str, int]
    endpoint: str
    region: str
    dashboard_url: str
    webhook_url: str
    stack: str
    outputs: dict[str, str]
    started_at_ms: int
    path: str = ""


@contextmanager
def run_folder(state: Path = STATE) -> Iterator[Path]:
    """Yield a new folder and delete it on exit; keep its logs if the run fails."""
    state.mkdir(exist_ok=True)
    delete_dead_folders(state)
    folder = state / f"run-{time.time_ns():x}"
    folder.mkdir(mode=0o700)
    lock = (folder / "lock").open("w")
    fcntl.flock(lock, fcntl.LOCK_EX)
    try:
        yield folder
    except Exception:
        keep_logs(folder)
        raise
    finally:
        shutil.rmtree(folder, ignore_errors=True)
        lock.close()


@contextmanager
def exclusive_lock(name: str, state: Path = STATE) -> Iterator[None]:
    """Hold a lock by which runs wait for each other."""
    with (state / f"{name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def publish(folder: Path, cloud: CloudFile) -> None:
    """Write `cloud.json` atomically."""
    draft = folder / "cloud.json.draft"
    draft.write_text(json.dumps(asdict(cloud), indent=2))
    draft.rename(folder / "cloud.json")


def find_running(state: Path = STATE) -> list[CloudFile]:
    """Return the local clouds that run now, newest first."""
    found = []
    for folder in sorted(state.glob("run-*"), reverse=True):
        if _alive(folder) and (folder / "cloud.json").exists():
            fields: dict[str, Any] = json.loads((folder / "cloud.json").read_text())
            found.append(CloudFile(**(fields | {"path": str(folder)})))
    return found


def delete_dead_folders(state: Path) -> None:
    """Delete the folders of runs that have ended."""
    for folder in state.glob("run-*"):
        if not _alive(folder):
            shutil.rmtree(folder, ignore_errors=True)


def keep_logs(folder: Path) -> None:
    """Copy a run's logs to `last-failure`, and delete those of an earlier failure."""
    kept = folder.parent / LAST_FAILURE
    shutil.rmtree(kept, ignore_errors=True)
    kept.mkdir()
    for log in folder.glob("*.log"):
        shutil.copy(log, kept)


def _alive(folder: Path) -> bool:
    try:
        lock: TextIO = (folder / "lock").open("r+")
    except FileNotFoundError:
        # The run may have created its folder and not locked it yet.
        return time.time() - folder.stat().st_mtime < 1 if folder.exists() else False
    with lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
    return False
