"""Caches a value for a limited time, and loads it again afterwards."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from functools import partial
from typing import Generic, TypeVar

T = TypeVar("T")


class CachedAwaitable(Generic[T]):
    """Caches the result of awaiting `load()` for `seconds`; concurrent callers share one load."""

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
        self._cached: tuple[float, T] | None = None

    async def current(self, *, max_age_seconds: float | None = None) -> T:
        """Return the cached value, or load it. Raises what `load` raises; the next call retries.

        `max_age_seconds` overrides the usual age, for a caller that found the value outdated.
        """
        max_age = self._seconds if max_age_seconds is None else max_age_seconds
        if (cached := self._younger_than(max_age)) is not None:
            return cached[1]
        async with self._lock:
            if (cached := self._younger_than(max_age)) is None:
                started_at = self._monotonic()
                cached = (started_at, await self._load())
                self._cached = cached
        return cached[1]

    def _younger_than(self, seconds: float) -> tuple[float, T] | None:
        cached = self._cached
        return cached if cached and self._monotonic() - cached[0] < seconds else None


class Cached(CachedAwaitable[T]):
    """The same for a blocking `load`, which runs in a thread."""

    def __init__(
        self,
        load: Callable[[], T],
        *,
        seconds: float,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        super().__init__(partial(asyncio.to_thread, load), seconds=seconds, monotonic=monotonic)
