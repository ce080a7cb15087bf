"""Sends the texts of a rehearsal: at times that are fixed in advance, whatever the answers."""

import time
from collections.abc import Callable
from typing import Final

from services.tools.phones.delivery import TWILIO_SECONDS, WebhookEndpoint
from services.tools.phones.load_generator import LoadGenerator
from services.tools.rehearsal.report import RehearsalReport
from services.tools.rehearsal.texts import RehearsalTexts

CONNECTIONS: Final = 500
_LOOK_SECONDS: Final = 0.1


def send_texts(
    texts: RehearsalTexts,
    endpoint: WebhookEndpoint,
    report: RehearsalReport,
    *,
    rate: float,
    count: int,
    on_sent: Callable[[int], None] = lambda _: None,
) -> None:
    """Send so many texts and wait for all answers, at most as long as Twilio does.

    A text that the machine or the webhook holds up is sent as soon as it can be; its latency is
    measured from the time at which it was due.
    """
    sent = 0

    def current_rate() -> float:
        return rate if generator.counts["sent"] < count else 0

    generator = LoadGenerator(
        texts.next,
        endpoint.deliver,
        rate=current_rate,
        on_reply=report.add,
        connections=CONNECTIONS,
        catch_up_seconds=float("inf"),
    )
    with generator:
        while (now := generator.counts["sent"]) < count:
            on_sent(now - sent)
            sent = now
            time.sleep(_LOOK_SECONDS)
        on_sent(count - sent)
        deadline = time.monotonic() + 2 * TWILIO_SECONDS
        while report.sent < count and time.monotonic() < deadline:
            time.sleep(_LOOK_SECONDS)
