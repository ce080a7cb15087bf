"""Replaces CloudFront's cache locally: what it keeps, for how long, and how often it asks again.

As CloudFront's pages describe it: "Manage how long content stays in the cache" for the directives
of `Cache-Control`, "Request and response behavior for custom origins" for request collapsing.
"""

import asyncio
import re
import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Final

FAILED: Final = 500
"""Statuses from here on are errors of the origin, which a stale answer may replace."""


@dataclass(frozen=True, slots=True, kw_only=True)
class EdgeResponse:
    """An answer of the origin, or of the cache."""

    status: int
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""

    def seconds(self, directive: str) -> int:
        """Return the value of a directive of `Cache-Control`; 0 without it."""
        found = re.search(rf"\b{directive}=(\d+)", self.headers.get("Cache-Control", ""))
        return int(found[1]) if found else 0


@dataclass(frozen=True, slots=True)
class _Kept:
    response: EdgeResponse
    since: float

    def age(self, now: float) -> float:
        return now - self.since

    def serves(self, now: float, *directives: str) -> bool:
        """Return whether it is fresh, or stale for no longer than a directive allows."""
        limit = sum(map(self.response.seconds, ("max-age", *directives)))
        return self.age(now) < limit


class EdgeCache:
    """Asks the origin once for all who ask for the same path at the same time."""

    def __init__(
        self,
        fetch: Callable[[str], Awaitable[EdgeResponse]],
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._fetch = fetch
        self._clock = clock
        self._kept: dict[str, _Kept] = {}
        self._errors: dict[str, _Kept] = {}
        self._renewals: dict[str, asyncio.Task[EdgeResponse]] = {}

    async def get(self, path: str) -> EdgeResponse:
        """Return the answer that is kept, or the origin's."""
        kept, now = self._kept.get(path), self._clock()
        if kept and kept.serves(now):
            return _aged(kept, now, "Hit")
        if kept and kept.serves(now, "stale-while-revalidate"):
            self._renew(path)
            return _aged(kept, now, "Hit")
        fetched = await asyncio.shield(self._renew(path))
        now = self._clock()
        if kept and fetched.status >= FAILED and kept.serves(now, "stale-if-error"):
            return _aged(kept, now, "Error")
        return _aged(_Kept(fetched, now), now, "Miss")

    def _renew(self, path: str) -> asyncio.Task[EdgeResponse]:
        """Return the request that is under way, or begin one."""
        if path not in self._renewals:
            task = asyncio.create_task(self._ask(path))
            task.add_done_callback(lambda _: self._renewals.pop(path))
            self._renewals[path] = task
        return self._renewals[path]

    async def _ask(self, path: str) -> EdgeResponse:
        error = self._errors.get(path)
        if error and error.serves(self._clock()):
            return error.response
        response = await self._fetch(path)
        store = self._errors if response.status >= FAILED else self._kept
        store[path] = _Kept(response, self._clock())
        return response


def _aged(kept: _Kept, now: float, cache: str) -> EdgeResponse:
    headers = {**kept.response.headers, "X-Cache": f"{cache} from the local cloud"}
    if cache != "Miss":
        headers["Age"] = f"{int(kept.age(now))}"
    return replace(kept.response, headers=headers)
