"""Compares Twilio's message log with the ballots of a round, and counts what is missing.

First all MessageSids in ballots of all rounds that share a number are read, then Twilio's log,
newest text first: a text that no ballot holds is missing. Where it belongs is decided as of the
time at which Twilio received it. Each phone's missing texts are inserted in one conditional
write, so a run can be interrupted and repeated, and two runs may overlap.
"""

import asyncio
from collections import Counter, defaultdict
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Final, Protocol

from services.late.late_texts import LateTexts
from services.late.sid_index import SidIndex
from services.voting.ballot import Ballot, OutcomeKind, Vote
from services.voting.errors import VotingError
from services.voting.identity import Pseudonyms
from services.voting.insertion import InsertionKind, LateVote, Moment
from services.voting.message import Message
from services.voting.placement import LOG_SECOND_MS, LatePlacements, Placement
from services.voting.poll import Round
from services.voting.timing import REACHED_MS

PHONES_AT_ONCE: Final = 32
"""Ballots that are read and written at the same time."""


class Reason(StrEnum):
    """Why a text is not counted, besides what the rules of a ballot say (`OutcomeKind`)."""

    FORGOTTEN = "forgotten"
    EXPIRED = "expired"
    """Ballots of its round may have expired: nobody knows any more whether it was counted."""
    CERTIFIED = "certified"
    """Its round is certified, and a certified round is never changed."""
    BEFORE_LOG = "before_log"
    """It is older than the operator's log, which tells what the poll was at that time."""
    REDACTED = "redacted"
    """Its body was deleted from Twilio's log."""
    BARRED = "barred"


class LoggedText(Protocol):
    """A text in Twilio's log; see `services.adapters.twilio.message_log`."""

    sid: str
    sender: str
    to: str
    body: str
    media: int
    at_ms: int
    called_at_ms: int | None
    place: int


class NotBalancedError(VotingError):
    """A reconciliation does not add up: a text is neither counted nor refused."""

    def __init__(self, report: "Report") -> None:
        self.report = report
        super().__init__(
            f"{report.poll}, round {report.round}: {report.listed:,} texts listed, "
            f"{report.explained:,} explained: this is a fault of the program; nothing was lost, "
            f"run it again with --json and report it"
        )


@dataclass(slots=True, kw_only=True)
class Report:
    """What became of the texts in Twilio's log, for one round.

    `listed` texts were received until `until_ms`; each is in exactly one of `counted`, `elsewhere`
    (counted in or meant for another round), `refused` by reason, `recovered` now. `after_close` of
    the recovered ones were received before the close and delivered after it. `unknown` texts are
    in ballots and not in Twilio's log. `under_way` texts may still be delivered.
    """

    poll: str
    round: int
    until_ms: int
    listed: int = 0
    counted: int = 0
    elsewhere: int = 0
    missing_elsewhere: Counter[str] = field(default_factory=Counter)
    """Those of `elsewhere` that no ballot holds, by round, as "colors, round 2"."""
    refused: Counter[str] = field(default_factory=Counter)
    recovered: int = 0
    after_close: int = 0
    unknown: int = 0
    under_way: int = 0
    oldest_ms: int | None = None

    @property
    def explained(self) -> int:
        """The texts of which it is known what became of them."""
        return self.counted + self.elsewhere + self.refused.total() + self.recovered


@dataclass(frozen=True, slots=True, kw_only=True)
class Reconciliation:
    """Reconciles rounds of one deployment with Twilio's log.

    `was_listed(poll, phone_id, at_ms)` returns whether a phone was on a poll's allow list at a time.
    """

    late: LateTexts
    placements: LatePlacements
    pseudonyms: Pseudonyms
    was_listed: Callable[[str, str, int], Awaitable[bool]]

    async def run(
        self,
        target: Round,
        *,
        rounds: Sequence[Round],
        ballots: Callable[[Round], Iterable[Ballot]],
        logged: Iterable[LoggedText],
        now_ms: int,
        writes: bool = True,
        on_progress: Callable[[int], None] = lambda _: None,
    ) -> Report:
        """Reconcile the target round; `rounds` are all rounds on its numbers, with the target.

        `ballots` reads the ballots of a round. `logged` yields Twilio's log newest first; it is
        read only after all ballots. Without `writes`, the report says what would be recovered.

        Raises:
            NotBalancedError: the report does not add up.
            StoreUnavailableError: run it again; nothing is counted twice.
        """
        index = SidIndex()
        for number, round in enumerate(rounds):
            for ballot in ballots(round):
                index.add((text.sid for text in ballot.texts), number)
        target_index = _index_of(target, rounds)
        report = Report(poll=target.poll.id, round=target.number, until_ms=now_ms - REACHED_MS)
        missing = self._sort_out(target, target_index, logged, index, report, now_ms)
        await self._recover(target, missing, index, report, writes=writes, on_progress=on_progress)
        report.unknown = index.unseen(target_index)
        if report.explained != report.listed:
            raise NotBalancedError(report)
        return report

    def _sort_out(
        self,
        target: Round,
        target_index: int,
        logged: Iterable[LoggedText],
        index: SidIndex,
        report: Report,
        now_ms: int,
    ) -> "list[_Missing]":
        """Read Twilio's log; return the votes of the target round that no ballot holds."""
        missing = []
        for text in logged:
            report.oldest_ms = text.at_ms
            held_in = index.see(text.sid, Moment(text.at_ms, text.place))
            if text.at_ms > report.until_ms:
                report.under_way += held_in is None
                continue
            report.listed += 1
            if held_in is not None:
                report.counted += held_in == target_index
                report.elsewhere += held_in != target_index
            elif (found := self._placed(target, text, report, now_ms)) is not None:
                missing.append(found)
        return missing

    def _placed(
        self, target: Round, text: LoggedText, report: Report, now_ms: int
    ) -> "_Missing | None":
        """The vote that a text casts in the target round; else count why it casts none."""
        if not text.body and not text.media:
            report.refused[Reason.REDACTED] += 1
            return None
        message = Message(sid=text.sid, sender=text.sender, to=text.to, body=text.body)
        placement = self.placements.at(message, text.at_ms, within_ms=LOG_SECOND_MS)
        reason = self._refusal(target, placement, message, text.at_ms, now_ms)
        if reason is not None:
            report.refused[reason] += 1
            return None
        round, choice = placement.round, placement.choice
        if round is None or choice is None or not _is_same(round, target):
            report.elsewhere += 1
            report.missing_elsewhere[_name(round)] += 1
            return None
        closes = target.closed_at_ms
        return _Missing(
            phone=text.sender,
            vote=self._vote(target, message, choice, text.at_ms),
            moment=Moment(text.at_ms, text.place),
            elsewhere=tuple(
                one for one in self.placements.possible(message, text.at_ms) if not _is_same(one, target)
            ),
            after_close=closes is not None and (text.called_at_ms or 0) >= closes,
        )

    def _refusal(
        self, target: Round, placement: Placement, message: Message, at_ms: int, now_ms: int
    ) -> str | None:
        """Why a text is no vote, or is a vote that its round does not take any more."""
        if not placement.is_vote:
            if self.placements.history.began_before_log(message.to, at_ms):
                return Reason.BEFORE_LOG
            return placement.refusal
        if placement.round is None or not _is_same(placement.round, target):
            return None
        if target.certified_at_ms is not None:
            return Reason.CERTIFIED
        return Reason.EXPIRED if target.is_expiring_at(now_ms) else None

    def _vote(self, round: Round, message: Message, choice: str, at_ms: int) -> Vote:
        voter = self.pseudonyms.voter(round.poll.id, round.number, message.sender)
        return Vote(voter=voter, sid=message.sid, choice=choice, at_ms=at_ms)

    async def _recover(
        self,
        target: Round,
        missing: Iterable["_Missing"],
        index: SidIndex,
        report: Report,
        *,
        writes: bool,
        on_progress: Callable[[int], None],
    ) -> None:
        """Insert what is missing, a ballot at a time, several ballots at once."""
        by_ballot: defaultdict[tuple[str, str], list[_Missing]] = defaultdict(list)
        for one in missing:
            by_ballot[target.ballot_key(one.vote.voter, one.vote.sid)].append(one)
        turns = asyncio.Semaphore(PHONES_AT_ONCE)

        async def recover(texts: Sequence[_Missing]) -> None:
            async with turns:
                await self._recover_ballot(target, texts, index, report, writes=writes)
                on_progress(len(texts))

        async with asyncio.TaskGroup() as group:
            for texts in by_ballot.values():
                group.create_task(recover(texts))

    async def _recover_ballot(
        self,
        target: Round,
        texts: Sequence["_Missing"],
        index: SidIndex,
        report: Report,
        *,
        writes: bool,
    ) -> None:
        eligible = [one for one in texts if await self._is_eligible(target, one, report, writes=writes)]
        if not eligible:
            return
        kinds = await self.late.count(
            target,
            [LateVote(vote=one.vote, moment=one.moment) for one in eligible],
            received=index.moment,
            ignores_bars=True,
            writes=writes,
        )
        for one in eligible:
            match kinds[one.vote.sid]:
                case InsertionKind.INSERTED:
                    report.recovered += 1
                    report.after_close += one.after_close
                case InsertionKind.PRESENT:  # another run has counted it meanwhile
                    report.counted += 1
                case kind:
                    report.refused[kind.value] += 1

    async def _is_eligible(
        self, target: Round, one: "_Missing", report: Report, *, writes: bool
    ) -> bool:
        """Whether the phone may vote and no other round has the text; else count why not."""
        poll = target.poll
        if poll.phones:
            phone_id = self.pseudonyms.allow_list_id(poll.id, one.phone)
            if not await self.was_listed(poll.id, phone_id, one.moment.at_ms):
                report.refused[OutcomeKind.UNLISTED] += 1
                return False
        for other in one.elsewhere:
            vote = replace(
                one.vote, voter=self.pseudonyms.voter(other.poll.id, other.number, one.phone)
            )
            if not await self.late.bar(other, vote, writes=writes):
                report.elsewhere += 1
                return False
        return True


@dataclass(frozen=True, slots=True, kw_only=True)
class _Missing:
    """A vote of the target round that no ballot holds. `elsewhere`: rounds that may get it."""

    phone: str
    vote: Vote
    moment: Moment
    elsewhere: tuple[Round, ...]
    after_close: bool


def _index_of(target: Round, rounds: Sequence[Round]) -> int:
    return next(place for place, round in enumerate(rounds) if _is_same(round, target))


def _is_same(one: Round, other: Round) -> bool:
    return (one.poll.id, one.number) == (other.poll.id, other.number)


def _name(round: Round | None) -> str:
    return f"{round.poll.id}, round {round.number}" if round else "no poll"
