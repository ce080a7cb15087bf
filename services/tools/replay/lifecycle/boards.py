"""The simulated aggregates table: tally rows, correction rows, certificates."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from services.adapters.memory import MemoryTallies
from services.tools.replay.lifecycle.polls import SimulatedPolls
from services.voting.certificate import Certificate
from services.voting.errors import PollChangedError, RowMergedError
from services.voting.merging import CORRECTION, BaseRow, MergePlan, StoredRow, sum_rows
from services.voting.poll import Round
from services.voting.recount import Difference
from services.voting.tally import Delta, TallyRow, Totals, add_up

MAX_KEY_CHARACTERS = 1_000
MAX_COUNT = 10**38
MAX_CHOICES = 140
"""DynamoDB rejects writes beyond its limits on keys, numbers and update expressions."""


class RefusedWriteError(Exception):
    """A write that DynamoDB rejects at every attempt."""


BoardKey = tuple[str, int]
"""Board and round."""


@dataclass(slots=True)
class SimulatedBoards(MemoryTallies):
    """The `AuditedTallies`, `Corrections` and `Certificates` ports."""

    polls: SimulatedPolls = field(kw_only=True)
    bases: dict[BoardKey, BaseRow] = field(default_factory=dict)
    corrected: dict[tuple[str, int], tuple[int, Totals]] = field(default_factory=dict)
    certified: dict[tuple[str, int], Certificate] = field(default_factory=dict)

    def apply(self, row: TallyRow, delta: Delta) -> str | None:
        """Add a delta, unless DynamoDB would reject the write."""
        counts = (*delta.picks.values(), delta.voters, row.round)
        if (
            len(row.board) > MAX_KEY_CHARACTERS
            or len(delta.picks) > MAX_CHOICES
            or any(abs(count) >= MAX_COUNT for count in counts)
            or not row.board.startswith(("open#", "sealed#", "unreadable"))
        ):
            raise RefusedWriteError(row.board[:40])
        base = self.bases.get((row.board, row.round), BaseRow())
        if row not in self.rows and (row.stream_label, row.stream_shard) in base.merged:
            raise RowMergedError(row.board, row.round, row.stream_shard)
        return MemoryTallies.apply(self, row, delta)

    def totals(self, board: str, round_number: int) -> Totals:
        """Sum the rows of a round, including the correction row."""
        base, rows = self.stored((board, round_number))
        return sum_rows(rows, base)

    def keys(self) -> set[BoardKey]:
        """Return the boards and rounds that have rows."""
        return {(row.board, row.round) for row in self.rows} | set(self.bases)

    def stored(self, key: BoardKey) -> tuple[BaseRow, list[StoredRow]]:
        """Return the base row of a round, and its other rows."""
        rows = [
            StoredRow(
                name=(row.stream_label, row.stream_shard),
                place="",
                totals=totals,
                version=totals.folded,
            )
            for row, (_, totals) in self.rows.items()
            if (row.board, row.round) == key
        ]
        if key in self.corrected:
            version, totals = self.corrected[key]
            rows.append(StoredRow(name=CORRECTION, place="", totals=totals, version=version))
        return self.bases.get(key, BaseRow()), rows

    def write_plan(self, key: BoardKey, before: BaseRow, plan: MergePlan) -> bool:
        """Replace a base row and delete rows, or do nothing if one is not as it was read."""
        if not self.is_as_read(key, before, plan):
            return False
        self.bases[key] = plan.base
        for row in plan.deleted:
            label, shard = row.name
            self.rows.pop(
                TallyRow(board=key[0], round=key[1], stream_label=label, stream_shard=shard), None
            )
        return True

    def is_as_read(self, key: BoardKey, before: BaseRow, plan: MergePlan) -> bool:
        """Return whether the base row and the rows of a plan are as they were read."""
        base, rows = self.stored(key)
        stored = {row.name: row.version for row in rows}
        used = (*plan.merged, *plan.deleted)
        return base.revision == before.revision and all(
            stored.get(row.name) == row.version for row in used
        )

    def watermarks(self, board: str, round_number: int) -> Mapping[tuple[str, str], str]:
        """Return the watermark of each stream shard."""
        return {
            (row.stream_label, row.stream_shard): watermark
            for row, (watermark, _) in self.rows.items()
            if (row.board, row.round) == (board, round_number)
        }

    def count(self, board: str, round_number: int) -> int:
        """Return how often the board was corrected."""
        return self._correction(board, round_number)[0]

    def correct(self, off: Difference, round_number: int, *, expected: int) -> bool:
        """Add a difference; return False if the board was corrected meanwhile."""
        version, before = self._correction(off.board, round_number)
        if version != expected:
            return False
        more = Totals(
            picks=off.picks, voters=off.voters, folded=off.missing, removed=off.removed, bad=off.bad
        )
        self.corrected[off.board, round_number] = (version + 1, add_up([before, more]))
        return True

    def find(self, poll: str, round_number: int) -> Certificate | None:
        """Return the certificate of a round."""
        return self.certified.get((poll, round_number))

    def write(
        self, certificate: Certificate, round: Round, *, current: bool, begun: int = 0
    ) -> bool:
        """Store a certificate and make its round final, or do neither."""
        del begun  # no simulated reconciliation is interrupted by a certificate
        key = (certificate.poll, certificate.round)
        if key in self.certified:
            return False
        if not self.polls.make_final(round, certificate.certified_at_ms, current=current):
            raise PollChangedError(certificate.poll)
        self.certified[key] = certificate
        return True

    def _correction(self, board: str, round_number: int) -> tuple[int, Totals]:
        return self.corrected.get((board, round_number), (0, Totals(picks={})))


@dataclass(frozen=True, slots=True)
class SimulatedCorrections:
    """The `Corrections` port on the boards."""

    boards: SimulatedBoards

    def count(self, board: str, round_number: int) -> int:
        """Return how often the board was corrected."""
        return self.boards.count(board, round_number)

    def apply(self, off: Difference, round_number: int, *, expected: int, at_ms: int) -> bool:  # noqa: ARG002
        """Add a difference; return False if the board was corrected meanwhile."""
        return self.boards.correct(off, round_number, expected=expected)
