"""Clients of DynamoDB, made alike everywhere."""

from collections.abc import Mapping
from typing import TYPE_CHECKING

import aiohttp
from aiodynamo.client import Client
from aiodynamo.credentials import Credentials
from aiodynamo.http.aiohttp import AIOHTTP
from aiodynamo.http.types import Request, Response
from yarl import URL

from services.adapters.ballots import BACKOFF

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

ATTEMPT_SECONDS = 3
"""One attempt of a write; beyond it the next one starts."""


class Session:
    """An HTTP session opened on first use, because that needs a running event loop."""

    def __init__(self) -> None:
        self._http: AIOHTTP | None = None

    async def __call__(self, request: Request) -> Response:
        """Send one request, as aiodynamo's `HttpImplementation`."""
        if self._http is None:
            timeout = aiohttp.ClientTimeout(total=ATTEMPT_SECONDS)
            self._http = AIOHTTP(aiohttp.ClientSession(timeout=timeout))
        return await self._http(request)

    async def close(self) -> None:
        """Close the connections; the next request opens new ones."""
        if self._http is not None:
            await self._http.session.close()
            self._http = None


def async_client(environ: Mapping[str, str], session: Session) -> Client:
    """An aiodynamo client by the SDK's own variables: region, endpoint, credentials."""
    endpoint = environ.get("AWS_ENDPOINT_URL_DYNAMODB") or environ.get("AWS_ENDPOINT_URL")
    return Client(
        http=session,
        credentials=Credentials.auto(),
        region=environ.get("AWS_REGION") or environ.get("AWS_DEFAULT_REGION") or "us-east-1",
        endpoint=URL(endpoint) if endpoint else None,
        numeric_type=int,
        throttle_config=BACKOFF,
    )


def sync_client() -> "DynamoDBClient":
    """A boto3 client by the SDK's own variables; bounded waits, few retries."""
    import boto3  # costs a cold start as much as FastAPI does
    from botocore.config import Config

    return boto3.client(
        "dynamodb",
        config=Config(
            connect_timeout=2,
            read_timeout=5,
            retries={"mode": "standard", "total_max_attempts": 4},
            account_id_endpoint_mode="disabled",
        ),
    )
