"""How one text is handled: find its round and choice, decide, write the ballot, reply.

A first vote is one conditional put. If the voter already has a ballot, it is read and replaced
under an optimistic lock. If two texts race, the one that is processed last wins.
"""

from dataclasses import dataclass

from services.voting.ballot import Ballot, Outcome, OutcomeKind, Vote, cast, recorded_outcome
from services.voting.ballot_writes import (
    MAX_ATTEMPTS,
    rewritten_too_often,
    store_ballot,
    store_bar,
)
from services.voting.directory import TextMatch
from services.voting.identity import Pseudonyms
from services.voting.message import Message, Nearest, parse_text
from services.voting.placement import place, refusal_of
from services.voting.poll import Round
from services.voting.ports import AllowLists, Ballots, Clock, DirectorySource
from services.voting.redelivery import EarlierRounds, earlier_rounds, may_have_pending_writes
from services.voting.replies import reply_to


@dataclass(frozen=True, slots=True, kw_only=True)
class IntakeResult:
    """The outcome of a text, the reply (None for no reply), and the poll for the log."""

    outcome: Outcome
    reply: str | None
    poll_id: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Intake:
    """Handles texts. Idempotent: the same text may be accepted repeatedly, also concurrently.

    Without `lists`, a poll with an allow list admits nobody.
    """

    directory: DirectorySource
    ballots: Ballots
    clock: Clock
    nearest: Nearest | None = None
    lists: AllowLists | None = None

    async def accept(self, message: Message, *, pseudonyms: Pseudonyms) -> IntakeResult:
        """Count one text, or determine why it does not count.

        Raises:
            StoreUnavailableError: the write may have failed; deliver the text again.
        """
        directory = await self.directory.current()
        now_ms = self.clock()
        parsed = parse_text(message.body)
        match = directory.match_text(message.to, parsed, now_ms, self.nearest)
        earlier = earlier_rounds(directory.rounds, message.to, parsed, now_ms)
        round = match.round
        text = _Text(sid=message.sid, phone=message.sender, pseudonyms=pseudonyms, at_ms=now_ms)
        recorded = None if match.reserved else await self._find_earlier(earlier, match, text)
        if recorded is not None:
            round, outcome = recorded
        elif round is not None and match.choice is not None:
            round, outcome = await self._vote(round, match.choice, text, earlier)
        else:
            placement = place(match, now_ms)
            assert placement.refusal  # noqa: S101 - the text names no choice
            outcome = Outcome(kind=placement.refusal, choice=placement.choice)
        return IntakeResult(
            outcome=outcome,
            reply=reply_to(outcome, round, now_ms, others=match.others),
            poll_id=round.poll.id if round else None,
        )

    async def _find_earlier(
        self, earlier: EarlierRounds, match: TextMatch, text: "_Text"
    ) -> tuple[Round, Outcome] | None:
        """The other round that accepted this MessageSid first, and its outcome there."""
        for round in earlier.rounds:
            if match.choice is None or match.round is None or round.id != match.round.id:
                ballot = await self._find(round, text)
                if first := recorded_outcome(round, ballot, text.sid):
                    return round, first
        return None

    async def _vote(
        self, round: Round, choice: str, text: "_Text", earlier: EarlierRounds
    ) -> tuple[Round, Outcome]:
        """The round that accepted or refused the text, and the outcome."""
        vote = text.vote_in(round, choice)
        refusal = refusal_of(round, vote.at_ms)
        if refusal is None and not await self._admits(round, text):
            refusal = OutcomeKind.UNLISTED
        if refusal is not None:
            # A text that was accepted in time may be redelivered after the close.
            first = recorded_outcome(round, await self._find(round, text), text.sid)
            return round, first or Outcome(kind=refusal)
        if earlier.has_pending_writes:
            for other in earlier.rounds:
                if other.id == round.id or not may_have_pending_writes(other, vote.at_ms):
                    continue
                if first := await store_bar(self.ballots, other, text.vote_in(other, "")):
                    return other, first
        return round, await self._cast(round, vote)

    async def _admits(self, round: Round, text: "_Text") -> bool:
        if not round.poll.phones:
            return True
        phone_id = text.pseudonyms.allow_list_id(round.poll.id, text.phone)
        return self.lists is not None and await self.lists.holds(round.poll.id, phone_id)

    async def _find(self, round: Round, text: "_Text") -> Ballot | None:
        return await self.ballots.find(*round.ballot_key(text.voter_in(round), text.sid))

    async def _cast(self, round: Round, vote: Vote) -> Outcome:
        decision, ballot = cast(round, None, vote), None
        for _ in range(MAX_ATTEMPTS):
            if decision.ballot is None or await store_ballot(self.ballots, ballot, decision.ballot):
                return decision.outcome
            ballot = await self.ballots.find(*round.ballot_key(vote.voter, vote.sid))
            decision = cast(round, ballot, vote)
        raise rewritten_too_often()


@dataclass(frozen=True, slots=True, kw_only=True)
class _Text:
    """A text without its body: its sender, its arrival time, and the pseudonyms."""

    sid: str
    phone: str
    pseudonyms: Pseudonyms
    at_ms: int

    def voter_in(self, round: Round) -> str:
        return self.pseudonyms.voter(round.poll.id, round.number, self.phone)

    def vote_in(self, round: Round, choice: str) -> Vote:
        return Vote(voter=self.voter_in(round), sid=self.sid, choice=choice, at_ms=self.at_ms)
