"""The aggregates table of a scenario: tally rows, correction rows, certificates."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from services.adapters.memory import MemoryTallies
from services.tools.replay.lifecycle.polls import SimulatedPolls
from services.voting.certificate import Certificate
from services.voting.errors import PollChangedError
from services.voting.poll import Round
from services.voting.recount import Difference
from services.voting.tally import Delta, TallyRow, Totals, add_up

MOST_KEY_CHARACTERS = 1_000
MOST_COUNT = 10**38
MOST_CHOICES = 140
"""DynamoDB refuses a write beyond its limits on keys, numbers and update expressions."""


class RefusedWriteError(Exception):
    """A write that the store will never carry out, however often it is repeated."""


@dataclass(slots=True)
class SimulatedBoards(MemoryTallies):
    """The `AuditedTallies`, `Corrections` and `Certificates` ports."""

    polls: SimulatedPolls = field(kw_only=True)
    corrected: dict[tuple[str, int], tuple[int, Totals]] = field(default_factory=dict)
    certified: dict[tuple[str, int], Certificate] = field(default_factory=dict)

    def apply(self, row: TallyRow, delta: Delta) -> str | None:
        """Add a delta, or refuse what the store would refuse."""
        counts = (*delta.picks.values(), delta.voters, row.round)
        if (
            len(row.board) > MOST_KEY_CHARACTERS
            or len(delta.picks) > MOST_CHOICES
            or any(abs(count) >= MOST_COUNT for count in counts)
            or not row.board.startswith(("open#", "sealed#", "unreadable"))
        ):
            raise RefusedWriteError(row.board[:40])
        return MemoryTallies.apply(self, row, delta)

    def totals(self, board: str, round_number: int) -> Totals:
        """Sum the rows of a round, the correction row too."""
        rows = MemoryTallies.totals(self, board, round_number)
        return add_up([rows, self._correction(board, round_number)[1]])

    def watermarks(self, board: str, round_number: int) -> Mapping[tuple[str, str], str]:
        """How far each stream shard is folded."""
        return {
            (row.stream_label, row.stream_shard): watermark
            for row, (watermark, _) in self.rows.items()
            if (row.board, row.round) == (board, round_number)
        }

    def count(self, board: str, round_number: int) -> int:
        """How often the board was corrected."""
        return self._correction(board, round_number)[0]

    def correct(self, off: Difference, round_number: int, *, expected: int) -> bool:
        """Add a difference; False if the board was corrected meanwhile."""
        version, held = self._correction(off.board, round_number)
        if version != expected:
            return False
        more = Totals(
            picks=off.picks, voters=off.voters, folded=off.missing, removed=off.removed, bad=off.bad
        )
        self.corrected[off.board, round_number] = (version + 1, add_up([held, more]))
        return True

    def find(self, poll: str, round_number: int) -> Certificate | None:
        """The certificate of a round."""
        return self.certified.get((poll, round_number))

    def write(self, certificate: Certificate, round: Round, *, current: bool) -> bool:
        """Store a certificate and make its round final, or neither."""
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
        """How often the board was corrected."""
        return self.boards.count(board, round_number)

    def apply(self, off: Difference, round_number: int, *, expected: int, at_ms: int) -> bool:  # noqa: ARG002
        """Add a difference; False if the board was corrected meanwhile."""
        return self.boards.correct(off, round_number, expected=expected)
