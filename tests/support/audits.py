"""An auditor over ports that write down in which order they are used."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from hashlib import sha256
from typing import Any

from services.adapters.event_source import MappingState
from services.tools.operations.audits import Auditor
from services.voting.audit import Audit
from services.voting.certificate import Certificate
from services.voting.poll import Round, State
from services.voting.ports import Progress
from services.voting.recount import BallotRow, Difference, Recount
from services.voting.tally import Totals
from tests.support.polls import NOON, a_poll

OPEN, SEALED = "open#colors", "sealed#colors"
NOBODY = Totals(picks={})
RED = Totals(picks={"RED": 2, "BLUE": 1}, voters=3, folded=4)
"""What the board shows where all is right: four writes made three ballots."""
BALLOTS = (
    BallotRow("a", OPEN, {"RED": 1}, NOON - 3, 1),
    BallotRow("b", OPEN, {"RED": 1}, NOON - 2, 1),
    BallotRow("c", OPEN, {"BLUE": 1}, NOON - 1, 2),
)
DIGEST = sha256(b"a RED=1\nb RED=1\nc BLUE=1\n").hexdigest()
WELL = MappingState(state="Enabled", last_result="OK", iterator_age_ms=None)
ENDED = Round(poll=a_poll(), state=State.CLOSED, state_at_ms=NOON - 73_000)


WRONG = replace(RED, picks={"RED": 5, "BLUE": 1}, voters=6)
"""A board that three votes too many were added to."""


@dataclass
class World:
    """All ports of an auditor. `boards` are what is read of the open board, one after the other."""

    boards: list[Totals] = field(default_factory=lambda: [RED])
    sealed: Totals = NOBODY
    ballots: Sequence[BallotRow] = BALLOTS
    unreadable: tuple[str, ...] = ()
    corrected: int = 0
    certified: list[Certificate] = field(default_factory=list)
    certifies: bool = True
    state: MappingState = WELL
    log: list[str] = field(default_factory=list)
    written: list[tuple[Difference, int, int]] = field(default_factory=list)
    slept: list[float] = field(default_factory=list)
    told: list[int] = field(default_factory=list)

    # the tallies

    def watermarks(self, board: str, number: int) -> Mapping[tuple[str, str], str]:
        """How far the stream is folded."""
        self.log.append(f"watermarks {board} {number}")
        return {("label", "shard"): "7"}

    def totals(self, board: str, number: int) -> Totals:
        """The next state of the board, the last one for ever."""
        self.log.append(f"totals {board} {number}")
        if board == SEALED:
            return self.sealed
        return self.boards.pop(0) if len(self.boards) > 1 else self.boards[0]

    # the ballots

    def sums(self, there: Round, told: Progress) -> Recount:
        """Unsorted."""
        self.log.append(f"sums {there.number}")
        recount = Recount()
        recount.add(self.ballots)
        told(len(self.ballots))
        for key in self.unreadable:
            recount.add_unreadable(key)
        return recount

    def rows(self, there: Round, unreadable: Callable[[str], None]) -> Iterator[BallotRow]:
        """Sorted."""
        self.log.append(f"slips {there.number}")
        for key in self.unreadable:
            unreadable(key)
        yield from self.ballots

    # certificates and corrections

    def find(self, poll: str, number: int) -> Certificate | None:
        """The one that there is."""
        assert (poll, number) == ("colors", 1)
        return self.certified[0] if self.certified else None

    def write(
        self, certificate: Certificate, round: Round, *, current: bool, begun: int = 0
    ) -> bool:
        """Unless somebody else was faster."""
        assert current
        assert not begun
        assert round == ENDED
        if self.certifies:
            self.certified.append(certificate)
        return self.certifies

    def count(self, board: str, number: int) -> int:
        """Corrections so far."""
        self.log.append(f"corrections {board} {number}")
        return self.corrected

    def apply(self, off: Difference, number: int, *, expected: int, at_ms: int) -> bool:
        """On condition that there were as many."""
        assert at_ms == NOON
        if expected != self.corrected:
            return False
        self.written.append((off, number, expected))
        return True

    def mapping(self) -> MappingState:
        """Of the aggregator."""
        self.log.append("mapping")
        return self.state

    @property
    def auditor(self) -> Auditor:
        """Over all of this, at noon; it waits for two seconds."""
        world: Any = self
        return Auditor(
            tallies=world, recounts=world, certificates=world, corrections=world,
            mapping=self.mapping, settle_seconds=2, clock=lambda: NOON, sleep=self.slept.append,
        )  # fmt: skip

    def audit(self, round: Round = ENDED, *, digest: bool = False) -> Audit:
        """Of a round that has ended."""
        return self.auditor.audit(round, self.told.append, digest=digest)


def reasons(caught: Any) -> str:
    """Why it was refused."""
    return "; ".join(caught.value.reasons)
