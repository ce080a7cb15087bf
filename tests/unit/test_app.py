"""The webhook's application: its paths, and its end."""

from urllib.parse import urlencode

import httpx
import pytest
from starlette.applications import Starlette
from starlette.routing import Mount
from starlette.types import ASGIApp, Receive, Scope, Send

from tests.support.webhook import BASE_URL, Desk, signed, twilio_form


@pytest.mark.parametrize("path", ["/docs", "/redoc", "/openapi.json", "/sms/", "/health/"])
async def test_other_paths_are_not_found(path: str) -> None:
    """The description of the API that FastAPI makes by itself would be for attackers only."""
    async with Desk().client() as client:
        answer = await client.get(path)

    assert answer.status_code == 404


@pytest.mark.parametrize(
    ("method", "path"), [("GET", "/sms"), ("POST", "/health"), ("POST", "/"), ("DELETE", "/sms")]
)
async def test_a_path_takes_its_own_method_only(method: str, path: str) -> None:
    """Texts are posted, the rest is read."""
    async with Desk().client() as client:
        answer = await client.request(method, path)

    assert answer.status_code == 405


async def test_a_text_takes_the_short_way() -> None:
    """FastAPI's middleware and router do nothing for it, and take as long as its signature."""
    passed: list[str] = []

    class Noting:
        def __init__(self, app: ASGIApp) -> None:
            self.app = app

        async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
            passed.append(scope["path"])
            await self.app(scope, receive, send)

    app = Desk().app
    app.add_middleware(Noting)
    form = twilio_form("red")
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url=BASE_URL) as client:
        text = await client.post("/sms", content=urlencode(form), headers=signed(form))
        health = await client.get("/health")

    assert (text.status_code, health.status_code) == (200, 200)
    assert passed == ["/health"]


async def test_a_text_is_counted_under_a_path_that_a_proxy_adds() -> None:
    """Then it takes the long way; Twilio has signed the whole URL."""
    app = Starlette(routes=[Mount("/votes", Desk().app)])
    form, url = twilio_form("red"), f"{BASE_URL}/votes/sms"
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url=BASE_URL) as client:
        answer = await client.post(url, content=urlencode(form), headers=signed(form, url))

    assert answer.status_code == 200
    assert "Red" in answer.text


async def test_what_was_assembled_is_closed_when_the_application_stops() -> None:
    """Connections to the store are not left to the garbage collector."""
    closed = []

    async def close() -> None:
        closed.append("session")

    app = Desk(close=close).app
    async with app.router.lifespan_context(app):
        before = [*closed]

    assert (before, closed) == ([], ["session"])
