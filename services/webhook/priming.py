"""Does at start what the first text would wait for: clients, endpoints, every line on a text's way.

Lambda takes a snapshot after the import, so what is done here is in it (SnapStart); a container
does it before it takes texts. Nothing is sent and no credentials are looked for: a snapshot must
hold neither connections nor keys.
"""

import asyncio
import gc
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Final
from urllib.parse import urlencode

from fastapi import FastAPI

from services.adapters import log
from services.adapters.clock import now_ms
from services.adapters.dry_requests import dry_requests
from services.adapters.dynamodb.async_client import StaticKey, async_client
from services.adapters.dynamodb.ballots import DynamoBallots
from services.adapters.dynamodb.connection_pool import tls_context
from services.adapters.dynamodb.http_connection import Answer
from services.adapters.dynamodb.request_signer import Key
from services.adapters.memory import MemoryDirectory
from services.adapters.secrets import Secrets
from services.adapters.ttl_cache import Cached
from services.adapters.twilio.signature import sign
from services.polls.definition import parse_poll
from services.voting.intake import Intake
from services.voting.poll import Round
from services.webhook.app import create_app
from services.webhook.routes import Dependencies

_DRY: Final = "dry"
_URL: Final = "https://votes.example.com"
_POLL: Final = """
question = "Which?"
[[choices]]
key = "RED"
label = "Red"
[[choices]]
key = "BLUE"
label = "Blue"
"""
_FORM: Final = (
    ("Body", "Red!"),
    ("From", "+15550100101"),
    ("MessageSid", f"SM{0:032x}"),
    ("To", "+15550100100"),
)


def prime(app: FastAPI, clients: Sequence[Callable[[], Any]]) -> None:
    """Create the clients, use each once and answer two requests, all without a network.

    It saves time and nothing else, so a failure is logged, not raised: the first text then
    waits, or fails with an error that says more.
    """
    try:
        tls_context()  # reads all certificates of authorities: some 20 ms
        for client in clients:
            _use(client())
        # In a thread of its own: uvicorn imports the application while its loop runs.
        with log.silenced(), ThreadPoolExecutor(1) as thread:
            statuses = thread.submit(asyncio.run, _answer_requests(app)).result()
    except Exception as error:  # noqa: BLE001 - see above
        log.event("priming.failed", error=type(error).__name__)
    else:
        log.event("primed", statuses=statuses)


def freeze() -> None:
    """Exempt from garbage collection all that a start leaves: it stays as long as the process.

    Else a full collection, once in thousands of texts, would walk through it while texts wait,
    and write to most pages of a restored snapshot.
    """
    gc.collect()
    gc.freeze()


def _use(client: Any) -> None:  # noqa: ANN401 - a boto3 client
    """Resolve the endpoint, write a request and read a response."""
    with dry_requests(client, b"{}"):
        if client.meta.service_model.service_name == "dynamodb":
            client.query(TableName=_DRY, KeyConditionExpression=_DRY)
        else:
            client.get_secret_value(SecretId=_DRY)


async def _answer_requests(app: FastAPI) -> list[int]:
    """Ask the application what it is, and one like it to count a text; return the statuses."""
    return [
        await _status(app, _scope("GET", "/")),
        await _status(create_app(_dependencies()), _scope("POST", "/sms")),
    ]


async def _status(app: FastAPI, scope: dict[str, Any]) -> int:
    statuses: list[int] = []

    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": urlencode(_FORM).encode()}

    async def send(message: Any) -> None:  # noqa: ANN401 - ASGI's
        if message["type"] == "http.response.start":
            statuses.append(message["status"])

    await app(scope, receive, send)
    return statuses[0]


def _dependencies() -> Dependencies:
    """A webhook over a store that says yes."""

    async def answer(_: bytes, until: float) -> Answer:  # noqa: ARG001
        return Answer(200, b"{}")

    client = async_client({}, answer, StaticKey(Key(_DRY, _DRY)))
    return Dependencies(
        intake=Intake(
            directory=MemoryDirectory([Round(poll=parse_poll(_POLL, source=f"{_DRY}.toml"))]),
            ballots=DynamoBallots(client, _DRY),
            clock=now_ms,
        ),
        secrets=Cached(lambda: Secrets(_DRY, _DRY.encode()), seconds=1),
        probes={},
        public_base_url=_URL,
    )


def _scope(method: str, path: str) -> dict[str, Any]:
    signature = sign(_DRY, f"{_URL}/sms", _FORM)
    return {
        "type": "http",
        "method": method,
        "path": path,
        "query_string": b"",
        "headers": [
            (b"content-type", b"application/x-www-form-urlencoded"),
            (b"x-twilio-signature", signature),
        ],
    }
