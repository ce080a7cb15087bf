"""The fallback queue: unordered, redelivered, delayed, and replayed until a text is dealt with."""

import math
import random
from collections import Counter
from collections.abc import Coroutine
from dataclasses import dataclass, field
from typing import Any, Final

from services.late.late_texts import LateTexts
from services.late.replay import Replayed, Replayer, ReplayOutcome
from services.tools.replay.lifecycle.invariants import InvariantChecker, SentText, Way
from services.tools.replay.lifecycle.late_ballots import LateBallots
from services.tools.replay.lifecycle.polls import SimulatedPolls
from services.tools.replay.lifecycle.store import DelayedWrite, SimulatedVotes
from services.tools.replay.lifecycle.timeline import Timeline
from services.tools.replay.lifecycle.traffic import PSEUDONYMS
from services.voting.addresses import without_channel
from services.voting.errors import StoreUnavailableError
from services.voting.message import Message

SHORTEST_MS: Final = 200
LONGEST_MS: Final = 3 * 3_600_000
"""How long an item waits before it is taken from the queue, or is taken again."""
WRITING_MS: Final = 10_000
"""How long a request to the store may take."""


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
        replayer = Replayer(
            late=LateTexts(
                ballots=ballots,
                clock=lambda: self.time.clock[0],
                pseudonyms=PSEUDONYMS,
                was_listed=_always_listed,
            ),
            placements=self.polls.placements(),
        )
        sender = without_channel(text.sender)
        message = Message(sid=text.sid, sender=sender, to=text.to, body=text.body)
        self._go_on(replayer.replay(message, at_ms), text, at_ms, again=again)

    async def _pause(self) -> None:
        if self.draw.random() < 1 / 4:
            await DelayedWrite()

    def _go_on(
        self, replaying: Coroutine[Any, Any, Replayed], text: SentText, at_ms: int, *, again: bool
    ) -> None:
        """Run a replay until it ends or waits for the store."""
        try:
            replaying.send(None)
        except StopIteration as done:
            replayed: Replayed | None = done.value
        except StoreUnavailableError:
            replayed = None
        else:
            later_ms = self.draw.randrange(1, WRITING_MS)
            self.time.schedule(later_ms, lambda: self._go_on(replaying, text, at_ms, again=again))
            return
        if replayed is None or replayed.outcome is ReplayOutcome.WAITING:
            self._take_later(text, at_ms, again=again)
        elif not again:
            self.waiting -= 1
            self.replayed[replayed.reason or replayed.outcome.value] += 1
            if self.draw.random() < 1 / 8:
                # A queue may deliver an item again that was deleted.
                self._take_later(text, at_ms, again=True)


async def _always_listed(poll_id: str, phone_id: str, at_ms: int) -> bool:  # noqa: ARG001
    """Admit every phone: the simulated polls have no allow lists."""
    return True
