"""The page of a large audience: it counts by JSON alone, and its freshness line is that of the data."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack

import pytest
from playwright.sync_api import Page, expect
from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from lambdas.reader.handler import answer
from services.adapters.dynamodb.public_boards import DynamoPublicBoards
from services.tools.local.boards import board_route, edge_response, function_url_event
from services.tools.local.edge_cache import EdgeResponse
from services.tools.local.static_server import serve_in_thread
from tests.browser.support.emulator import Emulator
from tests.browser.support.site import Site
from tests.browser.support.store import TABLE, Board

OpenPage = Callable[..., Page]


class Reader:
    """The reader's function on the test's table; it fails on request."""

    def __init__(self, emulator: Emulator) -> None:
        self._boards = DynamoPublicBoards(client=emulator.client("dynamodb"), table=TABLE)
        self.is_down = False

    async def fetch(self, path: str) -> EdgeResponse:
        """Answer for the cache."""
        if self.is_down:
            return EdgeResponse(status=502, headers={"Cache-Control": "max-age=1"})
        made = await run_in_threadpool(answer, function_url_event(path), self._boards)
        return edge_response(made)


@pytest.fixture
def reader(emulator: Emulator, site: Site) -> Iterator[Reader]:
    """The site behind a cache, which is told to read as JSON."""

    def serve(request: Request) -> Response:
        found = site.read(request.url.path)
        body, kind = found or (b"not found", "text/plain")
        return Response(body, 200 if found else 404, headers=site.headers, media_type=kind)

    made = Reader(emulator)
    routes = [board_route(made.fetch), Route("/{path:path}", serve)]
    site.config["audience"] = "large"
    with ExitStack() as stack:
        site.address = stack.enter_context(
            serve_in_thread(Starlette(routes=routes), adds_date=False)
        )
        yield made


@pytest.mark.usefixtures("reader")
def test_counts_appear_and_update_by_json_alone(
    board: Board, open_page: OpenPage, site: Site
) -> None:
    """No guest, no signature, no request to the store."""
    asked: list[str] = []
    board.put_poll_view()
    board.tally({"RED": 15646, "GREEN": 14425, "BLUE": 7933})
    page = open_page()
    page.on("request", lambda request: asked.append(request.url))
    expect(page.locator("#total")).to_have_text("38,004")
    expect(page.locator("#freshness")).to_have_text("Live")
    board.tally({"RED": 15650, "GREEN": 14425, "BLUE": 7933})

    expect(page.locator("#total")).to_have_text("38,008")
    expect(page.locator("#phones")).to_have_text("from 38,008 phones")
    expect(page.locator(".row.leads .votes")).to_have_text("15,650 votes")
    expect(page.locator(".chip")).to_have_text(["RED", "GREEN", "BLUE"])
    assert f"{site.address}/boards/{board.poll}.json" in asked
    assert [url for url in asked if not url.startswith(site.address)] == []
    scripts = page.evaluate("performance.getEntriesByType('resource').map(({name}) => name)")
    assert not [name for name in scripts if "/source-" in name]


def test_an_old_answer_is_not_shown_as_a_live_one(
    board: Board, open_page: OpenPage, reader: Reader
) -> None:
    """While the reader fails, the cache answers every second; the line tells the data's own age."""
    board.put_poll_view()
    board.tally({"RED": 1, "GREEN": 0, "BLUE": 0})
    page = open_page()
    expect(page.locator("#freshness")).to_have_text("Live")
    reader.is_down = True

    expect(page.locator("#freshness")).to_contain_text("Delayed ·")
    expect(page.locator("#total")).to_have_text("1")


@pytest.mark.usefixtures("reader")
def test_a_sealed_poll_shows_its_question_and_no_count(board: Board, open_page: OpenPage) -> None:
    """Until it is certified."""
    board.put_poll_view(visibility="sealed", state="closed")
    page = open_page()
    expect(page.locator("#message-title")).to_have_text("The ballot is sealed")
    board.certify({"RED": 3, "GREEN": 2, "BLUE": 1})

    expect(page.locator("#total")).to_have_text("6")


@pytest.mark.usefixtures("reader")
def test_a_poll_that_does_not_exist_is_said_to_be_missing(open_page: OpenPage) -> None:
    """A 404 is an answer, not a failure; the browser's console notes it."""
    page = open_page("?poll=nobody", allow="404")

    expect(page.locator("#message-title")).to_have_text("There is no such poll")
