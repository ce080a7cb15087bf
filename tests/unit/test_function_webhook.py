"""The webhook as a function: API Gateway's event in, API Gateway's answer out."""

import asyncio
import random
import runpy
import sys
from collections.abc import Callable, Iterator
from importlib.machinery import ModuleSpec
from pathlib import Path
from types import ModuleType
from typing import Any
from urllib.parse import urlencode

import pytest

from services.adapters.dynamodb.connection_pool import ConnectionPool
from tests.support.webhook import twilio_form

HANDLER = Path(__file__).parents[2] / "lambdas" / "webhook" / "handler.py"
HOST = "abc.execute-api.us-east-1.amazonaws.com"
ENVIRONMENT = {
    "VOTES_TABLE": "votes", "POLLS_TABLE": "polls", "AWS_REGION": "us-east-1",
    "TWILIO_AUTH_TOKEN": "12345", "VOTER_PEPPER": "0" * 32, "PUBLIC_BASE_URL": "",
}  # fmt: skip

Function = Callable[..., dict[str, Any]]


@pytest.fixture
def closed(monkeypatch: pytest.MonkeyPatch) -> list[ConnectionPool]:
    """The pools that were closed."""
    pools: list[ConnectionPool] = []

    async def close(pool: ConnectionPool) -> None:
        pools.append(pool)

    monkeypatch.setattr(ConnectionPool, "close", close)
    return pools


@pytest.fixture
def function(closed: list[ConnectionPool], monkeypatch: pytest.MonkeyPatch) -> Iterator[Function]:
    """The handler as a cold start makes it; it may take many events."""
    assert closed == []
    for name, value in ENVIRONMENT.items():
        monkeypatch.setenv(name, value)
    monkeypatch.delitem(sys.modules, "services.webhook.entry", raising=False)
    handler = runpy.run_path(str(HANDLER))["handler"]
    loop = asyncio.new_event_loop()
    asyncio.set_event_loop(loop)

    def call(method: str, path: str, body: str = "", **headers: str) -> dict[str, Any]:
        http = {"method": method, "path": path, "protocol": "HTTP/1.1", "sourceIp": "127.0.0.1"}
        event = {
            "version": "2.0", "rawPath": path, "rawQueryString": "", "isBase64Encoded": False,
            "headers": {"host": HOST, **headers}, "body": body,
            "requestContext": {"domainName": HOST, "http": http},
        }  # fmt: skip
        return dict(handler(event, object()))

    yield call
    asyncio.set_event_loop(None)
    loop.close()


def test_the_routes_of_the_api_are_those_of_the_application(function: Function) -> None:
    """`GET /` tells what this is; a text that Twilio did not sign is refused, not unknown."""
    form = urlencode(twilio_form("red"))

    assert function("GET", "/")["statusCode"] == 200
    assert function("POST", "/sms", form)["statusCode"] == 403
    assert function("GET", "/moon")["statusCode"] == 404


def test_the_application_is_not_stopped_after_a_request(
    function: Function, closed: list[ConnectionPool]
) -> None:
    """Its connections to the store would be gone for the next text, and made anew for each."""
    answers = [function("GET", "/")["statusCode"] for _ in range(2)]

    assert answers == [200, 200]
    assert closed == []


@pytest.mark.usefixtures("function")
def test_restored_environments_draw_different_numbers(monkeypatch: pytest.MonkeyPatch) -> None:
    """They start from one snapshot, and would all try again at the same moments."""
    hooks: list[Callable[[], object]] = []
    runtime: Any = ModuleType("snapshot_restore_py")
    runtime.register_after_restore = hooks.append
    runtime.__spec__ = ModuleSpec("snapshot_restore_py", None)
    monkeypatch.setitem(sys.modules, "snapshot_restore_py", runtime)
    runpy.run_path(str(HANDLER))
    snapshot = random.getstate()
    drawn = []
    for _ in range(2):
        random.setstate(snapshot)
        for hook in hooks:
            hook()
        drawn.append(random.getstate())

    assert drawn[0] != drawn[1]
