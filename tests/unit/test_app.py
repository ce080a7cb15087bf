"""The webhook's application: its paths, and its end."""

import pytest

from tests.support.webhook import Desk


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


async def test_what_was_assembled_is_closed_when_the_application_stops() -> None:
    """Connections to the store are not left to the garbage collector."""
    closed = []

    async def close() -> None:
        closed.append("session")

    app = Desk(close=close).app
    async with app.router.lifespan_context(app):
        before = [*closed]

    assert (before, closed) == ([], ["session"])
