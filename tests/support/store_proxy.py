"""A proxy in front of the emulator that is a store with a fault."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from enum import StrEnum

import aiohttp
from aiohttp import web

from services.tools.lab.throttling_proxy import refusal
from services.tools.local.aws import LocalAws


class Fault(StrEnum):
    """What the store does with requests for a table."""

    THROTTLED = "throttled"
    UNREACHABLE = "unreachable"
    """Connections break before the request is read."""
    ANSWERS_LOST = "answers lost"
    """Requests are carried out, and connections break before the answer."""


@dataclass(slots=True, kw_only=True)
class StoreProxy:
    """Passes requests on, except for one table while it has a fault."""

    url: str
    table: str = ""
    fault: Fault | None = None
    faults: int = 0
    """Requests that met the fault."""
    http: aiohttp.ClientSession
    endpoint: str

    async def answer(self, request: web.Request) -> web.Response:
        """Answer one request, or break its connection."""
        body = await request.read()
        fault = self.fault if f'"{self.table}"'.encode() in body else None
        self.faults += fault is not None
        if fault is Fault.THROTTLED:
            throttled = refusal(self.table)
            headers = dict(throttled.headers.items())
            return web.Response(body=throttled.body, status=400, headers=headers)
        if fault is not Fault.UNREACHABLE:
            async with self.http.post(
                f"{self.endpoint}{request.path}", data=body, headers=request.headers
            ) as response:
                answer = web.Response(
                    body=await response.read(),
                    status=response.status,
                    headers={"Content-Type": response.headers["Content-Type"]},
                )
        if fault is None:
            return answer
        if request.transport is not None:
            request.transport.abort()
        return web.Response(status=500)


@asynccontextmanager
async def store_proxy(aws: LocalAws) -> AsyncIterator[StoreProxy]:
    """Serve a proxy on a free port of loopback."""
    async with aiohttp.ClientSession() as http:
        proxy, app = StoreProxy(url="", http=http, endpoint=aws.endpoint), web.Application()
        app.router.add_post("/{path:.*}", proxy.answer)
        runner = web.AppRunner(app, shutdown_timeout=0.1)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        proxy.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
        yield proxy
        await runner.cleanup()
