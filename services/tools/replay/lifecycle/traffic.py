"""Texts on their way: delivered, held up, given up, delivered again."""

import random
from collections.abc import Callable, Coroutine
from dataclasses import dataclass, field
from heapq import heappop, heappush
from typing import Any, Final

from services.tools.replay.lifecycle.polls import LateDirectory
from services.tools.replay.lifecycle.store import SimulatedVotes
from services.tools.replay.lifecycle.truth import SentText, Truth, ViolationError
from services.voting.addresses import without_channel
from services.voting.errors import StoreUnavailableError
from services.voting.intake import Intake, IntakeResult
from services.voting.message import Message

PEPPER: Final = b"a pepper for scenarios, 32 bytes long"
REQUEST_MS: Final = 8_000
SETTLING_MS: Final = 18_000
"""The store carries out a write up to 10 s after the webhook gave up on it."""
AGAIN_MS: Final = 240_000
"""Twilio delivers a text again within five minutes."""

Accepting = Coroutine[Any, Any, IntakeResult]


@dataclass(slots=True)
class LateTraffic:
    """Delivers texts to webhooks. `clock` holds the time in its only element."""

    draw: random.Random
    truth: Truth
    votes: SimulatedVotes
    directories: list[LateDirectory]
    clock: list[int]
    slow: float
    again: float
    events: list[tuple[int, int, Callable[[], None]]] = field(default_factory=list)
    deliveries: int = 0
    counted: int = 0
    _holding: bool = False
    _given_up: bool = False
    _serial: int = 0

    def __post_init__(self) -> None:
        self.votes.holds_up = self._holds_up

    def send(self, text: SentText) -> None:
        """A sender's text arrives for the first time."""
        self.truth.texts[text.sid] = text
        if self.draw.random() < self.again:
            # At the same time as the first, or later.
            self.at(self.draw.choice((0, 500, 15_000, AGAIN_MS)), lambda: self.deliver(text))
        self.deliver(text)

    def deliver(self, text: SentText, tries: int = 0) -> None:
        """Post a text to a webhook."""
        self.deliveries += 1
        intake = Intake(
            directory=self.draw.choice(self.directories),
            ballots=self.votes,
            clock=lambda: self.clock[0],
        )
        sender = without_channel(text.sender)
        message = Message(sid=text.sid, sender=sender, to=text.to, body=text.body)
        expected = self.truth.expected(text, self.clock[0])
        self._step(intake.accept(message, pepper=PEPPER), text, expected, tries)

    def at(self, later_ms: int, act: Callable[[], None]) -> None:
        """Do something later."""
        self._serial += 1
        heappush(self.events, (self.clock[0] + later_ms, self._serial, act))

    def pass_time(self, until_ms: int) -> None:
        """Let the clock go on, through everything that is due."""
        while self.events and self.events[0][0] <= until_ms:
            due_ms, _, act = heappop(self.events)
            self.clock[0] = max(self.clock[0], due_ms)
            act()
        self.clock[0] = max(self.clock[0], until_ms)

    def settle(self) -> None:
        """Let everything arrive that is on its way."""
        while self.events:
            self.pass_time(self.events[0][0])

    def _holds_up(self) -> bool:
        if self._given_up:
            raise StoreUnavailableError("given up")
        return self._holding

    def _step(self, accepting: Accepting, text: SentText, expected: str | None, tries: int) -> None:
        """Run until the answer, or until a write is held up."""
        self._holding = self.draw.random() < self.slow
        try:
            accepting.send(None)
        except StopIteration as done:
            self._answered(text, done.value, expected)
            return
        finally:
            self._holding = False
        late_ms = self.draw.randrange(50, SETTLING_MS)
        if late_ms <= REQUEST_MS:
            self.at(late_ms, lambda: self._resume(accepting, text))
            return
        self.at(late_ms, lambda: self._land(accepting))
        # The webhook answers 503, and Twilio delivers the text again.
        wait_ms = REQUEST_MS + self.draw.choice((0, 200, 5_000, 30_000))
        self.at(wait_ms, lambda: self.deliver(text, tries + 1))

    def _resume(self, accepting: Accepting, text: SentText) -> None:
        """The held up write lands, and the webhook goes on."""
        try:
            accepting.send(None)
        except StopIteration as done:
            self._answered(text, done.value, None)

    def _land(self, accepting: Accepting) -> None:
        """The held up write lands, and nobody goes on."""
        self._given_up = True
        try:
            accepting.send(None)
        except (StopIteration, StoreUnavailableError):
            pass
        finally:
            self._given_up = False
            accepting.close()

    def _answered(self, text: SentText, answer: IntakeResult, expected: str | None) -> None:
        kind = str(answer.outcome.kind)
        self.truth.answered(text, kind, answer.poll_id, answer.reply, self.clock[0])
        self.counted += kind == "accepted"
        if expected is None or (expected == answer.poll_id and kind not in {"unknown", "near"}):
            return
        held = self.truth.accepted.get(text.sid)
        if kind != "barred" and (held is None or held[0][0] != answer.poll_id):
            told = f"{answer.poll_id} {kind!r}"
            raise ViolationError(f"{text.body!r}: a word of {expected} alone, answered by {told}")
