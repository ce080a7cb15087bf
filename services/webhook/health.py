"""Whether the tables answer, asked seldom however often `/health` is called."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping

from starlette.responses import JSONResponse

from services.adapters.ttl_cache import CachedAwaitable
from services.webhook import log

Probe = Callable[[], Awaitable[object]]

PROBE_SECONDS = 3

HELD_SECONDS = 5
"""A load balancer, a doctor and a stranger in a loop cost one probe of each table in this time."""


class Health:
    """The answer to `/health`, from a result at most `HELD_SECONDS` old, good or bad."""

    def __init__(self, probes: Mapping[str, Probe], *, monotonic: Callable[[], float]) -> None:
        self._probes = probes
        self._verdicts = CachedAwaitable(
            self._probe_all, seconds=HELD_SECONDS, monotonic=monotonic
        )  # fmt: skip

    async def answer(self) -> JSONResponse:
        """200 if all tables answer, else 503 naming those that do not."""
        verdicts = await self._verdicts.current()
        well = all(verdicts.values())
        return JSONResponse(
            {
                "status": "ok" if well else "unavailable",
                "tables": {name: "ok" if ok else "no answer" for name, ok in verdicts.items()},
            },
            status_code=200 if well else 503,
        )

    async def _probe_all(self) -> dict[str, bool]:
        verdicts = await asyncio.gather(*(self._probe(name) for name in self._probes))
        return dict(zip(self._probes, verdicts, strict=True))

    async def _probe(self, name: str) -> bool:
        try:
            async with asyncio.timeout(PROBE_SECONDS):
                await self._probes[name]()
        except Exception as error:  # noqa: BLE001 - whatever it is, the table did not answer
            log.event("unhealthy", table=name, error=type(error).__name__)
            return False
        return True
