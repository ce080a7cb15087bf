"""One text from arrival to answer: read, decide, write. Standard library only.

The write is one conditional put; only when a ballot already stands is it read and
rewritten, on condition that nobody else has rewritten it meanwhile. If two texts race, the
one processed last wins.
"""

from dataclasses import dataclass

from services.voting.ballot import Kind, Outcome, Vote, cast, redelivered
from services.voting.errors import StoreUnavailableError
from services.voting.identity import voter_of
from services.voting.message import Message
from services.voting.poll import Phase, Round
from services.voting.ports import Ballots, Clock, DirectorySource
from services.voting.replies import reply_to

RACES = 16
"""How often a ballot may be rewritten under our hands before the sender is asked to retry."""

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
    """Takes texts in. Safe to offer the same text to any number of times, also at once."""

    directory: DirectorySource
    ballots: Ballots
    clock: Clock

    async def accept(self, message: Message, *, pepper: bytes) -> Answer:
        """Count one text, or say why not.

        Raises:
            StoreUnavailableError: nothing is known to be written; send the text again.
        """
        directory = await self.directory.current()
        now_ms = self.clock()
        reading = directory.read(message.to, message.body, now_ms)
        if reading.reserved:
            outcome = Outcome(kind=Kind.RESERVED)
        elif reading.round is None:
            outcome = Outcome(kind=Kind.NO_POLL)
        elif reading.choice is None:
            outcome = Outcome(kind=Kind.UNKNOWN)
        else:
            vote = Vote(
                voter=voter_of(pepper, reading.round.poll.id, reading.round.number, message.sender),
                sid=message.sid,
                choice=reading.choice,
                at_ms=now_ms,
            )
            outcome = await self._vote(reading.round, vote)
        return Answer(
            outcome=outcome,
            reply=reply_to(outcome, reading.round, now_ms),
            poll_id=reading.round.poll.id if reading.round else None,
        )

    async def _vote(self, there: Round, vote: Vote) -> Outcome:
        refusal = _REFUSALS.get(there.phase_at(vote.at_ms))
        if refusal is None:
            return await self._cast(there, vote)
        # A text accepted in time may be delivered again after the close.
        standing = await self.ballots.find(*there.ballot_key(vote.voter, vote.sid), there)
        return redelivered(there, standing, vote.sid) or Outcome(kind=refusal)

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
