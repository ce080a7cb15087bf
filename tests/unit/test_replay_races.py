"""Every order of webhook, replayer, SQS's repetitions and a reconciliation: counted once."""

import asyncio
import random
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.adapters.memory import MemoryBallots, MemoryDirectory
from services.voting import lifecycle
from services.voting.ballot import Ballot
from services.voting.history import History, RoundChange
from services.voting.intake import Intake
from services.voting.message import Message
from tests.support.fallback_queue import FallbackQueue, a_form, an_item
from tests.support.lossy_delivery import FailingBallots, LossyDelivery
from tests.support.polls import NOON, NUMBER, PSEUDONYMS, a_phone, a_round

SECOND = 1_000
HOUR = 3_600 * SECOND
FIRST = replace(a_round(), began_at_ms=NOON - HOUR)


class SlowBallots(FailingBallots):
    """Every call lets others go first, in an order that the test's seed decides."""

    random = random.Random(0)  # noqa: S311 - no secret

    async def create(self, ballot: Ballot) -> bool:
        """Store, some steps later."""
        await self._wait()
        return await FailingBallots.create(self, ballot)

    async def find(self, pk: str, sk: str) -> Ballot | None:
        """Read, some steps later."""
        await self._wait()
        return await MemoryBallots.find(self, pk, sk)

    async def replace(self, ballot: Ballot, *, expected: int) -> bool:
        """Rewrite, some steps later."""
        await self._wait()
        return await FailingBallots.replace(self, ballot, expected=expected)

    async def _wait(self) -> None:
        for _ in range(self.random.randrange(4)):
            await asyncio.sleep(0)


def a_delivery(seed: int, reset_ms: int) -> LossyDelivery:
    """A poll that was reset, and ballots whose calls interleave."""
    ballots = SlowBallots()
    ballots.random = random.Random(seed)  # noqa: S311 - no secret
    second = lifecycle.next_round(FIRST, reset_ms)
    changes = [
        RoundChange(at_ms=FIRST.began_at_ms, round=FIRST),
        RoundChange(at_ms=reset_ms, round=second),
    ]
    return LossyDelivery(rounds=[FIRST, second], changes=changes, ballots=ballots)


@settings(max_examples=150, deadline=None)
@given(
    seed=st.integers(0, 10_000),
    reset_s=st.integers(-90, 40),
    webhook_s=st.none() | st.integers(0, 3),
    stale_s=st.integers(0, 60),
    repetitions=st.integers(1, 3),
    reconciles=st.booleans(),
)
def test_a_text_is_counted_once_in_any_order(
    *,
    seed: int,
    reset_s: int,
    webhook_s: int | None,
    stale_s: int,
    repetitions: int,
    reconciles: bool,
) -> None:
    """The webhook with a directory up to 60 s old, the replayer in parallel, then all the rest."""
    sent = a_delivery(seed, NOON + reset_s * SECOND)
    queue = FallbackQueue(changes=sent.changes, ballots=sent.ballots)

    async def live(sid: str) -> None:
        if webhook_s is None:
            return
        at_ms = NOON + webhook_s * SECOND
        directory = History(sent.changes).directory_at(at_ms - stale_s * SECOND)
        intake = Intake(
            directory=MemoryDirectory(list(directory.rounds)),
            ballots=sent.ballots,
            clock=lambda: at_ms,
        )
        message = Message(sid=sid, sender=a_phone(), to=NUMBER, body="red")
        await intake.accept(message, pseudonyms=PSEUDONYMS)

    async def run() -> str:
        sid = await sent.text("red", 0, lost=True)
        for n in range(repetitions):
            queue.put(an_item(a_form("red", sid)), f"copy-{n}")
        queue.now_ms = NOON + 3 * SECOND
        queue.changes = [one for one in sent.changes if one.at_ms <= queue.now_ms]
        await asyncio.gather(live(sid), *(queue.replay(name) for name in list(queue.items)))
        queue.now_ms, queue.changes = NOON + 88 * SECOND, sent.changes
        left = [queue.replay(name) for name in list(queue.items)]
        await asyncio.gather(*left, *([sent.reconcile()] if reconciles else []))
        return sid

    sid = asyncio.run(run())

    assert sent.counted(sid) == 1
    assert queue.items == {}


@pytest.mark.parametrize("crash", range(6))
async def test_a_crash_at_any_write_loses_nothing(crash: int) -> None:
    """The item is delivered again, and what was written stays."""
    sent = a_delivery(0, NOON - 5 * SECOND)
    queue = FallbackQueue(changes=sent.changes, ballots=sent.ballots, now_ms=NOON + 88 * SECOND)
    sid = await sent.text("red", 0, lost=True)
    queue.put(an_item(a_form("red", sid)))
    sent.ballots.writes_left = crash

    await queue.replay()
    sent.ballots.writes_left = 1_000
    await queue.replay()

    assert (sent.counted(sid), queue.items) == (1, {})
