"""Creates the webhook's aiodynamo client and its HTTP session."""

from collections.abc import Mapping
from dataclasses import replace

import aiohttp
from aiodynamo.client import Client
from aiodynamo.credentials import Credentials, Key
from aiodynamo.http.aiohttp import AIOHTTP
from aiodynamo.http.types import HttpImplementation, Request, RequestFailed, Response
from aiodynamo.models import DecorelatedJitterRetry
from yarl import URL

from services.adapters.dynamodb.ballots import BUDGET_SECONDS

ATTEMPT_SECONDS = 1
"""Timeout of one attempt; then the next one starts."""

BACKOFF = DecorelatedJitterRetry(time_limit_secs=BUDGET_SECONDS)
"""AWS Architecture Blog, "Exponential Backoff And Jitter"."""


class Session:
    """An HTTP session that opens with the first request, because it needs a running event loop.

    Its errors are raised as `ConnectionError`.
    """

    def __init__(self) -> None:
        self._http: HttpImplementation | None = None

    async def __call__(self, request: Request) -> Response:
        """Send one request; implements aiodynamo's `HttpImplementation`."""
        if self._http is None:
            self._http = await self._open()
        # aiodynamo signs the host without its port, and emulators have one.
        headers = {**(request.headers or {}), "Host": URL(request.url).host or ""}
        try:
            return await self._http(replace(request, headers=headers))
        except RequestFailed as failed:
            raise RequestFailed(ConnectionError(str(failed.inner))) from failed.inner

    async def close(self) -> None:
        """Close the connections; the next request opens new ones."""
        if self._http is not None:
            await self._close()
            self._http = None

    async def _open(self) -> HttpImplementation:
        timeout = aiohttp.ClientTimeout(total=ATTEMPT_SECONDS)
        session = aiohttp.ClientSession(timeout=timeout)
        self._close = session.close
        return AIOHTTP(session)


class LateCredentials(Credentials):
    """The default credentials chain, created at first use.

    A SnapStart snapshot must not contain credentials: they would have expired when it is
    restored, and the chain depends on variables that are set only then.
    """

    def __init__(self) -> None:
        self._chain: Credentials | None = None

    async def get_key(self, http: HttpImplementation) -> Key | None:
        """Return the key of the first provider that has one."""
        if self._chain is None:
            self._chain = Credentials.auto()
        return await self._chain.get_key(http)

    def invalidate(self) -> bool:
        """Discard an expired key, if the provider can fetch another."""
        return self._chain is not None and self._chain.invalidate()

    def is_disabled(self) -> bool:
        """Return False: providers are not known before the first use."""
        return False


def async_client(
    environ: Mapping[str, str],
    session: HttpImplementation,
    credentials: Credentials | None = None,
) -> Client:
    """Create a client, configured by the SDK's environment variables."""
    endpoint = environ.get("AWS_ENDPOINT_URL_DYNAMODB") or environ.get("AWS_ENDPOINT_URL")
    return Client(
        http=session,
        credentials=credentials or LateCredentials(),
        region=environ.get("AWS_REGION") or environ.get("AWS_DEFAULT_REGION") or "us-east-1",
        endpoint=URL(endpoint) if endpoint else None,
        numeric_type=int,
        throttle_config=BACKOFF,
    )
