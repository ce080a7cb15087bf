"""A value that is loaded again when it has grown old: the directory, the secrets."""

import asyncio
import time
from collections.abc import Callable
from typing import Generic, TypeVar

T = TypeVar("T")


class Cached(Generic[T]):
    """Holds what `load` returned for `seconds`; loads in a thread, once for all who wait."""

    def __init__(
        self,
        load: Callable[[], T],
        *,
        seconds: float,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._load = load
        self._seconds = seconds
        self._monotonic = monotonic
        self._lock = asyncio.Lock()
        self._held: tuple[float, T] | None = None

    async def current(self) -> T:
        """The value, at most `seconds` old. Raises what `load` raises; the next call retries."""
        if (held := self._fresh()) is not None:
            return held[1]
        async with self._lock:
            if (held := self._fresh()) is None:
                asked_at = self._monotonic()
                held = (asked_at, await asyncio.to_thread(self._load))
                self._held = held
        return held[1]

    def _fresh(self) -> tuple[float, T] | None:
        held = self._held
        return held if held and self._monotonic() - held[0] < self._seconds else None
