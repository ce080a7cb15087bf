"""A value that is loaded again when it has grown old: the directory, the secrets, a verdict."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from functools import partial
from typing import Generic, TypeVar

T = TypeVar("T")


class CachedAwaitable(Generic[T]):
    """Holds what awaiting `load()` gave for `seconds`; loads once for all who wait."""

    def __init__(
        self,
        load: Callable[[], Awaitable[T]],
        *,
        seconds: float,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._load = load
        self._seconds = seconds
        self._monotonic = monotonic
        self._lock = asyncio.Lock()
        self._held: tuple[float, T] | None = None

    async def current(self, *, at_most_seconds: float | None = None) -> T:
        """The value, at most so old. Raises what `load` raises; the next call retries.

        `at_most_seconds` asks for a younger one than usual, where the one held has turned out
        to be wrong.
        """
        limit = self._seconds if at_most_seconds is None else at_most_seconds
        if (held := self._younger_than(limit)) is not None:
            return held[1]
        async with self._lock:
            if (held := self._younger_than(limit)) is None:
                asked_at = self._monotonic()
                held = (asked_at, await self._load())
                self._held = held
        return held[1]

    def _younger_than(self, seconds: float) -> tuple[float, T] | None:
        held = self._held
        return held if held and self._monotonic() - held[0] < seconds else None


class Cached(CachedAwaitable[T]):
    """The same of a `load` that blocks, which runs in a thread."""

    def __init__(
        self,
        load: Callable[[], T],
        *,
        seconds: float,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        super().__init__(partial(asyncio.to_thread, load), seconds=seconds, monotonic=monotonic)
