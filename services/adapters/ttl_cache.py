"""Caches a value for a limited time, loads it again afterwards, and keeps it if that fails."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from functools import partial
from typing import Generic, TypeVar

T = TypeVar("T")

OnStale = Callable[[Exception, float], None]
"""Called with the error of a load and the age in seconds of the value that is kept."""

WAIT_SECONDS = 1
"""How long a caller waits for the first load that fails or hangs while an old value is held."""


class CachedAwaitable(Generic[T]):
    """Caches the result of awaiting `load()` for `seconds`; concurrent callers share one load.

    If a load fails or takes too long, a value of at most `stale_seconds` is used instead. Then it
    is loaded in the background, at most once in `seconds`, so that only the first failure delays
    a caller. `on_stale` is called after each such failure.
    """

    def __init__(
        self,
        load: Callable[[], Awaitable[T]],
        *,
        seconds: float,
        stale_seconds: float = 0,
        on_stale: OnStale | None = None,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._load = load
        self._seconds = seconds
        self._stale_seconds = stale_seconds
        self._on_stale = on_stale
        self._monotonic = monotonic
        self._cached: tuple[float, T] | None = None
        self._failed: tuple[float, Exception] | None = None
        """Time and error of the last failure, until a load succeeds."""
        self._loading: asyncio.Task[T] | None = None

    async def current(self, *, max_age_seconds: float | None = None) -> T:
        """Return the cached value, or load it. Raises what `load` raises; the next call retries.

        `max_age_seconds` overrides the usual age, for a caller that found the value outdated. It
        gets no older value; if a load failed within that time, its error is raised again.
        """
        max_age = self._seconds if max_age_seconds is None else max_age_seconds
        if (cached := self._younger_than(max_age)) is not None:
            return cached[1]
        if max_age_seconds is None and self._younger_than(self._stale_seconds) is not None:
            return await self._loaded_or_stale()
        if max_age_seconds is not None and self._failed_within(max_age):
            assert self._failed is not None  # noqa: S101 - for the type checker
            raise self._failed[1].with_traceback(None)
        return await asyncio.shield(self._start_load())

    def held(self) -> T | None:
        """Return the cached value, or None if it would have to be loaded."""
        cached = self._younger_than(self._seconds)
        return None if cached is None else cached[1]

    async def _loaded_or_stale(self) -> T:
        """Load the value, or return the old one: at once if a load has just failed as well."""
        if not self._failed_within(self._seconds):
            is_failing = self._failed_within(2 * self._seconds)
            loading = self._start_load()
            if not is_failing:
                try:
                    async with asyncio.timeout(WAIT_SECONDS):
                        return await asyncio.shield(loading)
                except Exception as error:  # noqa: BLE001 - whatever it is, the old value is good
                    self._note_failure(error)
        if (cached := self._younger_than(self._stale_seconds)) is None:
            return await asyncio.shield(self._start_load())
        return cached[1]

    def _start_load(self) -> "asyncio.Task[T]":
        """Start a load, or join the one that is running. A caller that gives up does not end it."""
        if self._loading is None:
            self._loading = asyncio.ensure_future(self._load_and_cache())
            self._loading.add_done_callback(_retrieve_error)
        return self._loading

    async def _load_and_cache(self) -> T:
        started_at = self._monotonic()
        try:
            value = await self._load()
        except Exception as error:
            self._note_failure(error)
            raise
        finally:
            self._loading = None
        self._cached, self._failed = (started_at, value), None
        return value

    def _note_failure(self, error: Exception) -> None:
        """Store the failure; report it once if a value is kept in spite of it."""
        if self._failed_within(self._seconds):
            return
        self._failed = (self._monotonic(), error)
        if (kept := self._younger_than(self._stale_seconds)) is not None and self._on_stale:
            self._on_stale(error, self._monotonic() - kept[0])

    def _failed_within(self, seconds: float) -> bool:
        return self._failed is not None and self._monotonic() - self._failed[0] < seconds

    def _younger_than(self, seconds: float) -> tuple[float, T] | None:
        cached = self._cached
        return cached if cached and self._monotonic() - cached[0] < seconds else None


def _retrieve_error(loading: "asyncio.Task[T]") -> None:
    """Mark the error of a load as seen: nobody may be waiting for it any more."""
    if not loading.cancelled():
        loading.exception()


class Cached(CachedAwaitable[T]):
    """The same for a blocking `load`, which runs in a thread."""

    def __init__(
        self,
        load: Callable[[], T],
        *,
        seconds: float,
        stale_seconds: float = 0,
        on_stale: OnStale | None = None,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        super().__init__(
            partial(asyncio.to_thread, load),
            seconds=seconds,
            stale_seconds=stale_seconds,
            on_stale=on_stale,
            monotonic=monotonic,
        )
