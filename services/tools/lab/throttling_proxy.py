"""Stands in front of the local store and throttles one table's writes as DynamoDB does.

Whatever else comes is passed to the emulator as it is, and so is its answer: what the
client then does is what the client does.
"""

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
_PREFIX: Final = "DynamoDB_20120810."
_WRITES: Final = {"PutItem": "Item", "UpdateItem": "Key", "DeleteItem": "Key"}
"""Actions that are throttled, and where each names its partition key. Only of a put is the
item's size known here; the others count as one unit."""
_HOP_BY_HOP: Final = {"connection", "content-length", "transfer-encoding", "content-encoding"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Write:
    """A write to the throttled table, answered. `item` is in DynamoDB's notation."""

    key: str
    partition: int
    stored: bool
    item: Mapping[str, Any]


def refusal(table_arn: str) -> Response:
    """What DynamoDB answers to a write that a partition cannot take.

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


def throttled(
    endpoint: str, table: str, throttle: Throttle, on_write: Callable[[Write], None]
) -> Starlette:
    """The store as an application: `endpoint` behind a throttle on one table.

    `on_write` is told of every write that was stored or throttled; of one that failed for
    another reason, as by its condition, it is not.
    """
    arn = f"arn:aws:dynamodb:us-east-1:000000000000:table/{table}"

    @asynccontextmanager
    async def lifespan(_: Starlette) -> AsyncIterator[dict[str, aiohttp.ClientSession]]:
        async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0)) as http:
            yield {"http": http}

    async def passed(request: Request, body: bytes) -> Response:
        http: aiohttp.ClientSession = request.state.http
        url, headers = f"{endpoint}{request.url.path}", dict(request.headers)
        try:
            async with http.request(request.method, url, data=body, headers=headers) as answer:
                kept = {k: v for k, v in answer.headers.items() if k.lower() not in _HOP_BY_HOP}
                return Response(await answer.read(), answer.status, headers=kept)
        except aiohttp.ClientError:  # the emulator is being stopped, or has died
            return Response(status_code=503)

    async def answered(request: Request) -> Response:
        body = await request.body()
        action = request.headers.get("x-amz-target", "").removeprefix(_PREFIX)
        call = json.loads(body) if action in _WRITES else {}
        if call.get("TableName") != table:
            return await passed(request, body)
        item = call[_WRITES[action]]
        key = item["pk"]["S"]
        units = write_units(item_bytes(item) if action == "PutItem" else 0)
        verdict = throttle.admit(key, units)
        response = await passed(request, body) if verdict.admitted else refusal(arn)
        if response.status_code == OK or not verdict.admitted:
            on_write(
                Write(key=key, partition=verdict.partition, stored=verdict.admitted, item=item)
            )
        return response

    return Starlette(
        routes=[Route("/{path:path}", answered, methods=["GET", "POST"])], lifespan=lifespan
    )
