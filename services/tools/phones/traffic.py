"""Sends texts at a variable rate from its own thread."""

import asyncio
import threading
import time
from collections import Counter, deque
from collections.abc import Callable
from statistics import median
from typing import Final, Literal, Self

import aiohttp

from services.tools.phones.load_generator import (
    WebhookEndpoint,
    WebhookReply,
    deliver,
    session,
)
from services.tools.phones.rate_meter import RateMeter
from services.tools.phones.sms import SimulatedText

MAX_IN_FLIGHT: Final = 600
"""Maximum number of texts that wait for a reply. At 60 texts/s into one throttled partition
about 300 wait."""
REPLY_SAMPLES: Final = 200

TextEvent = Literal["sent", "accepted", "refused"]


class Traffic:
    """Sends `rate()` texts a second from `next_text`, and counts the replies."""

    def __init__(
        self,
        next_text: Callable[[], SimulatedText],
        endpoint: WebhookEndpoint,
        *,
        rate: Callable[[], float],
    ) -> None:
        self.meter: RateMeter[TextEvent] = RateMeter(time.monotonic)
        self.counts: Counter[TextEvent] = Counter()
        self._next_text = next_text
        self._endpoint = endpoint
        self._rate = rate
        self._reply_ms: deque[float] = deque(maxlen=REPLY_SAMPLES)
        self._tasks: set[asyncio.Task[None]] = set()
        self._stopping = threading.Event()
        self._thread = threading.Thread(
            target=lambda: asyncio.run(self._run()), name="traffic", daemon=True
        )

    @property
    def in_flight(self) -> int:
        """Number of texts that wait for a reply."""
        return len(self._tasks)

    def reply_ms(self) -> float | None:
        """Return the median reply time of the last 200 texts; None without any."""
        answered = list(self._reply_ms)
        return median(answered) if answered else None

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stopping.set()
        self._thread.join(timeout=2)

    async def _run(self) -> None:
        async with session(connections=0) as http:
            due = time.monotonic()
            while not self._stopping.is_set():
                rate, now = self._rate(), time.monotonic()
                if rate <= 0 or self.in_flight >= MAX_IN_FLIGHT:
                    due = now
                    await asyncio.sleep(0.05)
                    continue
                self._send(http)
                due = max(due + 1 / rate, now - 0.5)  # a longer delay is not caught up
                await asyncio.sleep(max(0.0, due - time.monotonic()))

    def _send(self, http: aiohttp.ClientSession) -> None:
        self._record_event("sent")
        task = asyncio.create_task(self._text(http, self._next_text()))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _text(self, http: aiohttp.ClientSession, text: SimulatedText) -> None:
        answer: WebhookReply = await deliver(http, self._endpoint, text)
        self._reply_ms.append((answer.answered_at - answer.sent_at) * 1000)
        self._record_event("accepted" if answer.accepted else "refused")

    def _record_event(self, event: TextEvent) -> None:
        self.counts[event] += 1
        self.meter.add(event)
