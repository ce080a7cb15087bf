"""Delivers texts to webhooks with delays, timeouts and redeliveries."""

import random
from collections.abc import Callable, Coroutine
from dataclasses import dataclass, field
from heapq import heappop, heappush
from typing import Any, Final

from services.tools.replay.lifecycle.invariants import InvariantChecker, SentText, ViolationError
from services.tools.replay.lifecycle.polls import LateDirectory
from services.tools.replay.lifecycle.store import SimulatedVotes
from services.voting.addresses import without_channel
from services.voting.errors import StoreUnavailableError
from services.voting.identity import Pseudonyms
from services.voting.intake import Intake, IntakeResult
from services.voting.message import Message

PSEUDONYMS: Final = Pseudonyms(b"a pepper for scenarios, 32 bytes long")
REQUEST_MS: Final = 3_000
LANDING_MS: Final = 13_000
"""DynamoDB may carry out a write up to 10 s after the webhook's timeout."""
ATTEMPTS: Final = 3
"""Twilio tries so often again to deliver a text."""
AGAIN_MS: Final = 240_000
"""Twilio redelivers a text within five minutes."""

Accepting = Coroutine[Any, Any, IntakeResult]


@dataclass(slots=True)
class LateTraffic:
    """Delivers texts to webhooks. `clock[0]` is the time in epoch ms."""

    draw: random.Random
    checker: InvariantChecker
    votes: SimulatedVotes
    directories: list[LateDirectory]
    clock: list[int]
    slow: float
    again: float
    events: list[tuple[int, int, Callable[[], None]]] = field(default_factory=list)
    deliveries: int = 0
    counted: int = 0
    _next_is_delayed: bool = False
    _has_timed_out: bool = False
    _serial: int = 0

    def __post_init__(self) -> None:
        self.votes.is_delayed = self._is_delayed

    def send(self, text: SentText) -> None:
        """Deliver a new text, and perhaps schedule a redelivery."""
        self.checker.texts[text.sid] = text
        if self.draw.random() < self.again:
            # At the same time as the first delivery, or later.
            self.schedule(self.draw.choice((0, 500, 15_000, AGAIN_MS)), lambda: self.deliver(text))
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
        expected = self.checker.expected(text, self.clock[0])
        self._step(intake.accept(message, pseudonyms=PSEUDONYMS), text, expected, tries)

    def schedule(self, later_ms: int, act: Callable[[], None]) -> None:
        """Schedule a call."""
        self._serial += 1
        heappush(self.events, (self.clock[0] + later_ms, self._serial, act))

    def pass_time(self, until_ms: int) -> None:
        """Advance the clock and run the scheduled calls that are due."""
        while self.events and self.events[0][0] <= until_ms:
            due_ms, _, act = heappop(self.events)
            self.clock[0] = max(self.clock[0], due_ms)
            act()
        self.clock[0] = max(self.clock[0], until_ms)

    def settle(self) -> None:
        """Run all scheduled calls."""
        while self.events:
            self.pass_time(self.events[0][0])

    def _is_delayed(self) -> bool:
        if self._has_timed_out:
            raise StoreUnavailableError("given up")
        return self._next_is_delayed

    def _step(self, accepting: Accepting, text: SentText, expected: str | None, tries: int) -> None:
        """Run a request until it is answered or its write is delayed."""
        self._next_is_delayed = self.draw.random() < self.slow
        try:
            accepting.send(None)
        except StopIteration as done:
            self._check_answer(text, done.value, expected)
            return
        except StoreUnavailableError:
            # The directory cannot be read: the webhook answers 503, and Twilio tries again.
            self._deliver_again(text, tries)
            return
        finally:
            self._next_is_delayed = False
        delay_ms = self.draw.randrange(50, LANDING_MS)
        if delay_ms <= REQUEST_MS:
            self.schedule(delay_ms, lambda: self._resume(accepting, text))
            return
        self.schedule(delay_ms, lambda: self._finish_timed_out(accepting))
        # The webhook answers 503, and Twilio redelivers the text.
        wait_ms = REQUEST_MS + self.draw.choice((0, 200, 5_000, 30_000))
        self.schedule(wait_ms, lambda: self.deliver(text, tries + 1))

    def _deliver_again(self, text: SentText, tries: int) -> None:
        if tries < ATTEMPTS:
            wait_ms = self.draw.choice((200, 3_000, 10_000))
            self.schedule(wait_ms, lambda: self.deliver(text, tries + 1))

    def _resume(self, accepting: Accepting, text: SentText) -> None:
        """Carry out the delayed write, and let the webhook answer."""
        try:
            accepting.send(None)
        except StopIteration as done:
            self._check_answer(text, done.value, None)

    def _finish_timed_out(self, accepting: Accepting) -> None:
        """Carry out the delayed write of a request that has timed out."""
        self._has_timed_out = True
        try:
            accepting.send(None)
        except (StopIteration, StoreUnavailableError):
            pass
        finally:
            self._has_timed_out = False
            accepting.close()

    def _check_answer(self, text: SentText, answer: IntakeResult, expected: str | None) -> None:
        kind = str(answer.outcome.kind)
        self.checker.answered(text, kind, answer.poll_id, answer.reply, self.clock[0])
        self.counted += kind == "accepted"
        if expected is None or (expected == answer.poll_id and kind not in {"unknown", "near"}):
            return
        held = self.checker.accepted.get(text.sid)
        if kind != "barred" and (held is None or held[0][0] != answer.poll_id):
            outcome = f"{answer.poll_id} {kind!r}"
            raise ViolationError(
                f"{text.body!r}: a word of {expected} alone, answered by {outcome}"
            )
