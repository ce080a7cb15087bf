"""CPU that one put costs by each of several HTTP clients: `python -m tests.bench.transports`.

Every client sends what `RequestSigner` writes, 16 puts at once, to a store on loopback that
answers at once. The rounds are interleaved, and the fastest of each counts: a busy machine only
ever adds to them. A client that is not installed is left out; all but the first two are no
dependencies of the project.
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from importlib import import_module
from time import process_time
from typing import Any, Final

import uvloop

from services.adapters.dynamodb.async_client import AsyncClient, StaticKey, async_client
from services.adapters.dynamodb.connection_pool import ConnectionPool, Endpoint
from services.adapters.dynamodb.http_connection import Answer
from services.adapters.dynamodb.request_signer import Key
from tests.bench.load import stub_store

PUTS: Final = 2_000
ROUNDS: Final = 7
AT_ONCE: Final = 16
ITEM: Final = {
    "pk": {"S": "colors:1#3"}, "sk": {"S": "0" * 32}, "picks": {"M": {"RED": {"N": "1"}}},
    "n": {"N": "1"}, "sids": {"S": "S" + "0" * 22}, "trail": {"S": "0"}, "times": {"S": "0000"},
    "board": {"S": "open#colors"}, "round": {"N": "1"}, "cast_at": {"N": "1700000000000"},
    "changed_at": {"N": "1700000000000"}, "writes": {"N": "1"},
}  # fmt: skip
PUT: Final = {
    "TableName": "Votes", "Item": ITEM, "ConditionExpression": "attribute_not_exists(pk)",
}  # fmt: skip

Send = Callable[[bytes, float], Awaitable[Answer]]


def _split(request: bytes) -> tuple[dict[str, str], bytes]:
    """Headers and body, for clients that write requests themselves."""
    head, body = request.split(b"\r\n\r\n", 1)
    lines = head.decode().split("\r\n")[1:]
    headers = dict(line.split(": ", 1) for line in lines)
    return {name: headers[name] for name in headers if name != "content-length"}, body


async def _ours(port: int) -> Send:
    return ConnectionPool(Endpoint.of(f"http://127.0.0.1:{port}")).send


async def _aiohttp(port: int) -> Send:
    session: Any = import_module("aiohttp").ClientSession()

    async def send(request: bytes, until: float) -> Answer:  # noqa: ARG001
        headers, body = _split(request)
        url = f"http://127.0.0.1:{port}/"
        async with session.post(url, headers=headers, data=body) as response:
            return Answer(response.status, await response.read())

    return send


async def _niquests(port: int) -> Send:
    session: Any = import_module("niquests").AsyncSession(pool_maxsize=AT_ONCE)

    async def send(request: bytes, until: float) -> Answer:  # noqa: ARG001
        headers, body = _split(request)
        response = await session.post(f"http://127.0.0.1:{port}/", headers=headers, data=body)
        return Answer(response.status_code, response.content)

    return send


async def _pyreqwest(port: int) -> Send:
    client: Any = import_module("pyreqwest.client").ClientBuilder().build()

    async def send(request: bytes, until: float) -> Answer:  # noqa: ARG001
        headers, body = _split(request)
        asked = client.post(f"http://127.0.0.1:{port}/").headers(headers).body_bytes(body)
        response = await asked.build().send()
        return Answer(response.status, bytes(await response.bytes()))

    return send


async def _awscrt(port: int) -> Send:
    """It has no pool in Python; a list of connections is one for this purpose."""
    http: Any = import_module("awscrt.http")
    connect: Any = import_module("awscrt.aio.http").AIOHttpClientConnection.new
    idle = [await connect("127.0.0.1", port) for _ in range(AT_ONCE)]

    async def send(request: bytes, until: float) -> Answer:  # noqa: ARG001
        headers, body = _split(request)
        pairs = [*headers.items(), ("content-length", str(len(body)))]
        stream_of: Any = import_module("io").BytesIO
        asked = http.HttpRequest("POST", "/", http.HttpHeaders(pairs), stream_of(body))
        connection = idle.pop()
        stream = connection.request(asked)
        status, found = await stream.get_response_status_code(), b""
        while chunk := await stream.get_next_response_chunk():
            found += chunk
        idle.append(connection)
        return Answer(status, found)

    return send


CLIENTS: Final[Mapping[str, Callable[[int], Awaitable[Send]]]] = {
    "asyncio protocol on httptools": _ours,
    "aiohttp": _aiohttp,
    "niquests": _niquests,
    "pyreqwest": _pyreqwest,
    "awscrt": _awscrt,
}


async def measure(port: int) -> dict[str, float]:
    """Microseconds of this process's CPU for one put, by client."""
    clients = {}
    for name, make in CLIENTS.items():
        with suppress(ImportError):
            environ = {"AWS_ENDPOINT_URL": f"http://127.0.0.1:{port}"}
            clients[name] = async_client(environ, await make(port), StaticKey(Key("a", "b")))
    fastest = dict.fromkeys(clients, float("inf"))
    for _ in range(ROUNDS):
        for name, client in clients.items():
            fastest[name] = min(fastest[name], await _cpu_us(client))
    return fastest


async def _cpu_us(client: AsyncClient) -> float:
    async def put_some() -> None:
        for _ in range(PUTS // AT_ONCE):
            await client.send_request(action="PutItem", payload=PUT)

    started = process_time()
    await asyncio.gather(*(put_some() for _ in range(AT_ONCE)))
    return (process_time() - started) / PUTS * 1e6


def main() -> None:
    """Print a row for each client, and its ratio to the first."""
    with stub_store() as port:
        found = uvloop.run(measure(port))
    ours = found["asyncio protocol on httptools"]
    for name, each in found.items():
        print(f"{name:32} {each:6.0f} µs {each / ours:6.2f}")


if __name__ == "__main__":
    main()
