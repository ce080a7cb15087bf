"""Webhooks that take texts: slow, timed out, without a store or with an old directory."""

import random
from collections.abc import Coroutine
from dataclasses import dataclass
from typing import Any, Final

from services.tools.replay.lifecycle.invariants import InvariantChecker, SentText, ViolationError
from services.tools.replay.lifecycle.outages import Outages, Part
from services.tools.replay.lifecycle.polls import LateDirectory
from services.tools.replay.lifecycle.store import SimulatedVotes
from services.tools.replay.lifecycle.timeline import Timeline
from services.tools.replay.lifecycle.twilio import Report
from services.tools.twilio.delivery import Failure, RequestOutcome
from services.voting.addresses import without_channel
from services.voting.errors import StoreUnavailableError
from services.voting.identity import Pseudonyms
from services.voting.intake import Intake, IntakeResult
from services.voting.message import Message
from services.voting.timing import MARGIN_MS, REQUEST_SECONDS

PSEUDONYMS: Final = Pseudonyms(b"a pepper for scenarios, 32 bytes long")
REQUEST_MS: Final = REQUEST_SECONDS * 1_000
LANDING_MS: Final = REQUEST_MS + MARGIN_MS
"""The store may carry out a write up to 10 s after the webhook's timeout."""
READ_MS: Final = 3_200
"""Time after which Twilio gives up an attempt."""
REPLAYED_MS: Final = 240_000
"""When somebody sends a request again, after Twilio received the text."""
_LATE_WRITES: Final = 0.2
"""Share of the writes during an outage of the store that land late."""

Accepting = Coroutine[Any, Any, IntakeResult]


@dataclass(slots=True, kw_only=True)
class Webhooks:
    """Answers requests with texts."""

    draw: random.Random
    checker: InvariantChecker
    votes: SimulatedVotes
    directories: list[LateDirectory]
    time: Timeline
    outages: Outages
    slow: float
    """Share of writes that are delayed."""
    unheard: float
    """Share of answers that do not reach Twilio."""
    deliveries: int = 0
    counted: int = 0
    failed: int = 0
    """Requests that were answered 503, or not in time."""
    _next_is_delayed: bool = False
    _has_timed_out: bool = False

    def __post_init__(self) -> None:
        self.votes.is_delayed = self._is_delayed
        self.votes.is_down = lambda: self.outages.is_down(Part.STORE)

    def replay_later(self, text: SentText) -> None:
        """Send the request of a text again after minutes, as somebody who has recorded it could.

        Only if a ballot has counted it: Twilio does not do this, and a text that nobody has
        counted yet is for the fallback and the reconciliation.
        """

        def replay() -> None:
            if text.sid in self.checker.accepted:
                self.post(text, lambda _: None)

        self.time.schedule(REPLAYED_MS, replay)

    def post(self, text: SentText, report: Report) -> None:
        """Post a text to one of the webhooks."""
        self.deliveries += 1
        now_ms = self.time.clock[0]
        intake = Intake(
            directory=self.draw.choice(self.directories),
            ballots=self.votes,
            clock=lambda: self.time.clock[0],
        )
        sender = without_channel(text.sender)
        message = Message(sid=text.sid, sender=sender, to=text.to, body=text.body)
        expected = self.checker.expected(text, now_ms)
        self._step(intake.accept(message, pseudonyms=PSEUDONYMS), text, expected, report)

    def _is_delayed(self) -> bool:
        if self._has_timed_out:
            raise StoreUnavailableError("given up")
        if self.outages.is_down(Part.STORE) and not self._next_is_delayed:
            raise StoreUnavailableError("PutItem")
        return self._next_is_delayed

    def _step(
        self, accepting: Accepting, text: SentText, expected: str | None, report: Report
    ) -> None:
        """Run a request until it is answered or its write is delayed."""
        no_store = self.outages.is_down(Part.STORE)
        self._next_is_delayed = self.draw.random() < (_LATE_WRITES if no_store else self.slow)
        try:
            accepting.send(None)
        except StopIteration as done:
            self._answer(text, done.value, expected, report, took_ms=self.draw.randint(1, 200))
            return
        except StoreUnavailableError:
            self._fail(report, self.draw.choice((20, 500, REQUEST_MS)))
            return
        finally:
            self._next_is_delayed = False
        delay_ms = self.draw.randrange(50, LANDING_MS)
        if delay_ms <= REQUEST_MS and not no_store:
            self.time.schedule(delay_ms, lambda: self._resume(accepting, text, report, delay_ms))
            return
        self.time.schedule(delay_ms, lambda: self._finish_timed_out(accepting))
        self._fail(report, REQUEST_MS)

    def _resume(self, accepting: Accepting, text: SentText, report: Report, took_ms: int) -> None:
        """Carry out the delayed write, and let the webhook answer."""
        try:
            accepting.send(None)
        except StopIteration as done:
            self._answer(text, done.value, None, report, took_ms=took_ms)
        except StoreUnavailableError:
            self._fail(report, took_ms)

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

    def _fail(self, report: Report, took_ms: int) -> None:
        """Answer 503."""
        self.failed += 1
        report(RequestOutcome(took_ms=took_ms, failure=Failure.SERVER_ERROR))

    def _answer(
        self, text: SentText, answer: IntakeResult, expected: str | None, report: Report, *,
        took_ms: int,
    ) -> None:  # fmt: skip
        if self.draw.random() < self.unheard:
            self.failed += 1
            report(RequestOutcome(took_ms=READ_MS, failure=Failure.READ))
        else:
            report(RequestOutcome(took_ms=took_ms))
        kind = str(answer.outcome.kind)
        self.checker.answered(text, kind, answer.poll_id, answer.reply, self.time.clock[0])
        self.counted += kind == "accepted"
        if expected is None or (expected == answer.poll_id and kind not in {"unknown", "near"}):
            return
        held = self.checker.accepted.get(text.sid)
        if kind != "barred" and (held is None or held[0][0] != answer.poll_id):
            outcome = f"{answer.poll_id} {kind!r}"
            raise ViolationError(
                f"{text.body!r}: a word of {expected} alone, answered by {outcome}"
            )
