"""`/health`: from a result at most five seconds old, good or bad."""

import asyncio
import json
from dataclasses import dataclass

import httpx
import pytest

from services.voting.errors import StoreUnavailableError
from tests.support.webhook import BASE_URL, Desk, well


@dataclass
class Table:
    """A table that is asked whether it answers, and a clock."""

    ill: bool = False
    asked: int = 0
    now: float = 0.0

    async def probe(self) -> None:
        """Answer, unless ill."""
        self.asked += 1
        await asyncio.sleep(0)
        if self.ill:
            raise StoreUnavailableError("GetItem")

    def client(self) -> httpx.AsyncClient:
        """A client of a webhook over this table and one that is always well."""
        desk = Desk(probes={"votes": self.probe, "aggregates": well}, monotonic=lambda: self.now)
        return httpx.AsyncClient(transport=httpx.ASGITransport(desk.app), base_url=BASE_URL)


async def test_health_names_the_table_that_does_not_answer() -> None:
    """200 while all do, else 503."""
    async with Table().client() as client:
        good = await client.get("/health")
    async with Table(ill=True).client() as client:
        bad = await client.get("/health")

    assert (good.status_code, good.json()["status"]) == (200, "ok")
    assert (bad.status_code, bad.json()["status"]) == (503, "unavailable")
    assert bad.json()["tables"] == {"votes": "no answer", "aggregates": "ok"}


async def test_a_table_that_does_not_answer_is_logged_with_its_error(
    capfd: pytest.CaptureFixture[str],
) -> None:
    """The answer to a stranger names the table only."""
    async with Table(ill=True).client() as client:
        await client.get("/health")
    (line,) = capfd.readouterr().out.splitlines()

    assert json.loads(line) == {
        "event": "unhealthy",
        "table": "votes",
        "error": "StoreUnavailableError",
    }


async def test_any_number_of_callers_cost_one_probe_in_five_seconds() -> None:
    """At once and one after the other."""
    table = Table()
    async with table.client() as client:
        await asyncio.gather(*(client.get("/health") for _ in range(20)))
        table.now = 4.9
        await client.get("/health")
        within = table.asked
        table.now = 5
        await client.get("/health")

    assert (within, table.asked) == (1, 2)


async def test_a_failing_probe_is_not_repeated_sooner() -> None:
    """A store that is out of reach is not asked by everybody who wants to know."""
    table = Table(ill=True)
    async with table.client() as client:
        answers = [await client.get("/health") for _ in range(3)]
        asked, table.ill, table.now = table.asked, False, 5.0
        later = await client.get("/health")

    assert [answer.status_code for answer in answers] == [503, 503, 503]
    assert asked == 1
    assert later.status_code == 200
