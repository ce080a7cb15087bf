"""`/boards/<poll>.json` of the local cloud: asked of the function, with a cache's headers."""

import io
import json
from email.utils import parsedate_to_datetime
from typing import Any

import httpx
import pytest
from starlette.applications import Starlette

from services.tools.local.boards import board_route, reader_function


class Function:
    """A client of Lambda, and the function that it invokes."""

    def __init__(self, **outcome: Any) -> None:
        self.outcome = outcome
        self.asked: list[dict[str, Any]] = []

    def client(self, service: str) -> "Function":
        """The client."""
        assert service == "lambda"
        return self

    def invoke(self, **call: Any) -> dict[str, Any]:
        """Call the function."""
        self.asked.append({**call, "Payload": json.loads(call["Payload"])})
        answer = {
            "statusCode": 200,
            "headers": {"ETag": '"1"', "Cache-Control": "max-age=1"},
            "body": "{}",
        }
        return {"Payload": io.BytesIO(json.dumps(answer).encode()), **self.outcome}


async def get(function: Any, path: str, **headers: str) -> httpx.Response:
    """Ask the page's server for a path."""
    application = Starlette(routes=[board_route(reader_function(function, "Reader"))])
    transport = httpx.ASGITransport(application)
    async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1") as http:
        return await http.get(path, headers=headers)


async def test_a_board_is_asked_of_the_function_as_its_url_would() -> None:
    """With payload format 2.0."""
    function = Function()
    done = await get(function, "/boards/colors.json")

    (asked,) = function.asked
    assert asked["FunctionName"] == "Reader"
    assert asked["Payload"]["rawPath"] == "/boards/colors.json"
    assert (done.status_code, done.text, done.headers["Cache-Control"]) == (200, "{}", "max-age=1")
    assert parsedate_to_datetime(done.headers["Date"])


async def test_a_viewer_that_has_the_answer_gets_no_body() -> None:
    """The cache answers that itself."""
    done = await get(Function(), "/boards/colors.json", **{"If-None-Match": '"1"'})

    assert (done.status_code, done.content) == (304, b"")


@pytest.mark.parametrize("outcome", [{"FunctionError": "Unhandled"}, {"Payload": io.BytesIO()}])
async def test_a_function_that_fails_is_a_bad_gateway(outcome: dict[str, Any]) -> None:
    """As its URL would answer."""
    assert (await get(Function(**outcome), "/boards/colors.json")).status_code == 502
