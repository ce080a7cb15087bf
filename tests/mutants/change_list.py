"""The list of harmful changes: one file of `tests/mutants/changes` for each area."""

import tomllib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path


class ListError(Exception):
    """The list of changes does not fit the code."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """One harmful change. `noticed_by` are pytest's arguments, or files for Node's test runner."""

    area: str
    name: str
    file: str
    search: str
    replace: str
    harm: str
    noticed_by: tuple[str, ...]

    def misfit(self, root: Path) -> str | None:
        """Why the change cannot be made in this checkout."""
        path = root / self.file
        text = path.read_text(encoding="utf-8") if path.is_file() else ""
        if text.count(self.search) == 1:
            return None
        found = f"found {text.count(self.search)} times in {self.file}"
        return f"{self.area}: {self.name!r}: {found}: write it as the code is now"

    def apply(self, root: Path) -> str:
        """Change the file, and return its text as it was."""
        path = root / self.file
        text = path.read_text(encoding="utf-8")
        path.write_text(text.replace(self.search, self.replace), encoding="utf-8")
        return text


def read_changes(folder: Path) -> list[Change]:
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


def check_texts(changes: Sequence[Change], root: Path) -> None:
    """Raises: ListError with every change whose text is not found exactly once."""
    misfits = filter(None, (change.misfit(root) for change in changes))
    if told := "\n".join(misfits):
        raise ListError(told)
