"""Exports all ballots of a round to a file in constant memory; resumes after an interruption.

Rows go to a part file in blocks; after each block a state file records the progress. A resumed
export reads all ballots again, because the digest covers all of them and must still match the rows
already written; it writes only the missing rows.

After a kill at any moment, the next run resumes and produces the same bytes, or starts over. A
file is never left beside the sidecar of another export.
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
from services.voting.recount import BallotRow, Recount

BLOCK: Final = 5_000
"""Number of ballots between two writes of the state; without keys, a block is shuffled."""

DIGEST_OF: Final = (
    "SHA-256 over one line a ballot, sorted by key: '<ballot> CHOICE=votes …', line feed"
)


class BallotsChangedError(VotingError):
    """Ballots have changed since they were written to the part file."""

    def __init__(self, state: Path) -> None:
        self.state = state
        super().__init__(
            f"{state}: the ballots have changed since it was interrupted (is the poll still "
            f"open?): remove that file and export anew"
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Export:
    """One export of a round; `round_name` is like `colors:1`.

    `expired` is True if ballots of the round have expired: they are not in the file, although the
    board counts their votes.
    """

    round_name: str
    form: Format
    columns: Columns
    target: Path
    expired: bool = False

    @property
    def state_file(self) -> Path:
        """Path of the progress; removed when the export is complete."""
        return self.target.with_name(f"{self.target.name}.state.json")

    @property
    def part_file(self) -> Path:
        """Path of the rows written so far: CSV, or JSON lines for the other formats."""
        return self.target.with_name(f"{self.target.name}.part")

    @property
    def sidecar(self) -> Path:
        """Path of the totals and the digest, beside the exported file."""
        return self.target.with_name(f"{self.target.name}.digest.json")

    def run(
        self, ballots: Iterable[BallotRow], on_progress: Callable[[int], None]
    ) -> dict[str, Any]:
        """Write the file and its sidecar; return the sidecar's content.

        `ballots` are sorted by key.

        Raises:
            BallotsChangedError: ballots have changed since the interrupted run.
            ParquetMissingError: pyarrow is not installed; nothing was read.
        """
        require(self.form)
        state, written = self._resume()
        digest, recount = Digest(), Recount()

        def digested() -> Iterator[BallotRow]:
            for ballot in ballots:
                digest.add(ballot.key, ballot.picks)
                on_progress(1)
                yield ballot

        rows = digested()
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
                os.fsync(part.fileno())  # the state must not count rows that are not on disk
                state.rows, state.part_bytes = state.rows + len(block), part.tell()
                state.digest, state.part_sha256 = digest.hexdigest(), written.hexdigest()
                state.save(self.state_file)
        return self._finish(recount, digest.hexdigest())

    def _resume(self) -> tuple[ExportState, Any]:
        """Return the state to resume from, and the SHA-256 object over the rows it covers.

        The state is new if there is none, if it is of another export, or if the part file does
        not start with the bytes it covers.
        """
        wanted = f"{self.round_name} {self.form} {','.join(self.columns.names)}"
        state = ExportState.load(self.state_file)
        if state and state.wanted == wanted and self.part_file.exists():
            written = hash_start(self.part_file, state.part_bytes)
            if written.hexdigest() == state.part_sha256:
                return state, written
        self.state_file.unlink(missing_ok=True)  # first, or it would describe the new part file
        head = header(self.columns, self.form)
        self.part_file.write_bytes(head)
        written = sha256(head)
        return ExportState(
            wanted=wanted, salt=secrets.token_hex(8), part_bytes=len(head),
            part_sha256=written.hexdigest(),
        ), written  # fmt: skip

    def _order(self, block: list[BallotRow], state: ExportState) -> list[BallotRow]:
        """Without keys, shuffle: the order of keys would show which ballots share a voter."""
        if not self.columns.with_keys:
            random.Random(f"{state.salt}:{state.rows}").shuffle(block)  # noqa: S311 - the salt is secret
        return block

    def _finish(self, recount: Recount, digest: str) -> dict[str, Any]:
        """Put the sidecar and the file in place, then remove the part file and the state."""
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
        sidecar = {**notes, "file": self.target.name, "file_sha256": _sha256(finished)}
        content = f"{json.dumps(sidecar, indent=2)}\n".encode()
        self.target.unlink(
            missing_ok=True
        )  # of an older export, which the new sidecar does not describe
        replace_file(
            self.sidecar, content, draft=self.sidecar.with_name(f"{self.sidecar.name}.draft")
        )
        finished.replace(self.target)
        self.part_file.unlink(missing_ok=True)
        self.state_file.unlink(missing_ok=True)
        return sidecar

    def _convert(self, notes: dict[str, Any]) -> Path:
        """Return the finished file: the part file itself, or a conversion of it."""
        if self.form != "parquet":
            return self.part_file
        converted = self.target.with_name(f"{self.target.name}.making")
        to_parquet(self.part_file, converted, self.columns, {"voteapp": json.dumps(notes)})
        with converted.open("r+b") as file:
            os.fsync(file.fileno())
        return converted


def _sha256(path: Path) -> str:
    return str(hash_start(path, path.stat().st_size).hexdigest())
