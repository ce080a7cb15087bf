"""One HTTP/1.1 connection to the store, which carries one request at a time."""

import asyncio
from dataclasses import dataclass
from typing import Final, cast
from zlib import crc32

from httptools import HttpParserError, HttpParserUpgrade, HttpResponseParser

MOST_BYTES: Final = 1_200_000
"""Maximum size of an answer with its headers: DynamoDB's largest is 1 MB."""

_FIRST_FINAL_STATUS: Final = 200


class BrokenAnswerError(ConnectionError):
    """An answer was cut, malformed, damaged or too large. The request may have been carried out."""


class StaleConnectionError(ConnectionError):
    """A connection that was used before was closed, and nothing of an answer came."""


@dataclass(frozen=True, slots=True)
class Answer:
    """A complete answer: its length and its checksum, if it has one, are right."""

    status: int
    body: bytes


class HttpConnection(asyncio.Protocol):
    """Sends a request and reads its answer; then another one, if `is_idle`."""

    def __init__(self, *, most_bytes: int = MOST_BYTES) -> None:
        self._loop = asyncio.get_running_loop()
        self._most_bytes = most_bytes
        self._parser = HttpResponseParser(self)
        self._transport: asyncio.Transport | None = None
        self._waiting: asyncio.Future[Answer] | None = None
        """The answer of the request in flight; None between requests."""
        self._body: list[bytes] = []
        self._checksum: bytes | None = None
        self._received = 0
        """Bytes of the answer, with its headers."""
        self._was_used = False
        self.idle_since = 0.0
        """By the event loop's clock."""

    @property
    def is_idle(self) -> bool:
        """Whether it is open and has no request in flight."""
        transport = self._transport
        return self._waiting is None and transport is not None and not transport.is_closing()

    async def send(self, request: bytes, *, until: float) -> Answer:
        """Send one request and return its answer. `until` is a time of the event loop's clock.

        Whoever stops waiting leaves a closed connection, never one with half an answer.

        Raises:
            TimeoutError: the answer was not complete by then.
            ConnectionError: `StaleConnectionError`, `BrokenAnswerError`, or that of the system.
        """
        assert self._transport is not None  # noqa: S101 - it is connected
        self._waiting, self._received = self._loop.create_future(), 0
        timer = self._loop.call_at(until, self._time_out)
        self._transport.write(request)
        try:
            return await self._waiting
        finally:
            timer.cancel()
            if self._waiting is not None:
                self.close()

    def close(self) -> None:
        """Close at once, without waiting for anything that is in flight."""
        if self._transport is not None:
            self._transport.abort()

    # --- what the event loop calls ------------------------------------------------------

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Keep the transport."""
        self._transport = cast("asyncio.Transport", transport)  # uvloop's is none by its class

    def connection_lost(self, exc: Exception | None) -> None:
        """Fail the request in flight."""
        if self._was_used and not self._received:
            self._fail(StaleConnectionError("closed while it was idle"))
        else:
            self._fail(BrokenAnswerError(f"closed before the answer was complete: {exc}"))

    def data_received(self, data: bytes) -> None:
        """Parse a part of the answer; what comes unasked closes the connection."""
        self._received += len(data)
        if self._waiting is None:
            self.close()
        elif self._received > self._most_bytes:
            self._fail(BrokenAnswerError(f"over {self._most_bytes} bytes"))
        else:
            try:
                self._parser.feed_data(data)
            except (HttpParserError, HttpParserUpgrade) as error:
                self._fail(BrokenAnswerError(f"not HTTP: {type(error).__name__}"))

    # --- what the parser calls ----------------------------------------------------------

    def on_message_begin(self) -> None:
        """Begin an answer; a second one to the same request closes the connection."""
        self._body, self._checksum = [], None
        if self._waiting is None:
            self.close()

    def on_header(self, name: bytes, value: bytes) -> None:
        """Keep the checksum."""
        if name.lower() == b"x-amz-crc32":
            self._checksum = value

    def on_body(self, body: bytes) -> None:
        """Keep a part of the body."""
        self._body.append(body)

    def on_message_complete(self) -> None:
        """Give the answer to whoever waits for it."""
        status: int = self._parser.get_status_code()
        waiting = self._waiting
        if status < _FIRST_FINAL_STATUS or waiting is None or waiting.done():
            return
        body = b"".join(self._body)
        if self._checksum is not None and self._checksum != b"%d" % crc32(body):
            self._fail(BrokenAnswerError("its checksum is wrong"))
            return
        self._waiting, self._was_used = None, True
        waiting.set_result(Answer(status, body))
        if not self._parser.should_keep_alive():
            self.close()

    def _time_out(self) -> None:
        self._fail(TimeoutError("no complete answer in time"))

    def _fail(self, error: Exception) -> None:
        """Fail the request in flight; it stays in flight, so that nobody uses the connection."""
        if self._waiting is not None and not self._waiting.done():
            self._waiting.set_exception(error)
        self.close()
