"""Counts a text that Twilio delivered to the fallback URL, once, whatever else has counted it.

The text is placed as of the time at which it arrived. The webhook may have counted it as well,
from an attempt that Twilio gave up, and near a change of a poll in another round: then the text
waits until no attempt can be in flight, and is barred from the other rounds before it is inserted
into its own. A bar in its own round is respected: a reconciliation has set it, which counts the
text where it belongs by Twilio's log.
"""

from dataclasses import dataclass
from enum import StrEnum

from services.late.late_texts import LateTexts
from services.late.report import Reason
from services.voting.ballot import OutcomeKind, Vote
from services.voting.insertion import InsertionKind, LateVote, Moment
from services.voting.message import Message
from services.voting.placement import LatePlacements, Placement
from services.voting.poll import Round
from services.voting.timing import REACHED_MS


class ReplayOutcome(StrEnum):
    """What became of a text from the fallback queue."""

    COUNTED = "counted"
    PRESENT = "present"
    """A ballot holds it already."""
    REFUSED = "refused"
    WAITING = "waiting"
    """It arrived near a change of a poll, and an attempt to deliver it may be in flight."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Replayed:
    """What became of a text. A refused one has a reason; a waiting one has `ready_at_ms`."""

    outcome: ReplayOutcome
    poll_id: str | None = None
    reason: str | None = None
    ready_at_ms: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Replayer:
    """Replays texts by the history of the polls. Idempotent, also concurrently with everything.

    The history must have been read after the text arrived.
    """

    late: LateTexts
    placements: LatePlacements

    async def replay(self, message: Message, at_ms: int) -> Replayed:
        """Count a text that arrived at a time (epoch ms), or say why not, or that it must wait.

        Raises:
            StoreUnavailableError: repeat it; the text is not counted twice.
        """
        placement = self.placements.at(message, at_ms)
        if not placement.is_vote or placement.round is None:
            return self._refused(placement, self._reason(message, placement, at_ms))
        target = self.placements.history.newest(placement.round)
        if target.certified_at_ms is not None:
            return self._refused(placement, Reason.CERTIFIED)
        if target.is_expiring_at(self.late.clock()):
            return self._refused(placement, Reason.EXPIRED)
        if not await self.late.admits(target.poll, message.sender, at_ms):
            return self._refused(placement, OutcomeKind.UNLISTED)
        return await self._count(target, message, placement.choice or "", at_ms)

    async def _count(self, target: Round, message: Message, choice: str, at_ms: int) -> Replayed:
        is_reached = self.late.clock() >= at_ms + REACHED_MS
        found = await self._elsewhere(target, message, choice, at_ms, is_reached=is_reached)
        if found is not None:
            return found
        vote = self._vote(target, message, choice, at_ms)
        kinds = await self.late.count(target, [LateVote(vote=vote, moment=Moment(at_ms))])
        match kinds[message.sid]:
            case InsertionKind.INSERTED:
                return Replayed(outcome=ReplayOutcome.COUNTED, poll_id=target.poll.id)
            case InsertionKind.PRESENT:
                return Replayed(outcome=ReplayOutcome.PRESENT, poll_id=target.poll.id)
            case InsertionKind.BARRED if not is_reached:
                return _waiting(target, at_ms)
            case kind:
                return Replayed(
                    outcome=ReplayOutcome.REFUSED, poll_id=target.poll.id, reason=kind.value
                )

    async def _elsewhere(
        self, target: Round, message: Message, choice: str, at_ms: int, *, is_reached: bool
    ) -> Replayed | None:
        """What keeps a text from its round because of another one; else bar it from all others."""
        possible = map(self.placements.history.newest, self.placements.possible(message, at_ms))
        others = [round for round in possible if round.id != target.id]
        if others and not is_reached:
            return _waiting(target, at_ms)
        if any(other.is_expiring_at(self.late.clock()) for other in others):
            # A ballot there may have held the text.
            return Replayed(
                outcome=ReplayOutcome.REFUSED, poll_id=target.poll.id, reason=Reason.EXPIRED.value
            )
        for other in others:
            if not await self.late.bar(other, self._vote(other, message, choice, at_ms)):
                return Replayed(outcome=ReplayOutcome.PRESENT, poll_id=other.poll.id)
        return None

    def _vote(self, round: Round, message: Message, choice: str, at_ms: int) -> Vote:
        voter = self.late.voter(round, message.sender)
        return Vote(voter=voter, sid=message.sid, choice=choice, at_ms=at_ms)

    def _reason(self, message: Message, placement: Placement, at_ms: int) -> str:
        if self.placements.history.began_before_log(message.to, at_ms):
            return Reason.BEFORE_LOG.value
        return placement.refusal.value if placement.refusal else OutcomeKind.NO_POLL.value

    @staticmethod
    def _refused(placement: Placement, reason: str) -> Replayed:
        poll_id = placement.round.poll.id if placement.round else None
        return Replayed(outcome=ReplayOutcome.REFUSED, poll_id=poll_id, reason=str(reason))


def _waiting(target: Round, at_ms: int) -> Replayed:
    return Replayed(
        outcome=ReplayOutcome.WAITING, poll_id=target.poll.id, ready_at_ms=at_ms + REACHED_MS
    )
