"""The fallback queue: unordered, redelivered, delayed, and replayed until a text is dealt with."""

import math
import random
from collections import Counter
from collections.abc import Callable, Coroutine
from dataclasses import dataclass, field
from typing import Any, Final

from services.late.late_texts import LateTexts
from services.late.report import Reason
from services.tools.replay.lifecycle.invariants import (
    InvariantChecker,
    SentText,
    Way,
)
from services.tools.replay.lifecycle.late_ballots import LateBallots
from services.tools.replay.lifecycle.polls import SimulatedPolls
from services.tools.replay.lifecycle.store import DelayedWrite, SimulatedVotes
from services.tools.replay.lifecycle.timeline import Timeline
from services.tools.replay.lifecycle.traffic import PSEUDONYMS
from services.voting.addresses import without_channel
from services.voting.ballot import Vote
from services.voting.errors import StoreUnavailableError
from services.voting.identity import Pseudonyms
from services.voting.insertion import LateVote, Moment
from services.voting.message import Message
from services.voting.placement import LatePlacements
from services.voting.poll import Round
from services.voting.timing import REACHED_MS

SHORTEST_MS: Final = 200
LONGEST_MS: Final = 3 * 3_600_000
"""How long an item waits before it is taken from the queue, or is taken again."""
WRITING_MS: Final = 10_000
"""How long a request to the store may take."""


@dataclass(frozen=True, slots=True)
class FallbackReplayer:
    """Replays one text of the queue by its time of arrival.

    If a webhook may have counted the text in another round, it waits until nothing can be on its
    way, and bars the text there.
    """

    late: LateTexts
    placements: LatePlacements
    pseudonyms: Pseudonyms
    find_round: Callable[[Round], Round]
    """Returns a round as it is now."""

    async def replay(self, message: Message, at_ms: int, now_ms: int) -> str | None:
        """Return what became of a text, or None if it is too early to say.

        Raises:
            StoreUnavailableError: replay it again.
        """
        placement = self.placements.at(message, at_ms)
        if placement.round is None or placement.choice is None or placement.refusal:
            return placement.refusal or ""
        target = self.find_round(placement.round)
        others = [
            self.find_round(one)
            for one in self.placements.possible(message, at_ms)
            if (one.poll.id, one.number) != (target.poll.id, target.number)
        ]
        if others and now_ms < at_ms + REACHED_MS:
            return None
        if target.certified_at_ms is not None:
            return Reason.CERTIFIED
        if any(one.is_expiring_at(now_ms) for one in (target, *others)):
            return Reason.EXPIRED
        for other in others:
            if not await self.late.bar(other, self._vote(other, message, placement.choice, at_ms)):
                return "elsewhere"
        vote = self._vote(target, message, placement.choice, at_ms)
        kinds = await self.late.count(target, [LateVote(vote=vote, moment=Moment(at_ms))])
        return kinds[message.sid]

    def _vote(self, round: Round, message: Message, choice: str, at_ms: int) -> Vote:
        voter = self.pseudonyms.voter(round.poll.id, round.number, message.sender)
        return Vote(voter=voter, sid=message.sid, choice=choice, at_ms=at_ms)


@dataclass(slots=True, kw_only=True)
class FallbackQueue:
    """Holds texts until they are replayed."""

    draw: random.Random
    time: Timeline
    checker: InvariantChecker
    votes: SimulatedVotes
    polls: SimulatedPolls
    replayed: Counter[str] = field(default_factory=Counter)
    """What became of the texts."""
    waiting: int = 0
    """The number of texts that are not dealt with."""

    def arrive(self, text: SentText) -> None:
        """Take a text."""
        at_ms = self.time.clock[0]
        self.checker.arrived_ms[text.sid].append(at_ms)
        self.waiting += 1
        self._take_later(text, at_ms)

    def _take_later(self, text: SentText, at_ms: int, *, again: bool = False) -> None:
        exponent = self.draw.uniform(math.log(SHORTEST_MS), math.log(LONGEST_MS))
        later_ms = round(math.exp(exponent))
        self.time.schedule(later_ms, lambda: self._take(text, at_ms, again=again))

    def _take(self, text: SentText, at_ms: int, *, again: bool) -> None:
        ballots = LateBallots(votes=self.votes, way=Way.REPLAYED, pause=self._pause)
        replayer = FallbackReplayer(
            LateTexts(ballots, lambda: self.time.clock[0]),
            self.polls.placements(),
            PSEUDONYMS,
            self.polls.find_round,
        )
        sender = without_channel(text.sender)
        message = Message(sid=text.sid, sender=sender, to=text.to, body=text.body)
        self._go_on(replayer.replay(message, at_ms, self.time.clock[0]), text, at_ms, again=again)

    async def _pause(self) -> None:
        if self.draw.random() < 1 / 4:
            await DelayedWrite()

    def _go_on(
        self, replaying: Coroutine[Any, Any, str | None], text: SentText, at_ms: int, *, again: bool
    ) -> None:
        """Run a replay until it ends or waits for the store."""
        try:
            replaying.send(None)
        except StopIteration as done:
            became = done.value
        except StoreUnavailableError:
            became = None
        else:
            later_ms = self.draw.randrange(1, WRITING_MS)
            self.time.schedule(later_ms, lambda: self._go_on(replaying, text, at_ms, again=again))
            return
        if became is None:
            self._take_later(text, at_ms, again=again)
        elif not again:
            self.waiting -= 1
            self.replayed[became] += 1
            if self.draw.random() < 1 / 8:
                # A queue may deliver an item again that was deleted.
                self._take_later(text, at_ms, again=True)
