"""An ASGI application, called without a client: malformed requests pass through as they are."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

Headers = Sequence[tuple[bytes, bytes]]

FORM_TYPE = (b"content-type", b"application/x-www-form-urlencoded; charset=UTF-8")
HOST = (b"host", b"votes.example.com")


@dataclass
class Exchange:
    """One request and what came of it: chunks that were read, status and body of the answer.

    A request whose chunks end with None is one whose sender has hung up.
    """

    chunks: Sequence[bytes | None] = (b"",)
    read: int = 0
    status: int = 0
    body: bytes = b""
    headers: dict[bytes, bytes] = field(default_factory=dict)

    async def receive(self) -> dict[str, Any]:
        """The next chunk."""
        chunk = self.chunks[self.read]
        self.read += 1
        if chunk is None:
            return {"type": "http.disconnect"}
        more = self.read < len(self.chunks)
        return {"type": "http.request", "body": chunk, "more_body": more}

    async def send(self, message: Any) -> None:
        """Keep the answer."""
        if message["type"] == "http.response.start":
            self.status, self.headers = message["status"], dict(message["headers"])
        else:
            self.body += message.get("body", b"")


def http_scope(headers: Headers, *, query: bytes = b"", **changes: Any) -> dict[str, Any]:
    """The scope of a POST to `/sms`, or with these changes another."""
    return {
        "type": "http", "asgi": {"version": "3.0"}, "http_version": "1.1", "method": "POST",
        "scheme": "http", "path": "/sms", "raw_path": b"/sms", "root_path": "",
        "query_string": query, "headers": list(headers), "client": ("127.0.0.1", 1),
        "server": ("testserver", 80),
    } | changes  # fmt: skip


async def call(app: Any, scope: dict[str, Any], *chunks: bytes | None) -> Exchange:
    """Call the application; what it raises is raised here."""
    exchange = Exchange(chunks=chunks or (b"",))
    await app(scope, exchange.receive, exchange.send)
    return exchange
