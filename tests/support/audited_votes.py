"""Ballots in memory with their stream and board, which change while an audit reads them."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace

from services.adapters.event_source import MappingState
from services.tools.operations.audits import Auditor
from services.tools.replay.lifecycle.boards import SimulatedBoards, SimulatedCorrections
from services.tools.replay.lifecycle.polls import SimulatedPolls
from services.voting.audit import Audit
from services.voting.ballot import Ballot, Vote, cast
from services.voting.barring import bar_text, forget_votes
from services.voting.fold import fold
from services.voting.poll import Policy, Round
from services.voting.ports import Progress
from services.voting.recount import BallotRow, Recount
from services.voting.tally import Change, Totals, difference, pad_sequence
from tests.support.polls import NOON, a_round, a_sid

ROUND = a_round(policy=Policy.EACH, limit=20)
VOTERS = tuple(f"voter{number}" for number in range(6))
QUIET = MappingState(state="Enabled", last_result="OK", iterator_age_ms=None)


Picks = Mapping[str, int]


def nothing() -> None:
    """The default callback, which does nothing."""


@dataclass(slots=True)
class Boards(SimulatedBoards):
    """Tally rows with a callback that runs before they are read."""

    before_reading: Callable[[], None] = field(default=nothing, kw_only=True)

    def totals(self, board: str, round_number: int) -> Totals:
        """Sums over the rows of a round."""
        self.before_reading()
        return SimulatedBoards.totals(self, board, round_number)


@dataclass
class AuditedVotes:
    """The `AuditedBallots` port, with methods that write. `meanwhile` is called before every read."""

    meanwhile: Callable[[], None] = nothing
    held: dict[str, Ballot] = field(default_factory=dict)
    unreadable: list[str] = field(default_factory=list)
    stream: list[Change] = field(default_factory=list)
    folded: int = 0
    slept: list[float] = field(default_factory=list)
    mapping: MappingState = QUIET
    now_ms: int = NOON

    def __post_init__(self) -> None:
        polls = SimulatedPolls(clock=lambda: self.now_ms)
        self.boards = Boards(polls=polls, before_reading=self._others)

    def write(self, ballot: Ballot) -> None:
        """Write a ballot and its stream record."""
        before = self.held.get(ballot.sk)
        self.held[ballot.sk] = ballot
        self._record(ballot, before.picks if before else {}, ballot.picks)

    def delete(self, voter: str) -> None:
        """Delete an item by hand."""
        if ballot := self.held.pop(voter, None):
            self._record(ballot, ballot.picks, {}, removed=1)

    def vote(self, voter: str, choice: str = "RED") -> None:
        """Cast a vote, if the ballot accepts it."""
        vote = Vote(voter=voter, sid=a_sid(), choice=choice, at_ms=NOON)
        if after := cast(ROUND, self.held.get(voter), vote).ballot:
            self.write(after)

    def forget(self, voter: str) -> None:
        """Forget the votes of a phone."""
        if (held := self.held.get(voter)) and held.texts:
            self.write(forget_votes(held, NOON))

    def bar(self, voter: str) -> None:
        """Bar a text of the phone."""
        vote = Vote(voter=voter, sid=a_sid(), choice="", at_ms=NOON)
        self.write(bar_text(ROUND, self.held.get(voter), vote))

    def date(self, voter: str) -> None:
        """Set the expiry of a ballot."""
        if (held := self.held.get(voter)) and held.expires_at_s is None:
            self.write(replace(held, expires_at_s=NOON, writes=held.writes + 1))

    def fold(self, count: int | None = None) -> None:
        """Fold the given number of further records, or all."""
        run = self.stream[self.folded :][:count]
        fold(run, self.boards, stream_label="label", stream_shard="shard")
        self.folded += len(run)

    def has_ballots(self, round: Round) -> bool:
        """Whether anybody has voted."""
        return bool(self.held) and round.number == 1

    def sums(self, round: Round, on_progress: Progress) -> Recount:
        """The recount, ballot by ballot, so that writes can happen in between."""
        recount = Recount()
        for row in self.rows(round, recount.add_unreadable):
            recount.add([row])
            on_progress(1)
        return recount

    def rows(self, round: Round, unreadable: Callable[[str], None]) -> Iterator[BallotRow]:
        """Every ballot in the order of the keys."""
        assert round.number == ROUND.number
        for keys in self.unreadable:
            unreadable(keys)
        for voter in VOTERS:
            self.meanwhile()
            if held := self.held.get(voter):
                yield BallotRow(held.sk, held.board, held.picks, held.changed_at_ms, held.writes)

    def auditor(self, *, settle_seconds: float = 0) -> Auditor:
        """An auditor of these ballots and boards."""
        return Auditor(
            tallies=self.boards,
            recounts=self,
            certificates=self.boards,
            corrections=SimulatedCorrections(self.boards),
            mapping=lambda: self.mapping,
            settle_seconds=settle_seconds,
            clock=lambda: self.now_ms,
            sleep=self.slept.append,
        )

    def audit(self, round: Round = ROUND) -> Audit:
        """Audit a round."""
        return self.auditor().audit(round)

    def _others(self) -> None:
        self.meanwhile()

    def _record(self, ballot: Ballot, before: Picks, after: Picks, *, removed: int = 0) -> None:
        moved, came = difference(before, after), bool(after) - bool(before)
        sequence = pad_sequence(str(len(self.stream) + 1))
        self.stream.append(
            Change(ballot.board, 1, sequence, moved, came, 0, ballot.changed_at_ms, removed)
        )
