"""A server on loopback that treats a client as a test tells it to."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from ssl import SSLContext

from services.adapters.dynamodb.connection_pool import Endpoint

OK = b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%s"


def answer(body: bytes = b"{}") -> bytes:
    """A whole answer."""
    return OK % (len(body), body)


@dataclass
class Visit:
    """One connection of a client, and what it has asked for so far."""

    number: int
    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter
    asked: list[bytes] = field(default_factory=list)
    is_over: asyncio.Event = field(default_factory=asyncio.Event)
    """The client has closed the connection."""

    async def request(self) -> bytes:
        """Read the next request; return its body. Raises: IncompleteReadError at the end."""
        head = (await self.reader.readuntil(b"\r\n\r\n")).lower()
        length = int(head.split(b"content-length: ")[1].split(b"\r\n")[0])
        self.asked.append(await self.reader.readexactly(length))
        return self.asked[-1]

    async def ended(self) -> None:
        """Wait for the client to close the connection. Raises: TimeoutError if it does not."""
        await asyncio.wait_for(self.is_over.wait(), 2)

    def say(self, *parts: bytes) -> None:
        """Send parts of an answer."""
        self.writer.write(b"".join(parts))

    def hang_up(self) -> None:
        """Reset the connection."""
        self.writer.transport.abort()


@dataclass
class HostileServer:
    """Serves each connection by `serve`, and keeps it in `visits`."""

    serve: Callable[[Visit], Awaitable[None]]
    visits: list[Visit] = field(default_factory=list)
    url: str = ""

    @property
    def endpoint(self) -> Endpoint:
        """Where it is."""
        return Endpoint.of(self.url)

    @property
    def requests(self) -> int:
        """How many there were."""
        return sum(len(visit.asked) for visit in self.visits)

    async def visited(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Serve one connection until the client closes it."""
        visit = Visit(len(self.visits), reader, writer)
        self.visits.append(visit)
        try:
            await self.serve(visit)
            await reader.read()
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            visit.is_over.set()
            writer.transport.abort()


@asynccontextmanager
async def hostile_server(
    serve: Callable[[Visit], Awaitable[None]], *, tls: SSLContext | None = None
) -> AsyncIterator[HostileServer]:
    """Listen on a free port of loopback."""
    hostile = HostileServer(serve)
    server = await asyncio.start_server(hostile.visited, "127.0.0.1", 0, ssl=tls)
    scheme = "https" if tls else "http"
    hostile.url = f"{scheme}://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    try:
        yield hostile
    finally:
        server.close()
        for visit in hostile.visits:
            visit.hang_up()


async def serve_politely(visit: Visit) -> None:
    """Answer every request with its own body."""
    while True:
        visit.say(answer(await visit.request()))
