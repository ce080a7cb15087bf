"""The webhook's connections to the store, and a server that does everything wrong."""

import asyncio
import socket
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any
from zlib import crc32

import pytest

from services.adapters.dynamodb.connection_pool import ConnectionPool, Endpoint
from services.adapters.dynamodb.http_connection import BrokenAnswerError
from tests.support.hostile_server import (
    HostileServer,
    Visit,
    answer,
    hostile_server,
    serve_politely,
)

SHORT = 0.1
"""Seconds of an attempt that is to take too long."""


def request(body: bytes) -> bytes:
    """As the signer writes it, as far as a server needs it."""
    return b"POST / HTTP/1.1\r\nhost: x\r\ncontent-length: %d\r\n\r\n%s" % (len(body), body)


@asynccontextmanager
async def pool_at(
    serve: Callable[[Visit], Any], **options: Any
) -> AsyncIterator[tuple[ConnectionPool, HostileServer]]:
    """A pool of connections to a server that behaves so."""
    async with hostile_server(serve) as server:
        pool = ConnectionPool(server.endpoint, **options)
        yield pool, server
        await pool.close()


def saying(*parts: bytes, hangs_up: bool = False) -> Callable[[Visit], Any]:
    """A server that says this to the first request, whatever it is."""

    async def serve(visit: Visit) -> None:
        await visit.request()
        for part in parts:
            visit.say(part)
            await visit.writer.drain()
        if hangs_up:
            visit.writer.close()

    return serve


async def test_a_connection_is_used_again() -> None:
    """Opening one takes several round trips."""
    async with pool_at(serve_politely) as (pool, server):
        answers = [await pool.send(request(b"%d" % n)) for n in range(3)]

    assert [one.body for one in answers] == [b"0", b"1", b"2"]
    assert len(server.visits) == 1


async def test_a_hundred_requests_at_once_share_the_connections() -> None:
    """No more than the limit, and each request gets its own answer."""
    async with pool_at(serve_politely, most_connections=7) as (pool, server):
        answers = await asyncio.gather(*(pool.send(request(b"%d" % n)) for n in range(100)))

    assert [one.body for one in answers] == [b"%d" % n for n in range(100)]
    assert len(server.visits) == 7


async def test_waiting_for_a_connection_is_part_of_the_attempt() -> None:
    """Else a store that hangs would hold every text."""
    async with pool_at(saying(), most_connections=1, attempt_seconds=SHORT) as (pool, server):
        first, second = await asyncio.gather(
            pool.send(request(b"1")), pool.send(request(b"2")), return_exceptions=True
        )

    assert isinstance(first, TimeoutError)
    assert isinstance(second, TimeoutError)
    assert server.requests == 1


async def test_the_end_of_a_request_is_that_of_its_attempt() -> None:
    """If it comes first: a later answer is none."""

    async def serve_late(visit: Visit) -> None:
        asked = await visit.request()
        await asyncio.sleep(3 * SHORT)
        visit.say(answer(asked))

    async with pool_at(serve_late, attempt_seconds=5) as (pool, _):
        until = asyncio.get_running_loop().time() + SHORT
        with pytest.raises(TimeoutError):
            await pool.send(request(b"{}"), until)


@pytest.mark.parametrize(
    "parts",
    [
        (b"",),
        (b"HTTP/1.1 200 OK\r\nContent-Le",),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n{}",),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n",),
        (b"HTTP/1.1 200 OK\r\n\r\n{}",),
    ],
    ids=["nothing", "half a head", "too short", "no last chunk", "no length"],
)
async def test_an_answer_that_is_cut_is_no_answer(parts: tuple[bytes, ...]) -> None:
    """Whether the request was carried out is not known."""
    async with pool_at(saying(*parts, hangs_up=True)) as (pool, server):
        with pytest.raises(BrokenAnswerError):
            await pool.send(request(b"{}"))

    assert server.requests == 1


@pytest.mark.parametrize(
    "said",
    [
        b"SSH-2.0-OpenSSH_9.6\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n{}",
        b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: h2c\r\nConnection: Upgrade\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nX-Amz-Crc32: 1\r\n\r\n{}",
    ],
    ids=["another protocol", "negative length", "two lengths", "upgrade", "wrong checksum"],
)
async def test_an_answer_that_is_malformed_is_no_answer(said: bytes) -> None:
    """And the connection is closed."""
    async with pool_at(saying(said)) as (pool, server):
        with pytest.raises(BrokenAnswerError):
            await pool.send(request(b"{}"))
        await server.visits[0].ended()


@pytest.mark.parametrize(
    "parts",
    [
        (b"HTTP/1.1 200 OK\r\nX-Amz-Crc32: %d\r\nContent-Length: 2\r\n\r\n{}" % crc32(b"{}"),),
        (b"HTTP/1.1 100 Continue\r\n\r\n", answer()),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\n{\r\n1\r\n}\r\n0\r\n\r\n",),
        tuple(b"%c" % byte for byte in answer()),
    ],
    ids=["with a checksum", "after a 100", "in chunks", "byte by byte"],
)
async def test_an_answer_may_come_in_many_ways(parts: tuple[bytes, ...]) -> None:
    """As HTTP/1.1 allows."""
    async with pool_at(saying(*parts)) as (pool, _):
        found = await pool.send(request(b"{}"))

    assert (found.status, found.body) == (200, b"{}")


async def test_the_largest_answer_of_dynamodb_is_read() -> None:
    """1 MB."""
    largest = b"x" * 1_048_576
    async with pool_at(saying(answer(largest))) as (pool, _):
        found = await pool.send(request(b"{}"))

    assert found.body == largest


@pytest.mark.parametrize(
    "said",
    [answer(b"x" * 5_000), b"HTTP/1.1 200 OK\r\n" + b"X-Header: x\r\n" * 500],
    ids=["body", "head"],
)
async def test_a_larger_answer_is_not_read_to_its_end(said: bytes) -> None:
    """It would fill the memory."""
    async with pool_at(saying(said), most_bytes=4_000) as (pool, server):
        with pytest.raises(BrokenAnswerError, match="over 4000 bytes"):
            await pool.send(request(b"{}"))
        await server.visits[0].ended()


async def test_an_answer_that_drips_ends_with_its_attempt() -> None:
    """A byte now and then is no sign of an answer."""

    async def drip(visit: Visit) -> None:
        await visit.request()
        for byte in answer(b"x" * 1_000):
            visit.say(b"%c" % byte)
            await visit.writer.drain()
            await asyncio.sleep(0.01)

    async with pool_at(drip, attempt_seconds=SHORT) as (pool, server):
        with pytest.raises(TimeoutError):
            await pool.send(request(b"{}"))
        await server.visits[0].ended()


async def test_a_cancelled_request_leaves_no_half_answer_behind() -> None:
    """Its connection is closed: the next request would read the rest as its answer."""
    has_begun = asyncio.Event()

    async def serve(visit: Visit) -> None:
        asked = await visit.request()
        if visit.number == 0:
            visit.say(answer(b"for somebody else")[:-5])
            has_begun.set()
            await visit.reader.read()
        visit.say(answer(asked))

    async with pool_at(serve, most_connections=1) as (pool, server):
        cancelled = asyncio.ensure_future(pool.send(request(b"first")))
        await has_begun.wait()
        cancelled.cancel()
        found = await pool.send(request(b"second"))
        await server.visits[0].ended()

    assert cancelled.cancelled()
    assert found.body == b"second"
    assert len(server.visits) == 2


async def test_a_connection_that_the_server_gave_up_is_replaced() -> None:
    """It was closed while nothing was in flight, at the very moment of the next request."""

    async def serve(visit: Visit) -> None:
        if visit.number:
            await serve_politely(visit)
        visit.say(answer(await visit.request()))
        await visit.request()
        visit.hang_up()

    async with pool_at(serve) as (pool, server):
        answers = [await pool.send(request(body)) for body in (b"1", b"2")]

    assert [one.body for one in answers] == [b"1", b"2"]
    assert [visit.asked for visit in server.visits] == [[b"1", b"2"], [b"2"]]


async def test_a_connection_that_breaks_during_an_answer_is_a_failure() -> None:
    """The pool does not ask again: whoever asked decides."""

    async def serve(visit: Visit) -> None:
        visit.say(answer(await visit.request()))
        await visit.request()
        visit.say(answer(b"half")[:-2])
        visit.writer.close()

    async with pool_at(serve) as (pool, server):
        await pool.send(request(b"1"))
        with pytest.raises(BrokenAnswerError):
            await pool.send(request(b"2"))

    assert server.requests == 2


@pytest.mark.parametrize(
    "said",
    [
        answer() + answer(b"unasked"),
        answer() + b"x",
        b"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 2\r\n\r\n{}",
        b"HTTP/1.0 200 OK\r\nContent-Length: 2\r\n\r\n{}",
    ],
    ids=["two answers", "a byte too many", "connection: close", "HTTP/1.0"],
)
async def test_a_connection_is_not_used_again_after(said: bytes) -> None:
    """What is left over would be the next request's answer."""

    async def serve(visit: Visit) -> None:
        asked = await visit.request()
        visit.say(answer(asked) if visit.number else said)

    async with pool_at(serve) as (pool, server):
        answers = [await pool.send(request(body)) for body in (b"1", b"2")]

    assert [one.body for one in answers] == [b"{}", b"2"]
    assert len(server.visits) == 2


async def test_what_comes_unasked_closes_the_connection() -> None:
    """It is not the next request's answer."""
    unasked = asyncio.Event()

    async def serve(visit: Visit) -> None:
        visit.say(answer(await visit.request()))
        if not visit.number:
            await unasked.wait()
            visit.say(answer(b"unasked"))

    async with pool_at(serve) as (pool, server):
        await pool.send(request(b"1"))
        unasked.set()
        await server.visits[0].ended()
        found = await pool.send(request(b"2"))

    assert found.body == b"2"


async def test_a_connection_that_was_idle_for_long_is_not_used() -> None:
    """The server, or a firewall on the way, may have forgotten it."""
    async with pool_at(serve_politely, idle_seconds=-1) as (pool, server):
        for _ in range(2):
            await pool.send(request(b"{}"))
        await server.visits[0].ended()

    assert len(server.visits) == 2


async def test_a_closed_pool_opens_new_connections() -> None:
    """Closing twice, or before any request, does nothing."""
    async with pool_at(serve_politely) as (pool, server):
        await pool.close()
        await pool.send(request(b"1"))
        await pool.close()
        await pool.close()
        await server.visits[0].ended()
        await pool.send(request(b"2"))

    assert len(server.visits) == 2


async def test_a_host_without_an_address_is_an_outage(monkeypatch: pytest.MonkeyPatch) -> None:
    """As every other network's failure."""

    def unknown(*_: Any, **__: Any) -> None:
        raise socket.gaierror(socket.EAI_NONAME, "unknown")

    monkeypatch.setattr(socket, "getaddrinfo", unknown)
    with pytest.raises(OSError, match="unknown"):
        await ConnectionPool(Endpoint.of("http://store.example.com")).send(request(b"{}"))
