"""Writes all ballots of a round to a file, in flat memory, and goes on after an interruption.

Rows go to a part file in blocks; after each block a state file says how far it is. Going on
reads the ballots again from the first, because the digest covers all of them and because
that is how it knows that the rows already written still hold; it writes only what is missing.

A kill at any moment leaves either what the next run goes on from, to the very bytes, or what
it starts over from; and never a file beside the sidecar of another one.
"""

import json
import os
import random
import secrets
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from hashlib import sha256
from itertools import islice
from pathlib import Path
from typing import Any, Final

from services.tools.operations.export_formats import (
    Columns,
    Format,
    header,
    lines,
    require,
    to_parquet,
)
from services.tools.operations.export_state import ExportState, hash_start
from services.tools.operations.whole_file import replace_file
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
    """What is to be written: `round_name` as `colors:1`, and where the part file lies.

    `expired` is whether ballots of the round have expired: they are not in the file, although
    their votes are on the board.
    """

    round_name: str
    form: Format
    columns: Columns
    target: Path
    expired: bool = False

    @property
    def state_file(self) -> Path:
        """How far it is; gone when it is done."""
        return self.target.with_name(f"{self.target.name}.state.json")

    @property
    def part_file(self) -> Path:
        """The rows so far: CSV, or JSON lines for the other formats."""
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
        state, written = self._resume()
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
            part.truncate(state.part_bytes)
            part.seek(state.part_bytes)
            while block := list(islice(rows, BLOCK)):
                recount.add(block)
                written.update(added := lines(self.columns, self.form, self._order(block, state)))
                part.write(added)
                part.flush()
                os.fsync(part.fileno())  # the state must not tell of rows that are not on the disk
                state.rows, state.part_bytes = state.rows + len(block), part.tell()
                state.digest, state.part_sha256 = digest.hexdigest(), written.hexdigest()
                state.save(self.state_file)
        return self._finish(recount, digest.hexdigest())

    def _resume(self) -> tuple[ExportState, Any]:
        """The state to go on from, and the SHA-256 object over the rows that it tells of.

        A new one where there is none, where it is of another export, and where the part file
        does not hold the bytes that it tells of.
        """
        wanted = f"{self.round_name} {self.form} {','.join(self.columns.names)}"
        state = ExportState.load(self.state_file)
        if state and state.wanted == wanted and self.part_file.exists():
            written = hash_start(self.part_file, state.part_bytes)
            if written.hexdigest() == state.part_sha256:
                return state, written
        self.state_file.unlink(missing_ok=True)  # first, or it would tell of the new part file
        head = header(self.columns, self.form)
        self.part_file.write_bytes(head)
        written = sha256(head)
        return ExportState(
            wanted=wanted, salt=secrets.token_hex(8), part_bytes=len(head),
            part_sha256=written.hexdigest(),
        ), written  # fmt: skip

    def _order(self, block: list[Slip], state: ExportState) -> list[Slip]:
        """Without keys, in an order that tells nothing: not even whose ballots lie together."""
        if not self.columns.with_keys:
            random.Random(f"{state.salt}:{state.rows}").shuffle(block)  # noqa: S311 - the salt is secret
        return block

    def _finish(self, recount: Recount, digest: str) -> dict[str, Any]:
        """Put the sidecar and the file in place; the part file and the state go last."""
        notes = {
            "round": self.round_name,
            "rows": recount.ballots.total(),
            "voters": recount.voters,
            "votes": {choice: recount.votes[choice] for choice in self.columns.choices},
            "expired": self.expired,
            "with_keys": self.columns.with_keys,
            "digest": digest,
            "digest_of": DIGEST_OF,
        }
        finished = self._convert(notes)
        told = {**notes, "file": self.target.name, "file_sha256": _sha256(finished)}
        content = f"{json.dumps(told, indent=2)}\n".encode()
        self.target.unlink(missing_ok=True)  # an older export: the new sidecar is not of it
        replace_file(
            self.sidecar, content, draft=self.sidecar.with_name(f"{self.sidecar.name}.draft")
        )
        finished.replace(self.target)
        self.part_file.unlink(missing_ok=True)
        self.state_file.unlink(missing_ok=True)
        return told

    def _convert(self, notes: dict[str, Any]) -> Path:
        """The finished file: the part file itself, or made of it; the part file stays."""
        if self.form != "parquet":
            return self.part_file
        made = self.target.with_name(f"{self.target.name}.making")
        to_parquet(self.part_file, made, self.columns, {"voteapp": json.dumps(notes)})
        with made.open("r+b") as file:
            os.fsync(file.fileno())
        return made


def _sha256(path: Path) -> str:
    return str(hash_start(path, path.stat().st_size).hexdigest())
