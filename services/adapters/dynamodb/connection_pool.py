"""Connections to one endpoint: they are opened as needed, limited in number, and used again."""

import asyncio
import ssl
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache, partial
from math import inf
from typing import Final, Self
from urllib.parse import urlsplit

from services.adapters.dynamodb.http_connection import (
    MOST_BYTES,
    Answer,
    HttpConnection,
    StaleConnectionError,
)

ATTEMPT_SECONDS: Final = 1
"""Timeout of one attempt, from the wait for a connection to the last byte of the answer."""

MOST_CONNECTIONS: Final = 100

IDLE_SECONDS: Final = 15
"""A connection that was idle for longer is closed: the server may have given it up."""

_PORTS: Final = {"http": 80, "https": 443}


@dataclass(frozen=True, slots=True, kw_only=True)
class Endpoint:
    """Where the store is. `authority` is its host, with the port unless it is the scheme's."""

    scheme: str
    host: str
    port: int
    path: str

    @classmethod
    def of(cls, url: str) -> Self:
        """Read a URL. Raises: ValueError if it is neither `http` nor `https`, or has no host."""
        parts = urlsplit(url)
        if parts.scheme not in _PORTS or not parts.hostname:
            raise ValueError(f"{url!r} is no endpoint: write it as https://dynamodb.example.com")
        port = parts.port or _PORTS[parts.scheme]
        return cls(
            scheme=parts.scheme, host=parts.hostname, port=port, path=parts.path or "/"
        )  # fmt: skip

    @property
    def authority(self) -> str:
        """Return what the Host header says."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port == _PORTS[self.scheme] else f"{host}:{self.port}"


@cache
def tls_context() -> ssl.SSLContext:
    """Verify certificates and host names, by the system's authorities."""
    context = ssl.create_default_context()
    context.set_alpn_protocols(["http/1.1"])
    return context


class ConnectionPool:
    """Sends requests, each by a connection that has no other one in flight."""

    def __init__(
        self,
        endpoint: Endpoint,
        *,
        attempt_seconds: float = ATTEMPT_SECONDS,
        most_connections: int = MOST_CONNECTIONS,
        idle_seconds: float = IDLE_SECONDS,
        most_bytes: int = MOST_BYTES,
        tls: Callable[[], ssl.SSLContext] = tls_context,
    ) -> None:
        self._endpoint = endpoint
        self._attempt_seconds = attempt_seconds
        self._most_connections = most_connections
        self._idle_seconds = idle_seconds
        self._new_connection = partial(HttpConnection, most_bytes=most_bytes)
        self._tls = tls
        self._idle: list[HttpConnection] = []
        """The one used last is the last, and the next to be used."""
        self._free = asyncio.Semaphore(most_connections)

    async def send(self, request: bytes, until: float = inf) -> Answer:
        """Send a request and return its answer: one attempt, until a time of the loop's clock.

        If a connection turns out to have been closed while it was idle, a new one is opened.

        Raises:
            TimeoutError: the attempt took too long.
            OSError: no connection, or none that lasted; the request may have been carried out.
        """
        now = asyncio.get_running_loop().time()
        until = min(until, now + self._attempt_seconds)
        free = self._free
        if free.locked():
            async with asyncio.timeout_at(until):
                await free.acquire()
        else:
            await free.acquire()
        try:
            connection = self._take_idle(now) or await self._open(until)
            try:
                return await self._use(connection, request, until)
            except StaleConnectionError:
                self._close_idle()  # the server may have closed the others as well
                return await self._use(await self._open(until), request, until)
        finally:
            free.release()

    async def close(self) -> None:
        """Close the idle connections; the next request opens a new one."""
        self._close_idle()
        self._free = asyncio.Semaphore(self._most_connections)

    async def _use(self, connection: HttpConnection, request: bytes, until: float) -> Answer:
        answer = await connection.send(request, until=until)
        if connection.is_idle:
            connection.idle_since = asyncio.get_running_loop().time()
            self._idle.append(connection)
        return answer

    def _take_idle(self, now: float) -> HttpConnection | None:
        while self._idle:
            connection = self._idle.pop()
            if connection.is_idle and connection.idle_since >= now - self._idle_seconds:
                return connection
            connection.close()
        return None

    async def _open(self, until: float) -> HttpConnection:
        loop, endpoint = asyncio.get_running_loop(), self._endpoint
        tls = self._tls() if endpoint.scheme == "https" else None
        async with asyncio.timeout_at(until):
            _, connection = await loop.create_connection(
                self._new_connection, endpoint.host, endpoint.port, ssl=tls
            )
        return connection

    def _close_idle(self) -> None:
        while self._idle:
            self._idle.pop().close()
