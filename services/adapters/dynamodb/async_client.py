"""The aiodynamo client of the webhook's hot path, and the HTTP session under it."""

from collections.abc import Mapping
from dataclasses import replace

from aiodynamo.client import Client
from aiodynamo.credentials import Credentials, Key
from aiodynamo.http.types import HttpImplementation, Request, RequestFailed, Response
from aiodynamo.models import DecorelatedJitterRetry
from yarl import URL

from services.adapters.dynamodb.ballots import BUDGET_SECONDS

ATTEMPT_SECONDS = 3
"""One attempt of a write; beyond it the next one starts."""

BACKOFF = DecorelatedJitterRetry(time_limit_secs=BUDGET_SECONDS)
"""AWS Architecture Blog, "Exponential Backoff And Jitter"."""


class Session:
    """An HTTP session, opened by the first request: that needs a running event loop.

    aiohttp is imported there, too, and its errors leave here as `ConnectionError`.
    """

    def __init__(self) -> None:
        self._http: HttpImplementation | None = None

    async def __call__(self, request: Request) -> Response:
        """Send one request, as aiodynamo's `HttpImplementation`."""
        if self._http is None:
            self._http = await self._open()
        # aiodynamo signs the host without its port; AWS has none, an emulator has.
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
        import aiohttp  # it doubles the time of a cold start's imports
        from aiodynamo.http.aiohttp import AIOHTTP

        timeout = aiohttp.ClientTimeout(total=ATTEMPT_SECONDS)
        session = aiohttp.ClientSession(timeout=timeout)
        self._close = session.close
        return AIOHTTP(session)


class LateCredentials(Credentials):
    """The default chain, looked up at first use.

    A snapshot of a started function (Lambda SnapStart) must hold no credentials: they would
    have expired when it is restored, and the chain decides by variables set only then.
    """

    def __init__(self) -> None:
        self._chain: Credentials | None = None

    async def get_key(self, http: HttpImplementation) -> Key | None:
        """The key of whichever provider has one."""
        if self._chain is None:
            self._chain = Credentials.auto()
        return await self._chain.get_key(http)

    def invalidate(self) -> bool:
        """Have an expired key fetched again, where that is possible."""
        return self._chain is not None and self._chain.invalidate()

    def is_disabled(self) -> bool:
        """Never known in advance."""
        return False


def async_client(environ: Mapping[str, str], session: HttpImplementation) -> Client:
    """A client by the SDK's own variables: region, endpoint, credentials."""
    endpoint = environ.get("AWS_ENDPOINT_URL_DYNAMODB") or environ.get("AWS_ENDPOINT_URL")
    return Client(
        http=session,
        credentials=LateCredentials(),
        region=environ.get("AWS_REGION") or environ.get("AWS_DEFAULT_REGION") or "us-east-1",
        endpoint=URL(endpoint) if endpoint else None,
        numeric_type=int,
        throttle_config=BACKOFF,
    )
