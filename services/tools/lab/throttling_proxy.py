"""A proxy in front of the emulator that throttles one table's writes as DynamoDB does.

All other requests and responses pass through unchanged. While the plug is pulled, none does.
"""

import asyncio
import json
import uuid
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any, Final
from zlib import crc32

import aiohttp
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from services.adapters.dynamodb.ballot_items import item_bytes
from services.tools.lab.token_bucket import Throttle, write_units

OK: Final = 200
SILENCE_SECONDS: Final = 1.5
"""How long a request waits for nothing while the plug is pulled; the webhook's client gives up an
attempt after 1 s."""
_PREFIX: Final = "DynamoDB_20120810."
_WRITES: Final = {"PutItem": "Item", "UpdateItem": "Key", "DeleteItem": "Key"}
"""Throttled actions, and the parameter with the partition key. A put costs units by its size;
the others cost one unit, because the size of the item is not known."""
_HOP_BY_HOP: Final = {"connection", "content-length", "transfer-encoding", "content-encoding"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Write:
    """A write to the throttled table; `stored` is false if it was throttled."""

    key: str
    partition: int
    stored: bool
    item: Mapping[str, Any]


def refusal(table_arn: str) -> Response:
    """Return DynamoDB's response to a throttled write.

    API Reference, "ProvisionedThroughputExceededException", "ThrottlingReason"; Developer
    Guide, "DynamoDB low-level API": the checksum is of the body.
    """
    body = json.dumps(
        {
            "__type": "com.amazonaws.dynamodb.v20120810#ProvisionedThroughputExceededException",
            "message": "The level of configured provisioned throughput for the table was "
            "exceeded. Consider increasing your provisioning level with the UpdateTable API.",
            "ThrottlingReasons": [
                {"reason": "TableWriteKeyRangeThroughputExceeded", "resource": table_arn}
            ],
        }
    ).encode()
    headers = {
        "Content-Type": "application/x-amz-json-1.0",
        "x-amzn-RequestId": uuid.uuid4().hex.upper(),
        "x-amz-crc32": str(crc32(body)),
    }
    return Response(body, status_code=400, headers=headers)


def create_throttling_proxy(
    endpoint: str,
    table: str,
    throttle: Throttle,
    on_write: Callable[[Write], None],
    *,
    is_cut: Callable[[], bool] = lambda: False,
) -> Starlette:
    """Create a proxy for `endpoint` that throttles the writes to one table.

    While `is_cut()`, it forwards nothing, and answers as a broken gateway after a silence.

    Calls `on_write` for every write that was stored or throttled, but not for one that failed
    otherwise, for example by its condition.
    """
    arn = f"arn:aws:dynamodb:us-east-1:000000000000:table/{table}"

    @asynccontextmanager
    async def lifespan(_: Starlette) -> AsyncIterator[dict[str, aiohttp.ClientSession]]:
        async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0)) as http:
            yield {"http": http}

    async def forward(request: Request, body: bytes) -> Response:
        http: aiohttp.ClientSession = request.state.http
        url, headers = f"{endpoint}{request.url.path}", dict(request.headers)
        try:
            async with http.request(request.method, url, data=body, headers=headers) as response:
                kept = {k: v for k, v in response.headers.items() if k.lower() not in _HOP_BY_HOP}
                return Response(await response.read(), response.status, headers=kept)
        except aiohttp.ClientError:  # the emulator was stopped or has crashed
            return Response(status_code=503)

    async def handle(request: Request) -> Response:
        body = await request.body()
        if is_cut():
            await asyncio.sleep(SILENCE_SECONDS)
            return Response(status_code=503)
        action = request.headers.get("x-amz-target", "").removeprefix(_PREFIX)
        call = json.loads(body) if action in _WRITES else {}
        if call.get("TableName") != table:
            return await forward(request, body)
        item = call[_WRITES[action]]
        key = item["pk"]["S"]
        units = write_units(item_bytes(item) if action == "PutItem" else 0)
        partition, admitted = throttle.admit(key, units)
        response = await forward(request, body) if admitted else refusal(arn)
        if response.status_code == OK or not admitted:
            on_write(Write(key=key, partition=partition, stored=admitted, item=item))
        return response

    return Starlette(
        routes=[Route("/{path:path}", handle, methods=["GET", "POST"])], lifespan=lifespan
    )
