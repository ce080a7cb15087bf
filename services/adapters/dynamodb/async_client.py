"""The webhook's client of DynamoDB: the fewest instructions between a text and its stored ballot.

It sends requests in the wire format, each until it is answered or its time is up. A request whose
answer was lost is sent again, although it may have been carried out: every write has a condition
that is false then, and the caller finds the ballot stored.
"""

import asyncio
import json
import random
from collections.abc import Awaitable, Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final, Protocol

from services.adapters.dynamodb.connection_pool import ConnectionPool, Endpoint
from services.adapters.dynamodb.errors import ExpiredTokenError, UnavailableError, error_of
from services.adapters.dynamodb.http_connection import Answer, BrokenAnswerError
from services.adapters.dynamodb.late_credentials import LateCredentials, NoKeyError
from services.adapters.dynamodb.request_signer import Key, RequestSigner
from services.voting.timing import REQUEST_SECONDS

BUDGET_SECONDS: Final = REQUEST_SECONDS
"""Maximum time of a request with its retries: all that a text has."""

SHORTEST_PAUSE_SECONDS: Final = 0.05
LONGEST_PAUSE_SECONDS: Final = 1.0

Exchange = Callable[[bytes, float], Awaitable[Answer]]
"""Makes one attempt, until a time of the event loop's clock at most."""

_OK: Final = 200
_NOTHING: Final = b"{}"
_encode = json.JSONEncoder(separators=(",", ":"), check_circular=False).encode


class Keys(Protocol):
    """Where the client's key comes from."""

    def held(self) -> Key | None:
        """Return the key if it is at hand and need not be looked up."""

    async def current(self) -> Key:
        """Return a key that is valid, as far as it is known. Raises: NoKeyError."""

    def invalidate(self) -> None:
        """Forget the key, which DynamoDB refused as expired."""


@dataclass(frozen=True, slots=True)
class StaticKey:
    """A key that is known."""

    key: Key

    def held(self) -> Key:
        """Return it."""
        return self.key

    async def current(self) -> Key:
        """Return it."""
        return self.key

    def invalidate(self) -> None:
        """Do nothing: there is no other."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AsyncClient:
    """Sends requests to DynamoDB."""

    exchange: Exchange
    signer: RequestSigner
    keys: Keys
    budget_seconds: float = BUDGET_SECONDS

    async def send_request(self, *, action: str, payload: Mapping[str, Any]) -> dict[str, Any]:
        """Send a request, for example `PutItem`, and return its answer, both in the wire format.

        Raises:
            ConditionFailedError: nothing was written, or an attempt before wrote it.
            UnavailableError, OSError: throttled or unreachable at every attempt in the budget;
                the request may have been carried out.
            NoKeyError: no credentials were found at any attempt.
            DynamoError: any other refusal.
        """
        body = _encode(payload).encode()
        until = asyncio.get_running_loop().time() + self.budget_seconds
        for pause in _pauses():
            try:
                return await self._attempt(action, body, until)
            except (ExpiredTokenError, UnavailableError, NoKeyError, OSError) as error:
                if isinstance(error, ExpiredTokenError):
                    self.keys.invalidate()
                if asyncio.get_running_loop().time() + pause > until:
                    raise
            await asyncio.sleep(pause)
        raise AssertionError  # for the type checker: there is always another pause

    async def _attempt(self, action: str, body: bytes, until: float) -> dict[str, Any]:
        key = self.keys.held() or await self._find_key(until)
        answer = await self.exchange(self.signer.request(action, body, key), until)
        if answer.status != _OK:
            raise error_of(answer.status, answer.body)
        if answer.body == _NOTHING:  # as after every write
            return {}
        try:
            found: dict[str, Any] = json.loads(answer.body)
        except ValueError:
            raise BrokenAnswerError("not JSON") from None
        return found

    async def _find_key(self, until: float) -> Key:
        async with asyncio.timeout_at(until):
            return await self.keys.current()


def _pauses() -> Iterator[float]:
    """Pauses with decorrelated jitter (AWS, "Exponential Backoff And Jitter")."""
    pause = SHORTEST_PAUSE_SECONDS
    while True:
        longest = min(LONGEST_PAUSE_SECONDS, pause * 3)
        pause = random.uniform(SHORTEST_PAUSE_SECONDS, longest)  # noqa: S311 - not a secret
        yield pause


def region_of(environ: Mapping[str, str]) -> str:
    """Return the region by the SDK's environment variables."""
    return environ.get("AWS_REGION") or environ.get("AWS_DEFAULT_REGION") or "us-east-1"


def endpoint_of(environ: Mapping[str, str]) -> Endpoint:
    """Return the endpoint by the SDK's environment variables; else that of the region."""
    url = environ.get("AWS_ENDPOINT_URL_DYNAMODB") or environ.get("AWS_ENDPOINT_URL")
    return Endpoint.of(url or f"https://dynamodb.{region_of(environ)}.amazonaws.com")


def connection_pool(environ: Mapping[str, str]) -> ConnectionPool:
    """Create a pool, configured by the SDK's environment variables, without connecting."""
    return ConnectionPool(endpoint_of(environ))


def async_client(
    environ: Mapping[str, str],
    exchange: Exchange,
    keys: Keys | None = None,
) -> AsyncClient:
    """Create a client, configured by the SDK's environment variables."""
    return AsyncClient(
        exchange=exchange,
        signer=RequestSigner(endpoint_of(environ), region_of(environ)),
        keys=keys or LateCredentials(),
    )
