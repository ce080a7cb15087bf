"""Compares Twilio's message log with the ballots of a round, and counts what is missing.

First the MessageSids in all ballots of the rounds on the numbers are read, then Twilio's log,
newest text first: a text that no ballot holds is missing. Where it belongs is decided as of the
time at which Twilio received it. The missing texts of a phone are inserted in one conditional
write, so a run can be interrupted and repeated, and two runs may overlap.
"""

import asyncio
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Final, NamedTuple

from services.adapters.twilio.message_log import LoggedText
from services.late.late_texts import LateTexts
from services.late.report import NotBalancedError, Reason, Report
from services.late.sid_index import SidIndex
from services.voting.ballot import Ballot, OutcomeKind, Vote
from services.voting.insertion import InsertionKind, LateVote, Moment
from services.voting.message import Message
from services.voting.placement import LOG_SECOND_MS, LatePlacements, Placement
from services.voting.poll import Round
from services.voting.timing import REACHED_MS

PHONES_AT_ONCE: Final = 32
"""Phones whose ballots are read and written at the same time."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reconciler:
    """What a reconciliation needs of a deployment. `rounds` share numbers with the target.

    `ballots` reads the ballots of a round. Without `writes`, the report says what would be
    recovered, and nothing is stored.
    """

    late: LateTexts
    placements: LatePlacements
    ballots: Callable[[Round], Iterable[Ballot]]
    rounds: Sequence[Round]
    writes: bool = True
    may_write: Callable[[], bool] = lambda: True
    """Asked before the writes of each phone; if not, the round was certified meanwhile."""
    on_progress: Callable[[int], None] = lambda _: None
    """Called with the number of missing texts that were dealt with since the last call."""

    async def run(self, target: Round, logged: Iterable[LoggedText], *, now_ms: int) -> Report:
        """Reconcile a round, which is one of `rounds`.

        `logged` yields Twilio's log newest first; it is read after all ballots, so that it has
        every text that they hold.

        Raises:
            NotBalancedError: the report does not add up.
            StoreUnavailableError: run it again; no text is counted twice.
        """
        index = SidIndex()
        for number, round in enumerate(self.rounds):
            for ballot in self.ballots(round):
                index.add((text.sid for text in ballot.texts), number)
        report = Report(poll=target.poll.id, round=target.number, until_ms=now_ms - REACHED_MS)
        run = _Run(reconciler=self, target=target, now_ms=now_ms, index=index, report=report)
        for text in logged:
            run.take(text)
        await run.recover()
        report.unknown = index.unseen(run.target_index)
        if report.explained != report.listed:
            raise NotBalancedError(report)
        return report


class _MissingVote(NamedTuple):
    """A vote of the target round that no ballot holds. `elsewhere`: rounds that may get it."""

    sid: str
    choice: str
    at_ms: int
    place: int
    is_after_close: bool
    elsewhere: tuple[Round, ...]


@dataclass(slots=True, kw_only=True)
class _Run:
    """One run of a reconciliation."""

    reconciler: Reconciler
    target: Round
    now_ms: int
    index: SidIndex
    report: Report
    certified_meanwhile: bool = False
    missing: defaultdict[str, list[_MissingVote]] = field(default_factory=lambda: defaultdict(list))
    """The missing votes by phone; about 500 bytes each."""

    @property
    def is_certified(self) -> bool:
        """Whether the round is certified: the report says what it lacks, and nothing is stored."""
        return self.certified_meanwhile or self.target.certified_at_ms is not None

    @property
    def writes(self) -> bool:
        return self.reconciler.writes and not self.is_certified

    @property
    def target_index(self) -> int:
        rounds = self.reconciler.rounds
        return next(place for place, one in enumerate(rounds) if one.id == self.target.id)

    def take(self, text: LoggedText) -> None:
        """Sort one text of the log into the report, or remember it as missing."""
        report = self.report
        report.oldest_ms = text.at_ms
        held_in = self.index.see(text.sid, Moment(text.at_ms, text.place))
        if text.at_ms > report.until_ms:
            report.under_way += held_in is None
            return
        report.listed += 1
        if held_in is None:
            self._place(text)
        elif held_in == self.target_index:
            report.counted += 1
        else:
            report.elsewhere += 1

    def _place(self, text: LoggedText) -> None:
        message = Message(sid=text.sid, sender=text.sender, to=text.to, body=text.body)
        placements = self.reconciler.placements
        placement = placements.at(message, text.at_ms, within_ms=LOG_SECOND_MS)
        if reason := self._refusal(text, placement):
            self.report.refused[reason] += 1
        elif placement.round and placement.round.id == self.target.id:
            self._remember(text, message, placement.choice or "")
        else:
            self.report.elsewhere += 1
            self.report.missing_elsewhere[_name(placement.round)] += 1

    def _refusal(self, text: LoggedText, placement: Placement) -> str | None:
        """Why a text is no vote, or is a vote that its round does not take any more."""
        if not text.body and not text.media:
            return Reason.REDACTED
        if not placement.is_vote:
            history = self.reconciler.placements.history
            is_unknown = history.began_before_log(text.to, text.at_ms)
            return Reason.BEFORE_LOG if is_unknown else placement.refusal
        if placement.round is None or placement.round.id != self.target.id:
            return None
        return Reason.EXPIRED if self.target.is_expiring_at(self.now_ms) else None

    def _remember(self, text: LoggedText, message: Message, choice: str) -> None:
        possible = self.reconciler.placements.possible(message, text.at_ms)
        closes_ms = self.target.closed_at_ms
        missing = _MissingVote(
            sid=text.sid,
            choice=choice,
            at_ms=text.at_ms,
            place=text.place,
            is_after_close=closes_ms is not None and (text.called_at_ms or 0) >= closes_ms,
            elsewhere=tuple(self._current(one) for one in possible if one.id != self.target.id),
        )
        self.missing[text.sender].append(missing)

    def _current(self, past: Round) -> Round:
        """The round as it is now: its shards and its expiry may differ from an earlier time."""
        rounds = self.reconciler.rounds
        return next((one for one in rounds if one.id == past.id), past)

    async def recover(self) -> None:
        """Insert what is missing, for several phones at a time."""
        phones = iter(self.missing.items())

        async def work() -> None:
            for phone, votes in phones:
                await self._recover_phone(phone, votes)
                self.reconciler.on_progress(len(votes))

        try:
            async with asyncio.TaskGroup() as group:
                for _ in range(min(PHONES_AT_ONCE, len(self.missing))):
                    group.create_task(work())
        except ExceptionGroup as failures:
            raise failures.exceptions[0] from None

    async def _recover_phone(self, phone: str, votes: Sequence[_MissingVote]) -> None:
        if self.writes and not self.reconciler.may_write():
            self.certified_meanwhile = True
        by_ballot: defaultdict[tuple[str, str], list[_MissingVote]] = defaultdict(list)
        voter = self.reconciler.late.voter(self.target, phone)
        for one in votes:
            if await self._is_eligible(phone, one):
                by_ballot[self.target.ballot_key(voter, one.sid)].append(one)
        for missing in by_ballot.values():
            await self._recover_ballot(voter, missing)

    async def _recover_ballot(self, voter: str, votes: Sequence[_MissingVote]) -> None:
        kinds = await self.reconciler.late.count(
            self.target,
            [
                LateVote(
                    vote=Vote(voter=voter, sid=one.sid, choice=one.choice, at_ms=one.at_ms),
                    moment=Moment(one.at_ms, one.place),
                )
                for one in votes
            ],
            received=self.index.moment,
            ignores_bars=True,
            writes=self.writes,
        )
        for one in votes:
            match kinds[one.sid]:
                case InsertionKind.INSERTED if self.is_certified:
                    self.report.refused[Reason.CERTIFIED] += 1
                case InsertionKind.INSERTED:
                    self.report.recovered += 1
                    self.report.after_close += one.is_after_close
                case InsertionKind.PRESENT:  # another run has counted it meanwhile
                    self.report.counted += 1
                case kind:
                    self.report.refused[kind] += 1

    async def _is_eligible(self, phone: str, one: _MissingVote) -> bool:
        """Whether the phone may vote and no other round has the text; else count why not."""
        late = self.reconciler.late
        if not await late.admits(self.target.poll, phone, one.at_ms):
            self.report.refused[OutcomeKind.UNLISTED] += 1
            return False
        if any(other.is_expiring_at(self.now_ms) for other in one.elsewhere):
            self.report.refused[Reason.EXPIRED] += 1
            return False
        for other in one.elsewhere:
            vote = Vote(
                voter=late.voter(other, phone), sid=one.sid, choice=one.choice, at_ms=one.at_ms
            )
            if not await late.bar(other, vote, writes=self.writes):
                self.report.elsewhere += 1
                return False
        return True


def _name(round: Round | None) -> str:
    return f"{round.poll.id}, round {round.number}" if round else "no poll"
