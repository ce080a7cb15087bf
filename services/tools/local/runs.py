"""One folder a run, in `.local/` of the checkout, and how a running demo is found.

A folder belongs to a run as long as the run holds its lock; the operating system gives the
lock back however the run ends. So several demos can run side by side, and what a killed
one left behind is swept up by the next.
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

from services.tools.local.toolchain import ROOT

STATE = ROOT / ".local"
LAST_FAILURE = "last-failure"
"""Where in the state folder the logs of the last run that failed are kept."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CloudFile:
    """What a running local cloud tells others about itself; no secret is in it."""

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
    """A fresh folder that is gone afterwards; only the logs of a failure are kept."""
    state.mkdir(exist_ok=True)
    sweep(state)
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
def exclusive(name: str, state: Path = STATE) -> Iterator[None]:
    """One run at a time does this; the others wait for it."""
    with (state / f"{name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def publish(folder: Path, cloud: CloudFile) -> None:
    """Write `cloud.json`, complete or not at all."""
    draft = folder / "cloud.json.draft"
    draft.write_text(json.dumps(asdict(cloud), indent=2))
    draft.rename(folder / "cloud.json")


def running(state: Path = STATE) -> list[CloudFile]:
    """The local clouds that run now, newest first."""
    found = []
    for folder in sorted(state.glob("run-*"), reverse=True):
        if _alive(folder) and (folder / "cloud.json").exists():
            fields: dict[str, Any] = json.loads((folder / "cloud.json").read_text())
            found.append(CloudFile(**(fields | {"path": str(folder)})))
    return found


def sweep(state: Path) -> None:
    """Remove the folders of runs that are no more."""
    for folder in state.glob("run-*"):
        if not _alive(folder):
            shutil.rmtree(folder, ignore_errors=True)


def keep_logs(folder: Path) -> None:
    """Copy a run's logs to where they outlive it, in place of those of an earlier failure."""
    kept = folder.parent / LAST_FAILURE
    shutil.rmtree(kept, ignore_errors=True)
    kept.mkdir()
    for log in folder.glob("*.log"):
        shutil.copy(log, kept)


def _alive(folder: Path) -> bool:
    try:
        lock: TextIO = (folder / "lock").open("r+")
    except FileNotFoundError:
        # Another run may be between making its folder and locking it.
        return time.time() - folder.stat().st_mtime < 1 if folder.exists() else False
    with lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
    return False
