"""Remembers which set-up steps are done, and for which inputs.

Keyed on what the files hold and not on their age: a fresh clone, a branch switch and a
cached folder all give the right answer. Standard library only.
"""

import hashlib
from collections.abc import Iterable
from pathlib import Path


def fingerprint(inputs: Iterable[Path], *also: str) -> str:
    """A digest of files (folders: all files in them), their names and further words."""
    digest = hashlib.sha256("\0".join(also).encode())
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


class Stamps:
    """One small file a finished step, in a folder that may be deleted at any time."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def holds(self, step: str, key: str) -> bool:
        """Whether the step was finished for exactly these inputs."""
        stamp = self._folder / step
        return stamp.exists() and stamp.read_text() == key

    def set(self, step: str, key: str) -> None:
        """Remember that the step is finished."""
        self._folder.mkdir(exist_ok=True)
        (self._folder / step).write_text(key)

    def drop(self, step: str) -> None:
        """Forget the step, because it is about to be done again and may fail."""
        (self._folder / step).unlink(missing_ok=True)
