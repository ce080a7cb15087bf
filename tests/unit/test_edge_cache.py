"""The local stand-in for CloudFront: what it keeps, and how often it asks."""

import asyncio
from collections.abc import Coroutine
from typing import Any

import pytest

from services.tools.local.edge_cache import EdgeCache, EdgeResponse
from tests.support.virtual_loop import run_virtually

FRESHNESS = {"Cache-Control": "max-age=1, stale-while-revalidate=5, stale-if-error=60"}
BOARD = "/boards/colors.json"


class Origin:
    """Answers after 100 ms with the number of the request, or with a status."""

    def __init__(self) -> None:
        self.asked: list[str] = []
        self.status = 200

    async def fetch(self, path: str) -> EdgeResponse:
        """Answer one request."""
        self.asked.append(path)
        number = len(self.asked)
        await asyncio.sleep(0.1)
        headers = FRESHNESS if self.status == 200 else {"Cache-Control": "max-age=1"}
        return EdgeResponse(status=self.status, headers=headers, body=str(number).encode())

    def cache(self) -> EdgeCache:
        """A cache before it, by the clock of the loop that runs."""
        return EdgeCache(self.fetch, asyncio.get_running_loop().time)


@pytest.fixture
def origin() -> Origin:
    """One that answers."""
    return Origin()


def run(work: Coroutine[Any, Any, None]) -> None:
    """Run a test without waiting."""
    run_virtually(work)


def test_one_request_answers_all_who_ask_at_the_same_time(origin: Origin) -> None:
    """A thousand viewers of a board that the cache does not have."""

    async def work() -> None:
        cache = origin.cache()
        answers = await asyncio.gather(*(cache.get(BOARD) for _ in range(1000)))

        assert {answer.body for answer in answers} == {b"1"}
        assert origin.asked == [BOARD]

    run(work())


def test_an_answer_is_fresh_for_a_second_and_says_its_age(origin: Origin) -> None:
    """In whole seconds."""

    async def work() -> None:
        cache = origin.cache()
        missed = await cache.get(BOARD)
        await asyncio.sleep(0.9)
        hit = await cache.get(BOARD)

        assert "Age" not in missed.headers
        assert (hit.body, hit.headers["Age"]) == (b"1", "0")
        assert len(origin.asked) == 1

    run(work())


def test_a_stale_answer_is_served_while_it_is_renewed_once(origin: Origin) -> None:
    """Nobody waits for the origin."""

    async def work() -> None:
        cache = origin.cache()
        await cache.get(BOARD)
        await asyncio.sleep(5.5)
        stale = [await cache.get(BOARD) for _ in range(10)]
        await asyncio.sleep(0.2)
        renewed = await cache.get(BOARD)

        assert {(one.body, one.headers["Age"]) for one in stale} == {(b"1", "5")}
        assert (renewed.body, len(origin.asked)) == (b"2", 2)

    run(work())


def test_an_answer_that_is_too_stale_is_waited_for(origin: Origin) -> None:
    """Six seconds after it was given."""

    async def work() -> None:
        cache = origin.cache()
        await cache.get(BOARD)
        await asyncio.sleep(6.5)

        assert (await cache.get(BOARD)).body == b"2"

    run(work())


def test_while_the_origin_fails_the_last_answer_stands_for_a_minute(origin: Origin) -> None:
    """And the origin is asked once a second at most."""

    async def work() -> None:
        cache, time = origin.cache(), asyncio.get_running_loop().time
        await cache.get(BOARD)
        origin.status = 502
        statuses: dict[bool, set[int]] = {True: set(), False: set()}
        for _ in range(80):
            await asyncio.sleep(1)
            answer = await cache.get(BOARD)
            statuses[time() < 61].add(answer.status)

        assert statuses == {True: {200}, False: {502}}
        assert len(origin.asked) <= 81

    run(work())


def test_an_error_is_kept_for_a_second(origin: Origin) -> None:
    """A hundred viewers of a failing origin are one request a second."""

    async def work() -> None:
        origin.status = 503
        cache = origin.cache()
        for _ in range(100):
            await cache.get(BOARD)
            await asyncio.sleep(0.02)

        assert len(origin.asked) <= 3

    run(work())


def test_each_path_has_an_answer_of_its_own(origin: Origin) -> None:
    """Two polls of one evening."""

    async def work() -> None:
        cache = origin.cache()

        assert (await cache.get(BOARD)).body == b"1"
        assert (await cache.get("/boards/songs.json")).body == b"2"

    run(work())
