"""A store that costs next to nothing: answers every request as DynamoDB answers a put.

Run as a program, it prints the port it listens on, on loopback, and serves until ended.
"""

import asyncio

_ANSWER = (
    b"HTTP/1.1 200 OK\r\nContent-Type: application/x-amz-json-1.0\r\n"
    b"x-amzn-RequestId: stub\r\nContent-Length: 2\r\nConnection: keep-alive\r\n\r\n{}"
)


class StubStore(asyncio.Protocol):
    """Counts off whole requests and answers each."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Keep the connection."""
        self._transport = transport
        self._pending = b""

    def data_received(self, data: bytes) -> None:
        """Answer every request that is complete."""
        self._pending += data
        while (head := self._pending.find(b"\r\n\r\n")) >= 0:
            lines = self._pending[:head].lower().split(b"\r\n")
            lengths = [line.split(b":")[1] for line in lines if line.startswith(b"content-length:")]
            end = head + 4 + int(lengths[0] if lengths else 0)
            if len(self._pending) < end:
                return
            self._pending = self._pending[end:]
            assert isinstance(self._transport, asyncio.Transport)
            self._transport.write(_ANSWER)


async def serve() -> None:
    """Listen on a free port and say which."""
    loop = asyncio.get_running_loop()
    server = await loop.create_server(StubStore, "127.0.0.1", 0)
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(serve())
