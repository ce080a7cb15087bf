"""The HTTP session under the hot path.

No socket is opened: what aiohttp is asked for is looked at where it is asked.
"""

from dataclasses import dataclass, field
from typing import Any

import aiohttp
import pytest
from aiodynamo.http.types import Request, RequestFailed, Response

from services.adapters.dynamodb import async_client as module
from services.adapters.dynamodb.async_client import Session, async_client

URL = "https://dynamodb.us-east-1.amazonaws.com/"
REQUEST = Request(method="POST", url=URL, headers={"X-Amz-Target": "GetItem"}, body=b"{}")


@dataclass
class Wire:
    """aiohttp, as far as a session uses it."""

    opened: list[aiohttp.ClientTimeout] = field(default_factory=list)
    closed: int = 0
    requests: list[Request] = field(default_factory=list)
    fails_with: Exception | None = None

    def client_session(self, *, timeout: aiohttp.ClientTimeout) -> "Wire":
        """In place of `aiohttp.ClientSession`."""
        self.opened.append(timeout)
        return self

    async def close(self) -> None:
        """Of the session."""
        self.closed += 1

    def aiodynamo_http(self, _: "Wire") -> Any:
        """In place of aiodynamo's own adapter of aiohttp."""

        async def send(request: Request) -> Response:
            self.requests.append(request)
            if self.fails_with:
                raise RequestFailed(self.fails_with)
            return Response(200, b"{}")

        return send


@pytest.fixture
def wire(monkeypatch: pytest.MonkeyPatch) -> Wire:
    """What lies under every session of the test."""
    wire = Wire()
    monkeypatch.setattr(aiohttp, "ClientSession", wire.client_session)
    monkeypatch.setattr(module, "AIOHTTP", wire.aiodynamo_http)
    return wire


async def test_a_session_opens_with_its_first_request_and_only_then(wire: Wire) -> None:
    """It is made before an event loop runs, and kept for all requests."""
    session = Session()
    before = len(wire.opened)
    await session(REQUEST)
    await session(REQUEST)

    assert (before, len(wire.opened), len(wire.requests)) == (0, 1, 2)


async def test_one_attempt_takes_at_most_a_second(wire: Wire) -> None:
    """So that a second and a third fit into the three of a text."""
    await Session()(REQUEST)
    (timeout,) = wire.opened

    assert timeout.total == 1


async def test_the_host_is_sent_as_it_is_signed(wire: Wire) -> None:
    """Without a port, which only an emulator has; all else is as it was."""
    await Session()(
        Request(method="POST", url="http://127.0.0.1:8000/", headers={"A": "b"}, body=b"")
    )
    (sent,) = wire.requests

    assert sent.headers == {"A": "b", "Host": "127.0.0.1"}
    assert sent.url == "http://127.0.0.1:8000/"


async def test_a_connection_that_fails_is_told_without_naming_aiohttp(wire: Wire) -> None:
    """As a `ConnectionError`, which the ballots take for an outage."""
    wire.fails_with = aiohttp.ServerDisconnectedError("gone")

    with pytest.raises(RequestFailed) as failed:
        await Session()(REQUEST)

    assert isinstance(failed.value.inner, ConnectionError)
    assert not isinstance(failed.value.inner, aiohttp.ClientError)
    assert "gone" in str(failed.value.inner)


async def test_a_closed_session_opens_again(wire: Wire) -> None:
    """Closing twice, or before any request, does nothing."""
    session = Session()
    await session.close()
    await session(REQUEST)
    await session.close()
    await session.close()
    closed = wire.closed
    await session(REQUEST)

    assert (closed, len(wire.opened)) == (1, 2)


# --- the client -------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("environ", "region"),
    [
        ({"AWS_REGION": "eu-west-1", "AWS_DEFAULT_REGION": "eu-west-2"}, "eu-west-1"),
        ({"AWS_DEFAULT_REGION": "eu-west-2"}, "eu-west-2"),
        ({}, "us-east-1"),
    ],
)
def test_the_region_is_that_of_the_environment(environ: dict[str, str], region: str) -> None:
    """As with every SDK."""
    assert async_client(environ, Session()).region == region


@pytest.mark.parametrize(
    ("environ", "endpoint"),
    [
        ({}, None),
        ({"AWS_ENDPOINT_URL": "http://127.0.0.1:1"}, "http://127.0.0.1:1"),
        (
            {
                "AWS_ENDPOINT_URL": "http://127.0.0.1:1",
                "AWS_ENDPOINT_URL_DYNAMODB": "http://127.0.0.1:2",
            },
            "http://127.0.0.1:2",
        ),
    ],
)
def test_the_endpoint_is_that_of_the_environment(
    environ: dict[str, str], endpoint: str | None
) -> None:
    """Without one it is AWS."""
    found = async_client(environ, Session()).endpoint

    assert (str(found).rstrip("/") if found else None) == endpoint


def test_retries_end_with_the_time_of_a_text() -> None:
    """Three seconds, with growing pauses in between."""
    config: Any = async_client({}, Session()).throttle_config

    assert config.time_limit_secs == 3
