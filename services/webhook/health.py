"""The answer to `/health`: whether the tables respond, cached for a few seconds."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping

from starlette.responses import JSONResponse

from services.adapters import log
from services.adapters.ttl_cache import CachedAwaitable

Probe = Callable[[], Awaitable[object]]

PROBE_SECONDS = 3

CACHE_SECONDS = 5
"""Each table is probed at most once in this time, however often `/health` is called."""


class Health:
    """Probes the tables; both good and bad results are cached for `CACHE_SECONDS`."""

    def __init__(self, probes: Mapping[str, Probe], *, monotonic: Callable[[], float]) -> None:
        self._probes = probes
        self._results = CachedAwaitable(
            self._probe_all, seconds=CACHE_SECONDS, monotonic=monotonic
        )  # fmt: skip

    async def answer(self) -> JSONResponse:
        """Answer 200 if all tables respond, else 503 with the status of each table."""
        results = await self._results.current()
        is_healthy = all(results.values())
        return JSONResponse(
            {
                "status": "ok" if is_healthy else "unavailable",
                "tables": {name: "ok" if ok else "no answer" for name, ok in results.items()},
            },
            status_code=200 if is_healthy else 503,
        )

    async def _probe_all(self) -> dict[str, bool]:
        results = await asyncio.gather(*(self._probe(name) for name in self._probes))
        return dict(zip(self._probes, results, strict=True))

    async def _probe(self, name: str) -> bool:
        try:
            async with asyncio.timeout(PROBE_SECONDS):
                await self._probes[name]()
        except Exception as error:  # noqa: BLE001 - any error means that the table did not respond
            log.event("unhealthy", table=name, error=type(error).__name__)
            return False
        return True
