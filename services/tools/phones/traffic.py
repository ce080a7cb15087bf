"""Texts at a rate that may change at any time, from a thread of their own."""

import asyncio
import threading
import time
from collections import Counter, deque
from collections.abc import Callable
from statistics import median
from typing import Final, Literal, Self

import aiohttp

from services.tools.phones.load_generator import TWILIO_SECONDS, Answer, Line, deliver
from services.tools.phones.rate_meter import Meter
from services.tools.phones.sms import Text

MOST_UNDER_WAY: Final = 600
"""So many phones at most wait for an answer; the next text is sent when one has got its own.
At 60 texts/s into one full partition about 300 wait."""
REMEMBERED: Final = 200

Fate = Literal["sent", "accepted", "refused"]


class Traffic:
    """Sends what `next_text` gives, `rate()` times a second, and counts what became of it."""

    def __init__(
        self, next_text: Callable[[], Text], line: Line, *, rate: Callable[[], float]
    ) -> None:
        self.meter: Meter[Fate] = Meter(time.monotonic)
        self.fates: Counter[Fate] = Counter()
        self._next_text = next_text
        self._line = line
        self._rate = rate
        self._reply_ms: deque[float] = deque(maxlen=REMEMBERED)
        self._under_way: set[asyncio.Task[None]] = set()
        self._stopping = threading.Event()
        self._thread = threading.Thread(
            target=lambda: asyncio.run(self._run()), name="traffic", daemon=True
        )

    @property
    def under_way(self) -> int:
        """Texts that have not been answered yet."""
        return len(self._under_way)

    def reply_ms(self) -> float | None:
        """The median time to an answer, of the last 200."""
        answered = list(self._reply_ms)
        return median(answered) if answered else None

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stopping.set()
        self._thread.join(timeout=2)

    async def _run(self) -> None:
        timeout = aiohttp.ClientTimeout(total=TWILIO_SECONDS)
        connector = aiohttp.TCPConnector(limit=0)
        async with aiohttp.ClientSession(timeout=timeout, connector=connector) as http:
            due = time.monotonic()
            while not self._stopping.is_set():
                rate, now = self._rate(), time.monotonic()
                if rate <= 0 or self.under_way >= MOST_UNDER_WAY:
                    due = now
                    await asyncio.sleep(0.05)
                    continue
                self._send(http)
                due = max(due + 1 / rate, now - 0.5)  # late by more is not made up for
                await asyncio.sleep(max(0.0, due - time.monotonic()))

    def _send(self, http: aiohttp.ClientSession) -> None:
        self._note("sent")
        task = asyncio.create_task(self._text(http, self._next_text()))
        self._under_way.add(task)
        task.add_done_callback(self._under_way.discard)

    async def _text(self, http: aiohttp.ClientSession, text: Text) -> None:
        answer: Answer = await deliver(http, self._line, text)
        self._reply_ms.append((answer.answered_at - answer.sent_at) * 1000)
        self._note("accepted" if answer.accepted else "refused")

    def _note(self, fate: Fate) -> None:
        self.fates[fate] += 1
        self.meter.add(fate)
