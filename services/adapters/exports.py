"""Writes all ballots of a round to a file, in flat memory, and goes on after an interruption.

Rows go to a part file in blocks; after each block a state file says how far it is. Going on
reads the ballots again from the first, because the digest covers all of them and because
that is how it knows that the rows already written still hold; it writes only what is missing.
"""

import json
import os
import random
import secrets
from collections.abc import Callable, Iterable, Iterator
from dataclasses import asdict, dataclass
from hashlib import sha256
from itertools import islice
from pathlib import Path
from typing import Any, Final

from services.adapters.rows import Columns, Format, header, lines, require, to_parquet
from services.voting.digest import Digest
from services.voting.errors import VotingError
from services.voting.recount import Recount, Slip

BLOCK: Final = 5_000
"""Ballots between two notes of how far it is; without keys, they are shuffled among themselves."""

DIGEST_OF: Final = (
    "SHA-256 over one line a ballot, sorted by key: '<ballot> CHOICE=votes …', line feed"
)


class BallotsChangedError(VotingError):
    """The ballots already written are no longer those of the round."""

    def __init__(self, state: Path) -> None:
        self.state = state
        super().__init__(
            f"{state}: the ballots have changed since it was interrupted (is the poll still "
            f"open?): remove that file and export anew"
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Export:
    """What is to be written: `round_name` as `colors:1`, and where the part file lies."""

    round_name: str
    form: Format
    columns: Columns
    target: Path

    @property
    def state_file(self) -> Path:
        """How far it is; gone when it is done."""
        return self.target.with_name(f"{self.target.name}.state.json")

    @property
    def part_file(self) -> Path:
        """The rows so far."""
        return self.target.with_name(f"{self.target.name}.part")

    @property
    def sidecar(self) -> Path:
        """The totals and the digest, beside the file."""
        return self.target.with_name(f"{self.target.name}.digest.json")

    def run(self, slips: Iterable[Slip], told: Callable[[int], None]) -> dict[str, Any]:
        """Write the file and its sidecar; what the sidecar says. `slips` go by their keys.

        Raises:
            BallotsChangedError: it goes on after an interruption, and ballots have changed.
            ParquetMissingError: the library is not there; nothing was read yet.
        """
        require(self.form)
        state = self._resume()
        digest, recount = Digest(), Recount()

        def each() -> Iterator[Slip]:
            for slip in slips:
                digest.add(slip.key, slip.picks)
                told(1)
                yield slip

        rows = each()
        recount.add(islice(rows, state.rows))
        if recount.ballots.total() != state.rows or (
            state.rows and digest.hexdigest() != state.digest
        ):
            raise BallotsChangedError(self.state_file)
        with self.part_file.open("r+b") as part:
            part.truncate(state.bytes)
            part.seek(state.bytes)
            while block := list(islice(rows, BLOCK)):
                recount.add(block)
                part.write(lines(self.columns, self.form, self._in_order(block, state)))
                part.flush()
                os.fsync(part.fileno())
                state.rows, state.bytes = state.rows + len(block), part.tell()
                state.digest = digest.hexdigest()
                state.save(self.state_file)
        return self._finish(recount, digest.hexdigest())

    def _resume(self) -> "_State":
        wanted = f"{self.round_name} {self.form} {','.join(self.columns.names)}"
        state = _State.load(self.state_file, wanted) if self.part_file.exists() else None
        if state is None:
            head = header(self.columns, self.form)
            self.part_file.write_bytes(head)
            state = _State(wanted=wanted, salt=secrets.token_hex(8), bytes=len(head))
        return state

    def _in_order(self, block: list[Slip], state: "_State") -> list[Slip]:
        """Without keys, in an order that tells nothing: not even whose ballots lie together."""
        if not self.columns.with_keys:
            random.Random(f"{state.salt}:{state.rows}").shuffle(block)  # noqa: S311 - the salt is secret
        return block

    def _finish(self, recount: Recount, digest: str) -> dict[str, Any]:
        notes = {
            "round": self.round_name,
            "rows": recount.ballots.total(),
            "voters": recount.voters,
            "votes": {choice: recount.votes[choice] for choice in self.columns.choices},
            "with_keys": self.columns.with_keys,
            "digest": digest,
            "digest_of": DIGEST_OF,
        }
        if self.form == "parquet":
            footer = {"voteapp": json.dumps(notes)}
            made = self.target.with_name(f"{self.target.name}.making")
            to_parquet(self.part_file, made, self.columns, footer)
            made.replace(self.part_file)
        with self.part_file.open("rb") as part:
            told = {**notes, "file": self.target.name, "file_sha256": _sha256(part)}
        self.part_file.replace(self.target)
        self.sidecar.write_text(json.dumps(told, indent=2) + "\n", encoding="utf-8")
        self.state_file.unlink(missing_ok=True)
        return told


@dataclass(slots=True, kw_only=True)
class _State:
    wanted: str
    salt: str
    bytes: int
    rows: int = 0
    digest: str = ""

    @classmethod
    def load(cls, path: Path, wanted: str) -> "_State | None":
        """The state of the same export, or None."""
        try:
            held = cls(**json.loads(path.read_text(encoding="utf-8")))
        except (OSError, ValueError, TypeError):
            return None
        return held if held.wanted == wanted else None

    def save(self, path: Path) -> None:
        """Complete or not at all."""
        draft = path.with_suffix(".draft")
        draft.write_text(json.dumps(asdict(self)), encoding="utf-8")
        draft.replace(path)


def _sha256(file: Any) -> str:  # noqa: ANN401 - an open binary file
    total = sha256()
    while chunk := file.read(1 << 20):
        total.update(chunk)
    return total.hexdigest()
