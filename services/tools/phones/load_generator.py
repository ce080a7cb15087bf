"""Sends texts at a variable rate from its own thread, and counts the replies."""

import asyncio
import math
import threading
import time
from collections import Counter, deque
from collections.abc import Awaitable, Callable
from dataclasses import replace
from statistics import median
from typing import TYPE_CHECKING, Final, Literal, Self

from services.tools.phones.delivery import WebhookReply, session
from services.tools.phones.rate_meter import RateMeter
from services.tools.phones.sms import SimulatedText

if TYPE_CHECKING:
    import aiohttp

IDLE_SECONDS: Final = 0.05
"""Time between two checks whether the phones may text again."""
CATCH_UP_SECONDS: Final = 0.5
"""A longer delay of this process is not caught up, unless the generator is told to."""
REPLY_SAMPLES: Final = 200

TextEvent = Literal["sent", "accepted", "refused"]
Deliver = Callable[["aiohttp.ClientSession", SimulatedText], Awaitable[WebhookReply]]


class LoadGenerator:
    """Sends `rate()` texts a second from `next_text` until it is stopped.

    The load is open: a slow webhook delays no text, until `max_in_flight` texts wait for a reply.
    Only a phone that waits for a reply sends its next text after it, so that the order of its
    texts is known. All arguments that are functions are called in the thread that texts.
    """

    def __init__(  # noqa: PLR0913 - what a load is made of
        self,
        next_text: Callable[[], SimulatedText],
        deliver: Deliver,
        *,
        rate: Callable[[], float],
        on_reply: Callable[[WebhookReply], None] = lambda _: None,
        connections: int = 64,
        max_in_flight: float = math.inf,
        catch_up_seconds: float = CATCH_UP_SECONDS,
    ) -> None:
        self.meter: RateMeter[TextEvent] = RateMeter(time.monotonic)
        self.counts: Counter[TextEvent] = Counter()
        self._next_text = next_text
        self._rate = rate
        self._on_reply = on_reply
        self._connections = connections
        self._max_in_flight = max_in_flight
        self._catch_up_seconds = catch_up_seconds
        self._deliver = deliver
        self._reply_ms: deque[float] = deque(maxlen=REPLY_SAMPLES)
        self._tasks: dict[str, asyncio.Task[None]] = {}
        self._stopping = threading.Event()
        self._thread = threading.Thread(
            target=lambda: asyncio.run(self._run()), name="phones", daemon=True
        )

    @property
    def in_flight(self) -> int:
        """Number of phones that wait for a reply."""
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
        due = time.monotonic()
        async with session(connections=self._connections) as http:
            while not self._stopping.is_set():
                rate, now = self._rate(), time.monotonic()
                if rate <= 0 or self.in_flight >= self._max_in_flight:
                    due = now
                    await asyncio.sleep(IDLE_SECONDS)
                    continue
                self._send(http, self._next_text(), due + time.time() - time.monotonic())
                due = max(due + 1 / rate, now - self._catch_up_seconds)
                await asyncio.sleep(max(0.0, due - time.monotonic()))

    def _send(self, http: "aiohttp.ClientSession", text: SimulatedText, due_at: float) -> None:
        self._count("sent")
        before = self._tasks.get(text.sender)
        self._tasks[text.sender] = asyncio.create_task(self._text(http, text, due_at, before))

    async def _text(
        self,
        http: "aiohttp.ClientSession",
        text: SimulatedText,
        due_at: float,
        before: "asyncio.Task[None] | None",
    ) -> None:
        if before:
            await asyncio.wait([before])
        reply = replace(await self._deliver(http, text), due_at=due_at)
        self._reply_ms.append(reply.milliseconds)
        self._count("accepted" if reply.accepted else "refused")
        self._on_reply(reply)
        if self._tasks.get(text.sender) is asyncio.current_task():
            del self._tasks[text.sender]

    def _count(self, event: TextEvent) -> None:
        self.counts[event] += 1
        self.meter.add(event)
