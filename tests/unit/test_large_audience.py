"""Ten thousand viewers: how often the table is read, and how old what they see is."""

import asyncio
import json
from collections import Counter
from typing import Any

from lambdas.reader.handler import answer
from services.adapters.dynamodb.poll_view import poll_view_item
from services.adapters.dynamodb.public_boards import DynamoPublicBoards
from services.tools.local.boards import edge_response, function_url_event
from services.tools.local.edge_cache import EdgeCache, EdgeResponse
from services.voting import schema
from tests.support.polls import a_round
from tests.support.virtual_loop import run_virtually

VIEWERS = 10_000
SECONDS = 6
READ_SECONDS = 0.08
BOARD = "/boards/colors.json"


class Evening:
    """A board that gets a vote every 10 ms, behind the reader and one cache."""

    def __init__(self, votes_until: float = 1e9) -> None:
        self._clock = asyncio.get_running_loop().time
        self._votes_until = votes_until
        self.reads: Counter[int] = Counter()
        client: Any = self
        self._boards = DynamoPublicBoards(client=client, table="Aggregates", clock=self.now_ms)
        self.cache = EdgeCache(self._fetch, self._clock)

    def now_ms(self) -> int:
        """Epoch ms of the evening, whose first second is 0."""
        return round(self._clock() * 1000)

    def votes(self) -> int:
        """How many there are by now."""
        return int(min(self._clock(), self._votes_until) * 100)

    def get_paginator(self, _: str) -> "Evening":
        """Stand in for the client of DynamoDB."""
        return self

    def paginate(self, **_: Any) -> list[dict[str, Any]]:
        """One query of the board."""
        self.reads[int(self._clock())] += 1
        votes = {"N": str(self.votes())}
        row = {
            "pk": {"S": "open#colors"}, "sk": {"S": schema.tally_sk(1, "label", "shard")},
            "c#RED": votes, "voters": votes, "folded": votes, "as_of": {"N": str(self.now_ms())},
        }  # fmt: skip
        return [{"Items": [poll_view_item(a_round(), None), row]}]

    async def _fetch(self, path: str) -> EdgeResponse:
        made = answer(function_url_event(path), self._boards)
        await asyncio.sleep(READ_SECONDS)
        return edge_response(made)

    async def watch(self, first: float, ages: list[int], seen: list[int]) -> None:
        """One viewer: an answer a second, none of them older than the one before."""
        await asyncio.sleep(first)
        for _ in range(SECONDS):
            body = json.loads((await self.cache.get(BOARD)).body)
            ages.append(self.now_ms() - body["readAt"])
            seen.append(body["votes"])
            await asyncio.sleep(1)


def test_ten_thousand_viewers_are_two_reads_a_second_at_most() -> None:
    """And each of them is at most two seconds behind the table."""

    async def work() -> tuple[Evening, list[int]]:
        evening, ages = Evening(), list[int]()
        starts = (viewer / VIEWERS for viewer in range(VIEWERS))
        await asyncio.gather(*(evening.watch(start, ages, []) for start in starts))
        return evening, ages

    evening, ages = run_virtually(work())

    assert len(ages) == VIEWERS * SECONDS
    assert max(evening.reads.values()) <= 2
    assert sum(evening.reads.values()) >= SECONDS - 1
    assert max(ages) <= 2000


def test_a_viewer_alone_is_no_further_behind() -> None:
    """For whom nobody else renews the answer; and the count never goes back."""

    async def work() -> tuple[list[int], list[int]]:
        ages, seen = list[int](), list[int]()
        await Evening().watch(0.0, ages, seen)
        return ages, seen

    ages, seen = run_virtually(work())

    assert max(ages) <= 2000
    assert seen == sorted(seen)
    assert seen[-1] > seen[0]
