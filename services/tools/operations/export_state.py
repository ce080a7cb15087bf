"""The progress of an export: a file beside its rows, with which it resumes after a kill."""

import json
from dataclasses import asdict, dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any

from services.tools.operations.whole_file import replace_file

_CHUNK = 1 << 20


@dataclass(slots=True, kw_only=True)
class ExportState:
    """The content of an export's part file.

    `wanted` identifies the export, `salt` seeds the order of rows without keys, `digest` covers the
    first `rows` ballots, and `part_sha256` the first `part_bytes` bytes of the part file.
    """

    wanted: str
    salt: str
    part_bytes: int
    part_sha256: str
    rows: int = 0
    digest: str = ""

    @classmethod
    def load(cls, path: Path) -> "ExportState | None":
        """Read the state from a file; return None if it is missing or malformed."""
        try:
            return cls(**json.loads(path.read_text(encoding="utf-8")))
        except (OSError, ValueError, TypeError):
            return None

    def save(self, path: Path) -> None:
        """Write the state atomically."""
        content = json.dumps(asdict(self)).encode()
        replace_file(path, content, draft=path.with_name(f"{path.name}.draft"))


def hash_start(path: Path, length: int) -> Any:  # noqa: ANN401 - hashlib has no public type for it
    """Return the SHA-256 object over at most the first `length` bytes of a file."""
    digest = sha256()
    with path.open("rb") as file:
        while length > 0 and (chunk := file.read(min(length, _CHUNK))):
            digest.update(chunk)
            length -= len(chunk)
    return digest
