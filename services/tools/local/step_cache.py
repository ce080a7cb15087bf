"""Remembers which set-up steps are done, and for which inputs.

The key is a digest of the inputs' content, not of their age, so it is also right after a fresh
clone or a switch of branches.
"""

import hashlib
from collections.abc import Iterable
from pathlib import Path


def fingerprint(inputs: Iterable[Path], *extra: str) -> str:
    """Return a digest of the names and contents of files and folders, and of `extra`."""
    digest = hashlib.sha256("\0".join(extra).encode())
    for path in sorted(_files(inputs)):
        digest.update(f"\0{path.as_posix()}\0".encode())
        digest.update(path.read_bytes())
    return digest.hexdigest()


def _files(inputs: Iterable[Path]) -> Iterable[Path]:
    for path in inputs:
        if path.is_dir():
            yield from (inner for inner in path.rglob("*") if inner.is_file())
        elif path.exists():
            yield path


class StepCache:
    """Keeps a file for each finished step; the folder may be deleted at any time."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def is_done(self, step: str, key: str) -> bool:
        """Return whether the step was finished for exactly these inputs."""
        file = self._folder / step
        return file.exists() and file.read_text() == key

    def mark_done(self, step: str, key: str) -> None:
        """Remember that the step is finished."""
        self._folder.mkdir(exist_ok=True)
        (self._folder / step).write_text(key)

    def forget(self, step: str) -> None:
        """Forget a step; call it before the step runs, because it may fail."""
        (self._folder / step).unlink(missing_ok=True)
