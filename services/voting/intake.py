"""One text from arrival to answer: read, decide, write. Standard library only.

The write is one conditional put; only when a ballot already stands is it read and
rewritten, on condition that nobody else has rewritten it meanwhile. If two texts race, the
one processed last wins.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace

from services.voting.ballot import Kind, Outcome, Vote, cast, redelivered
from services.voting.directory import Reading
from services.voting.errors import StoreUnavailableError
from services.voting.identity import mark_of, voter_of
from services.voting.message import Message, Nearest
from services.voting.poll import Phase, Round
from services.voting.ports import Ballots, Clock, DirectorySource, PhoneLists
from services.voting.replies import reply_to

RACES = 16
"""How often a ballot may be rewritten under our hands before the sender is asked to retry."""

RESET_REMEMBERED_MS = 5 * 60_000
"""So long after a reset may a text be delivered again that the round before had accepted."""

_REFUSALS = {
    Phase.WAITING: Kind.WAITING,
    Phase.CLOSED: Kind.CLOSED,
    Phase.ARCHIVED: Kind.NO_POLL,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
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

    async def accept(self, message: Message, *, pepper: bytes) -> Answer:
        """Count one text, or say why not.

        Raises:
            StoreUnavailableError: nothing is known to be written; send the text again.
        """
        directory = await self.directory.current()
        now_ms = self.clock()
        reading = directory.read(message.to, message.body, now_ms, self.nearest)
        there = reading.round
        before = await self._before(reading, message, pepper, now_ms)
        if before is not None:
            there, outcome = before
        elif there is not None and reading.choice is not None:
            voter = voter_of(pepper, there.poll.id, there.number, message.sender)
            vote = Vote(voter=voter, sid=message.sid, choice=reading.choice, at_ms=now_ms)
            outcome = await self._vote(there, vote, message.sender, pepper)
        else:
            outcome = _unread(reading, now_ms)
        return Answer(
            outcome=outcome,
            reply=reply_to(outcome, there, now_ms, others=reading.others),
            poll_id=there.poll.id if there else None,
        )

    async def _before(
        self, reading: Reading, message: Message, pepper: bytes, now_ms: int
    ) -> tuple[Round, Outcome] | None:
        """The other round that accepted this text when it first came, and what it was told."""
        for there in _earlier(reading, now_ms):
            voter = voter_of(pepper, there.poll.id, there.number, message.sender)
            if first := await self._first_outcome(there, voter, message.sid):
                return there, first
        return None

    async def _vote(self, there: Round, vote: Vote, phone: str, pepper: bytes) -> Outcome:
        refusal = _REFUSALS.get(there.phase_at(vote.at_ms))
        if refusal is None and not await self._admits(there, phone, pepper):
            refusal = Kind.UNLISTED
        if refusal is None:
            return await self._cast(there, vote)
        # A text accepted in time may be delivered again after the close.
        first = await self._first_outcome(there, vote.voter, vote.sid)
        return first or Outcome(kind=refusal)

    async def _admits(self, there: Round, phone: str, pepper: bytes) -> bool:
        if not there.poll.phones:
            return True
        mark = mark_of(pepper, there.poll.id, phone)
        return self.lists is not None and await self.lists.holds(there.poll.id, mark)

    async def _first_outcome(self, there: Round, voter: str, sid: str) -> Outcome | None:
        standing = await self.ballots.find(*there.ballot_key(voter, sid), there)
        return redelivered(there, standing, sid)

    async def _cast(self, there: Round, vote: Vote) -> Outcome:
        first = cast(there, None, vote)
        for _ in range(RACES):
            if first.ballot and await self.ballots.create(first.ballot, there):
                return first.outcome
            standing = await self.ballots.find(*there.ballot_key(vote.voter, vote.sid), there)
            if standing is None:
                continue
            decision = cast(there, standing, vote)
            if decision.ballot is None or await self.ballots.replace(
                decision.ballot, there, expected=len(standing.steps)
            ):
                return decision.outcome
        raise StoreUnavailableError("a ballot rewritten too often")


def _unread(reading: Reading, now_ms: int) -> Outcome:
    """The outcome of a text that names no choice.

    Who texts before the opening or after the close is told that, and not the choices.
    """
    if reading.reserved:
        return Outcome(kind=Kind.RESERVED)
    if reading.round is None:
        return Outcome(kind=Kind.NO_POLL)
    if refusal := _REFUSALS.get(reading.round.phase_at(now_ms)):
        return Outcome(kind=refusal)
    if reading.near is not None:
        return Outcome(kind=Kind.NEAR, choice=reading.near)
    return Outcome(kind=Kind.UNKNOWN)


def _earlier(reading: Reading, now_ms: int) -> Iterator[Round]:
    """Other rounds in which a text may have been accepted before it was delivered again.

    Rounds that hear the same words, and the one before a reset that was not long ago. In
    nearly all cases there is none, and nothing is read.
    """
    for there in reading.elsewhere:
        if there.phase_at(now_ms) is not Phase.WAITING:
            yield there
    heard = [reading.round] if reading.round and reading.choice else []
    for there in (*heard, *reading.elsewhere):
        if there.number > 1 and now_ms - there.began_at_ms < RESET_REMEMBERED_MS:
            yield replace(there, number=there.number - 1)
