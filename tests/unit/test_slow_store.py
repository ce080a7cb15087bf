"""A store that answers late: a 503 while Twilio still waits, and never its own timeout."""

from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode

import httpx
import pytest

from services.adapters.memory import MemoryBallots, MemoryDirectory
from services.adapters.secrets import Secrets
from services.adapters.ttl_cache import CachedAwaitable
from services.voting.ballot import Ballot
from services.voting.intake import Intake
from services.webhook.app import create_app
from services.webhook.routes import Dependencies
from tests.support.loop_clock import LoopClock, stop_loop_clock
from tests.support.polls import NOON, PEPPER, a_round
from tests.support.webhook import BASE_URL, TOKEN, signed, twilio_form


@dataclass
class SlowBallots(MemoryBallots):
    """Takes so many seconds to store a ballot."""

    clock: LoopClock = field(default_factory=LoopClock)
    seconds: float = 0

    async def create(self, ballot: Ballot) -> bool:
        """Wait, then store."""
        await self.clock.pass_by(self.seconds)
        return await MemoryBallots.create(self, ballot)


def webhook(clock: LoopClock, *, secrets_take: float = 0, store_takes: float = 0) -> Any:
    """A webhook whose secrets and whose store take their time."""

    async def read_secrets() -> Secrets:
        await clock.pass_by(secrets_take)
        return Secrets(TOKEN, PEPPER)

    secrets: Any = CachedAwaitable(read_secrets, seconds=60)
    return create_app(
        Dependencies(
            intake=Intake(
                directory=MemoryDirectory([a_round()]),
                ballots=SlowBallots(clock=clock, seconds=store_takes),
                clock=lambda: NOON,
            ),
            secrets=secrets,
            probes={"votes": lambda: clock.pass_by(store_takes)},
            public_base_url=BASE_URL,
        )
    )


async def text(app: Any) -> httpx.Response:
    """One signed text."""
    form = twilio_form("red")
    transport = httpx.ASGITransport(app)
    async with httpx.AsyncClient(transport=transport, base_url=BASE_URL) as client:
        return await client.post("/sms", content=urlencode(form), headers=signed(form))


@pytest.mark.parametrize("slow", ["secrets_take", "store_takes"])
@pytest.mark.parametrize(("seconds", "status"), [(2.9, 200), (3.1, 503)])
async def test_a_text_is_given_up_after_three_seconds(
    monkeypatch: pytest.MonkeyPatch, slow: str, seconds: float, status: int
) -> None:
    """Twilio waits 3.2 s: the 503 arrives in time, and says when to try again."""
    clock = stop_loop_clock(monkeypatch)

    answer = await text(webhook(clock, **{slow: seconds}))

    assert answer.status_code == status
    assert answer.headers.get("retry-after") == ("2" if status == 503 else None)


async def test_secrets_and_store_share_the_three_seconds(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each alone would be in time."""
    clock = stop_loop_clock(monkeypatch)

    answer = await text(webhook(clock, secrets_take=2, store_takes=2))

    assert answer.status_code == 503


@pytest.mark.parametrize(("seconds", "verdict"), [(2.9, "ok"), (3.1, "no answer")])
async def test_a_table_that_takes_over_three_seconds_does_not_answer(
    monkeypatch: pytest.MonkeyPatch, seconds: float, verdict: str
) -> None:
    """A load balancer waits five."""
    app = webhook(stop_loop_clock(monkeypatch), store_takes=seconds)
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url=BASE_URL) as client:
        answer = await client.get("/health")

    assert answer.json()["tables"] == {"votes": verdict}
