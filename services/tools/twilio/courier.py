"""Makes the requests of a delivery over HTTP, signed as Twilio signs them."""

import asyncio
import xml.etree.ElementTree as ET
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final
from urllib.parse import urlencode

import aiohttp

from services.tools.phones.sms import signature
from services.tools.twilio.delivery import DeliveryRequest, Failure, RequestOutcome, failure_of

TOKEN_HEADER: Final = "I-Twilio-Idempotency-Token"  # noqa: S105 - the name of a header


@dataclass(frozen=True, slots=True, kw_only=True)
class WebhookAnswer:
    """The outcome of a request, and the messages that the webhook replied with."""

    outcome: RequestOutcome
    replies: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Courier:
    """Posts texts with the account's token.

    `time_scale` is the real time of one second of Twilio's. `addresses` names other addresses for
    URLs that do not resolve here; Host header and signature stay those of the URL.
    """

    http: aiohttp.ClientSession
    token: str = field(repr=False)
    time_scale: float = 1.0
    addresses: Mapping[str, str] = field(default_factory=dict)

    async def post(
        self, request: DeliveryRequest, fields: Sequence[tuple[str, str]], idempotency_token: str
    ) -> WebhookAnswer:
        """Make a request. Never raises for what the webhook does."""
        clock = asyncio.get_running_loop().time
        started, limit_ms = clock(), request.total_ms
        failure: Failure | None
        replies: tuple[str, ...] = ()
        try:
            status, body = await self._post(request, fields, idempotency_token)
        except (aiohttp.ClientError, OSError) as error:
            failure = _failure(error)
            if isinstance(error, TimeoutError):
                # A busy machine notices a timeout late; Twilio's limits do not depend on it.
                limit_ms = min(limit_ms, request.connect_ms + request.read_ms)
        else:
            failure, replies = _judge(status, body)
        took_ms = int((clock() - started) / self.time_scale * 1_000)
        outcome = RequestOutcome(took_ms=min(took_ms, limit_ms), failure=failure)
        return WebhookAnswer(outcome=outcome, replies=replies)

    async def _post(
        self, request: DeliveryRequest, fields: Sequence[tuple[str, str]], idempotency_token: str
    ) -> tuple[int, str]:
        signed = [*fields, *request.parameters]
        headers = {
            "X-Twilio-Signature": signature(request.url, signed, self.token),
            "Content-Type": "application/x-www-form-urlencoded; charset=UTF-8",
            TOKEN_HEADER: idempotency_token,
            "User-Agent": "TwilioProxy/1.1",
        }
        address = self.addresses.get(request.url, request.url)
        if address != request.url:
            headers["Host"] = request.url.split("/")[2]
        async with self.http.post(
            address,
            data=urlencode(signed),
            headers=headers,
            timeout=self._limits(request),
            allow_redirects=False,
        ) as response:
            return response.status, await response.text(errors="replace")

    def _limits(self, request: DeliveryRequest) -> aiohttp.ClientTimeout:
        scale = self.time_scale / 1_000
        return aiohttp.ClientTimeout(
            total=request.total_ms * scale,
            sock_connect=request.connect_ms * scale,
            sock_read=request.read_ms * scale,
        )


def courier_session() -> aiohttp.ClientSession:
    """Create a session that makes a connection for each request, as many at a time as needed."""
    return aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0, force_close=True))


def _failure(error: Exception) -> Failure:
    """Tell a connection that was never made from one that failed later."""
    never_connected = aiohttp.ClientConnectorError | aiohttp.ConnectionTimeoutError
    return Failure.CONNECT if isinstance(error, never_connected) else Failure.READ


def _judge(status: int, body: str) -> tuple[Failure | None, tuple[str, ...]]:
    if failure := failure_of(status):
        return failure, ()
    try:
        response = ET.fromstring(body)  # noqa: S314 - the response of our own webhook
    except ET.ParseError:
        return Failure.DOCUMENT, ()
    if response.tag != "Response":
        return Failure.DOCUMENT, ()
    return None, tuple("".join(message.itertext()) for message in response.iter("Message"))
