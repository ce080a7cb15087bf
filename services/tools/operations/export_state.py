"""How far an export is: the file beside its rows that lets it go on after a kill."""

import json
from dataclasses import asdict, dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any

from services.tools.operations.whole_file import replace_file

_CHUNK = 1 << 20


@dataclass(slots=True, kw_only=True)
class ExportState:
    """What the part file of an export holds.

    `wanted` names the export, `salt` decides on the order of rows without keys, `digest` is of
    the first `rows` ballots, `part_sha256` of the first `part_bytes` bytes of the part file.
    """

    wanted: str
    salt: str
    part_bytes: int
    part_sha256: str
    rows: int = 0
    digest: str = ""

    @classmethod
    def load(cls, path: Path) -> "ExportState | None":
        """The state in that file, or None if there is none that can be read."""
        try:
            return cls(**json.loads(path.read_text(encoding="utf-8")))
        except (OSError, ValueError, TypeError):
            return None

    def save(self, path: Path) -> None:
        """Write it, complete or not at all."""
        content = json.dumps(asdict(self)).encode()
        replace_file(path, content, draft=path.with_name(f"{path.name}.draft"))


def hash_start(path: Path, length: int) -> Any:  # noqa: ANN401 - hashlib names no type for it
    """The SHA-256 object over the first `length` bytes of a file, or of all, if it is shorter."""
    total = sha256()
    with path.open("rb") as file:
        while length > 0 and (chunk := file.read(min(length, _CHUNK))):
            total.update(chunk)
            length -= len(chunk)
    return total
