"""Twilio in the simulation: it keeps its log, and tries for 15 s to deliver a text."""

import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from typing import Final

from services.adapters.twilio.message_log import LoggedText
from services.adapters.twilio.overrides import WANTED_OVERRIDES
from services.tools.replay.lifecycle.invariants import SentText
from services.tools.replay.lifecycle.outages import Outages, Part
from services.tools.replay.lifecycle.timeline import Timeline
from services.tools.twilio.delivery import (
    DeliveryRequest,
    Failure,
    RequestOutcome,
    WebhookUrls,
    first_request,
    next_request,
)
from services.voting.addresses import without_channel

_URL: Final = WANTED_OVERRIDES.add_to("https://webhook.invalid/sms")
WITH_FALLBACK: Final = WebhookUrls(url=_URL, fallback_url="https://fallback.invalid/sms")
WITHOUT_FALLBACK: Final = WebhookUrls(url=_URL)
DUPLICATE_MS: Final = (0, 500, 5_000, 14_000)
"""When Twilio makes a request that nobody asked for, after it received the text."""

Report = Callable[[RequestOutcome], None]
Post = Callable[[SentText, Report], None]
"""Posts a text to a webhook, and reports the outcome when Twilio has it."""


@dataclass(slots=True, kw_only=True)
class SimulatedTwilio:
    """Logs and delivers texts by the rules of `services.tools.twilio.delivery`."""

    draw: random.Random
    time: Timeline
    outages: Outages
    urls: WebhookUrls
    post: Post
    arrive: Callable[[SentText], None]
    """Takes a text at the fallback URL."""
    again: float
    """Share of texts that are delivered twice."""
    given_up: int = 0
    """Texts that nobody took."""
    _log: dict[str, LoggedText] = field(default_factory=dict)

    def receive(self, text: SentText) -> None:
        """Log a text, and begin to deliver it."""
        now_ms = self.time.clock[0]
        second_ms = now_ms // 1_000 * 1_000
        self._log[text.sid] = LoggedText(
            sid=text.sid, sender=without_channel(text.sender), to=text.to, body=text.body,
            media=0, at_ms=second_ms, called_at_ms=second_ms, place=len(self._log),
        )  # fmt: skip
        if self.draw.random() < self.again:
            self.time.schedule(self.draw.choice(DUPLICATE_MS), lambda: self._deliver_again(text))
        self._make(first_request(self.urls), text, now_ms)

    def newest(self, since_ms: int) -> Iterator[LoggedText]:
        """Yield the log since a time, newest first."""
        for text in reversed(self._log.values()):
            if text.at_ms < since_ms // 1_000 * 1_000:
                return
            yield text

    def _deliver_again(self, text: SentText) -> None:
        if not self.outages.is_down(Part.WEBHOOK):
            self.post(text, lambda _: None)

    def _make(self, request: DeliveryRequest | None, text: SentText, began_ms: int) -> None:
        if request is None:
            return
        now_ms = self.time.clock[0]
        self._log[text.sid] = replace(self._log[text.sid], called_at_ms=now_ms // 1_000 * 1_000)
        down = self.outages.is_down(Part.FALLBACK if request.is_fallback else Part.WEBHOOK)

        def follow(outcome: RequestOutcome) -> None:
            following = next_request(self.urls, request, outcome)
            self.given_up += outcome.failure is not None and following is None
            if following is not None:
                later_ms = began_ms + following.at_ms - self.time.clock[0]
                self.time.schedule(later_ms, lambda: self._make(following, text, began_ms))

        if down:
            took_ms = self.draw.randint(1, request.connect_ms)
            follow(RequestOutcome(took_ms=took_ms, failure=Failure.CONNECT))
        elif request.is_fallback:
            self.arrive(text)
        else:
            self.post(text, follow)
