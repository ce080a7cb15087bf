"""One text from arrival to answer: read, decide, write. Standard library only.

The write is one conditional put; only when a ballot already stands is it read and
rewritten, on condition that nobody else has rewritten it meanwhile. If two texts race, the
one processed last wins.
"""

from dataclasses import dataclass

from services.voting.ballot import Ballot, Outcome, OutcomeKind, Vote, bar, cast, redelivered
from services.voting.directory import TextMatch
from services.voting.errors import StoreUnavailableError
from services.voting.identity import allow_list_id, voter_of
from services.voting.message import Message, Nearest
from services.voting.poll import Phase, Round
from services.voting.ports import Ballots, Clock, DirectorySource, PhoneLists
from services.voting.redelivery import Earlier, earlier_rounds, may_land
from services.voting.replies import reply_to

RACES = 16
"""How often a ballot may be rewritten under our hands before the sender is asked to retry."""

_REFUSALS = {
    Phase.WAITING: OutcomeKind.WAITING,
    Phase.CLOSED: OutcomeKind.CLOSED,
    Phase.ARCHIVED: OutcomeKind.NO_POLL,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class IntakeResult:
    """What became of a text, for the voter (`reply`, None for silence) and for the log."""

    outcome: Outcome
    reply: str | None
    poll_id: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Intake:
    """Takes texts in. Safe to offer the same text to any number of times, also at once.

    Without `lists` nobody is on the list of a poll that has one.
    """

    directory: DirectorySource
    ballots: Ballots
    clock: Clock
    nearest: Nearest | None = None
    lists: PhoneLists | None = None

    async def accept(self, message: Message, *, pepper: bytes) -> IntakeResult:
        """Count one text, or say why not.

        Raises:
            StoreUnavailableError: nothing is known to be written; send the text again.
        """
        directory = await self.directory.current()
        now_ms = self.clock()
        reading = directory.read(message.to, message.body, now_ms, self.nearest)
        earlier = earlier_rounds(directory.rounds, message.to, message.body, now_ms)
        there = reading.round
        text = _Text(sid=message.sid, phone=message.sender, pepper=pepper, at_ms=now_ms)
        before = None if reading.reserved else await self._before(earlier, reading, text)
        if before is not None:
            there, outcome = before
        elif there is not None and reading.choice is not None:
            there, outcome = await self._vote(there, reading.choice, text, earlier)
        else:
            outcome = _unread(reading, now_ms)
        return IntakeResult(
            outcome=outcome,
            reply=reply_to(outcome, there, now_ms, others=reading.others),
            poll_id=there.poll.id if there else None,
        )

    async def _before(
        self, earlier: Earlier, reading: TextMatch, text: "_Text"
    ) -> tuple[Round, Outcome] | None:
        """The other round that accepted this text when it first came, and what it was told."""
        for there in earlier.rounds:
            if reading.choice is None or not _same(there, reading.round):
                round = await self._find(there, text)
                if first := redelivered(there, round, text.sid):
                    return there, first
        return None

    async def _vote(
        self, there: Round, choice: str, text: "_Text", earlier: Earlier
    ) -> tuple[Round, Outcome]:
        """The round that accepted the text or refused it, and the outcome."""
        vote = text.vote_in(there, choice)
        refusal = _REFUSALS.get(there.phase_at(vote.at_ms))
        if refusal is None and not await self._admits(there, text):
            refusal = OutcomeKind.UNLISTED
        if refusal is not None:
            # A text accepted in time may be delivered again after the close.
            first = redelivered(there, await self._find(there, text), text.sid)
            return there, first or Outcome(kind=refusal)
        if earlier.in_flight:
            for other in earlier.rounds:
                elsewhere = not _same(other, there) and may_land(other, vote.at_ms)
                if elsewhere and (first := await self._bar(other, text)):
                    return other, first
        return there, await self._cast(there, vote)

    async def _admits(self, there: Round, text: "_Text") -> bool:
        if not there.poll.phones:
            return True
        mark = allow_list_id(text.pepper, there.poll.id, text.phone)
        return self.lists is not None and await self.lists.holds(there.poll.id, mark)

    async def _find(self, there: Round, text: "_Text") -> Ballot | None:
        return await self.ballots.find(*there.ballot_key(text.voter_in(there), text.sid), there)

    async def _bar(self, other: Round, text: "_Text") -> Outcome | None:
        """Keep the text out of another round for good, or give the outcome it had there.

        Its first delivery may still be on its way to that round: what it finds then is a ballot
        that refuses it. So the text counts once, whichever write comes first.
        """
        vote = text.vote_in(other, "")
        for _ in range(RACES):
            round = await self._find(other, text)
            if first := redelivered(other, round, text.sid):
                return first
            barred = bar(other, round, vote)
            if barred is round or await self._store(other, round, barred):
                return None
        raise StoreUnavailableError("a ballot rewritten too often")

    async def _cast(self, there: Round, vote: Vote) -> Outcome:
        decision, round = cast(there, None, vote), None
        for _ in range(RACES):
            if decision.ballot is None or await self._store(there, round, decision.ballot):
                return decision.outcome
            round = await self.ballots.find(*there.ballot_key(vote.voter, vote.sid), there)
            decision = cast(there, round, vote)
        raise StoreUnavailableError("a ballot rewritten too often")

    async def _store(self, there: Round, round: Ballot | None, ballot: Ballot) -> bool:
        """Write a ballot, on condition that the one that was read still stands."""
        if round is None:
            return await self.ballots.create(ballot, there)
        return await self.ballots.replace(ballot, there, expected=round.writes)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Text:
    """A text, without its words: who sent it, when it came, under which pseudonyms."""

    sid: str
    phone: str
    pepper: bytes
    at_ms: int

    def voter_in(self, there: Round) -> str:
        return voter_of(self.pepper, there.poll.id, there.number, self.phone)

    def vote_in(self, there: Round, choice: str) -> Vote:
        return Vote(voter=self.voter_in(there), sid=self.sid, choice=choice, at_ms=self.at_ms)


def _same(one: Round, other: Round | None) -> bool:
    """Whether both are the same round, however they stand."""
    return other is not None and (one.poll.id, one.number) == (other.poll.id, other.number)


def _unread(reading: TextMatch, now_ms: int) -> Outcome:
    """The outcome of a text that names no choice.

    Who texts before the opening or after the close is told that, and not the choices.
    """
    if reading.reserved:
        return Outcome(kind=OutcomeKind.RESERVED)
    if reading.round is None:
        return Outcome(kind=OutcomeKind.NO_POLL)
    if refusal := _REFUSALS.get(reading.round.phase_at(now_ms)):
        return Outcome(kind=refusal)
    if reading.near is not None:
        return Outcome(kind=OutcomeKind.NEAR, choice=reading.near)
    return Outcome(kind=OutcomeKind.UNKNOWN)
