"""A batch of the fallback's queue while AWS does not answer at all, on a clock that jumps."""

import asyncio
import json
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import replace
from typing import Any

import pytest

from services.adapters.memory import MemoryBallots
from services.voting.ballot import Ballot
from tests.support.fallback_queue import FallbackQueue, a_form, an_item
from tests.support.polls import NOON, a_round, a_sid
from tests.support.virtual_loop import run_virtually

ROUND = replace(a_round(), began_at_ms=NOON - 3_600_000)


class Threads(ThreadPoolExecutor):
    """Calls at once instead of in a thread; of the calls, the one with this number hangs."""

    def __init__(self, hanging: int) -> None:
        super().__init__(1)
        self._left = hanging

    def submit(self, call: Callable[..., Any], /, *given: Any, **named: Any) -> Future[Any]:
        """Return a future that is done, or that nobody will ever set."""
        self._left -= 1
        future: Future[Any] = Future()
        if self._left:
            future.set_result(call(*given, **named))
        return future


class HangingBallots(MemoryBallots):
    """A table that takes requests and answers none."""

    async def create(self, ballot: Ballot) -> bool:
        """Wait for ever."""
        del ballot
        return bool(await asyncio.Event().wait())


@pytest.mark.parametrize(
    ("what", "seconds"), [("the secret", 15), ("the history", 15), ("the ballots", 20)]
)
def test_what_hangs_is_given_up_before_lambda_would_kill_the_batch(
    what: str, seconds: int, capsys: pytest.CaptureFixture[str]
) -> None:
    """So the texts go back with their delay, and the log says why."""
    hanging = {"the secret": 1, "the history": 2}.get(what, 0)
    queue = FallbackQueue.of(ROUND, ballots=MemoryBallots() if hanging else HangingBallots())
    for phone in range(2):
        queue.put(an_item(a_form("red", a_sid(), phone=phone)), f"item-{phone}")

    async def replay() -> float:
        loop = asyncio.get_running_loop()
        loop.set_default_executor(Threads(hanging))
        async with asyncio.timeout(100):
            await queue.replay()
        return loop.time()

    took = run_virtually(replay())
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]

    assert took == seconds
    assert queue.delays == {"item-0": 30, "item-1": 30}
    assert [(one["event"], one["error"]) for one in lines] == [
        ("replay.unavailable", "TimeoutError")
    ] * 2
