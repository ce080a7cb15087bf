"""Batches of the fallback's queue: what stays in it, for how long, and why."""

import json
from dataclasses import replace
from typing import Any

import pytest

from lambdas.replayer.batch import TokenNotSetError
from services.adapters.memory import MemoryBallots
from services.adapters.secrets import Secrets
from services.adapters.ttl_cache import Cached
from services.voting.ballot import Ballot
from services.voting.errors import StoreUnavailableError
from tests.support.fallback_queue import FallbackQueue, a_form, an_item
from tests.support.polls import NOON, PEPPER, a_round, a_sid
from tests.support.webhook import TOKEN

ROUND = replace(a_round(), began_at_ms=NOON - 3_600_000)


class BrokenBallots(MemoryBallots):
    """Ballots of which the first write fails."""

    def __init__(self, error: Exception) -> None:
        super().__init__()
        self.error = error
        self.writes = 0

    async def create(self, ballot: Ballot) -> bool:
        """Fail at the first write, then work."""
        self.writes += 1
        if self.writes == 1:
            raise self.error
        return await MemoryBallots.create(self, ballot)


def a_queue(**changes: Any) -> FallbackQueue:
    """A queue with two texts."""
    queue = FallbackQueue.of(ROUND, **changes)
    for phone in range(2):
        queue.put(an_item(a_form("red", a_sid(), phone=phone)), f"item-{phone}")
    return queue


def events(capsys: pytest.CaptureFixture[str]) -> list[str]:
    """The names of the logged events."""
    return [json.loads(line)["event"] for line in capsys.readouterr().out.splitlines()]


@pytest.mark.parametrize(
    ("receives", "seconds"),
    [(1, 30), (2, 60), (3, 120), (4, 240), (5, 480), (6, 900), (7, 900), (400, 900)],
)
async def test_an_outage_of_the_store_puts_every_text_back_for_longer_and_longer(
    receives: int, seconds: int, capsys: pytest.CaptureFixture[str]
) -> None:
    """The queue keeps them until it is over."""
    queue = a_queue(is_history_down=True)
    queue.receives = dict.fromkeys(queue.receives, receives - 1)

    stays = await queue.replay()

    assert stays == {"item-0", "item-1"}
    assert queue.delays == {"item-0": seconds, "item-1": seconds}
    assert events(capsys) == ["replay.unavailable"] * 2


async def test_the_log_says_why_a_text_went_back_how_often_and_for_how_long(
    capsys: pytest.CaptureFixture[str],
) -> None:
    """By the kind of the error only: its text might hold a part of the item."""
    queue = a_queue(is_history_down=True)

    def refuse(_receipt: str, _seconds: int) -> None:
        raise ConnectionError("no route")

    await queue.replay("item-1")
    await queue.replay("item-1", delay=refuse)

    assert [json.loads(line) for line in capsys.readouterr().out.splitlines()] == [
        {
            "event": "replay.unavailable", "error": "StoreUnavailableError",
            "receives": 1, "seconds": 30,
        },
        {
            "event": "replay.unavailable", "error": "StoreUnavailableError",
            "receives": 2, "seconds": 60,
        },
        {"event": "replay.delay_failed", "error": "ConnectionError"},
    ]  # fmt: skip


async def test_the_log_says_what_became_of_a_text_and_how_old_it_was(
    capsys: pytest.CaptureFixture[str],
) -> None:
    """A text that is refused because of its form is of no poll."""
    queue = FallbackQueue.of(ROUND, now_ms=NOON + 5_000)
    queue.put(an_item(a_form("red", a_sid())), "good")
    await queue.replay()
    queue.put(an_item({"Body": "red"}), "bad")
    await queue.replay()

    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    common = {"event": "replay.text", "age_ms": 5_000, "receives": 1}
    assert [line for line in lines if line["event"] == "replay.text"] == [
        {**common, "outcome": "counted", "reason": None, "poll": "colors"},
        {**common, "outcome": "refused", "reason": "malformed", "poll": None},
    ]
    assert lines[-1]["reason"] == "MessageSid: missing: every text of Twilio's has one"


def test_a_missing_token_is_an_outage() -> None:
    """Its error says what could not be done."""
    assert str(TokenNotSetError()).startswith("verifying a signature without Twilio's auth token: ")
    assert isinstance(TokenNotSetError(), StoreUnavailableError)


async def test_after_the_outage_both_are_counted() -> None:
    """As of their arrival."""
    queue = a_queue(is_history_down=True)
    await queue.replay()
    queue.is_history_down = False

    assert await queue.replay() == set()
    assert [ballot.cast_at_ms for ballot in queue.ballots.held.values()] == [NOON, NOON]


@pytest.mark.parametrize(
    ("error", "seconds", "event"),
    [
        (StoreUnavailableError("GetItem"), 30, "replay.unavailable"),
        (TimeoutError(), 30, "replay.unavailable"),
        (RuntimeError("a fault of ours"), 60, "replay.failed"),
    ],
)
async def test_a_text_that_fails_comes_back_alone(
    error: Exception, seconds: int, event: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """A fault of the program comes back at a constant pace, so that it ends in the dead letters."""
    queue = a_queue(ballots=BrokenBallots(error))
    queue.receives = dict.fromkeys(queue.receives, 0)

    (left,) = await queue.replay()

    assert queue.delays == {left: seconds}
    assert sorted(events(capsys)) == sorted([event, "replay.text"])
    assert len(queue.ballots.held) == 1


async def test_without_a_token_nothing_is_called_forged(
    capsys: pytest.CaptureFixture[str],
) -> None:
    """It cannot be told yet."""
    queue = a_queue(token="")

    assert await queue.replay() == {"item-0", "item-1"}
    assert events(capsys) == ["replay.unavailable"] * 2


async def test_a_forged_text_is_dropped_and_the_rest_is_counted(
    capsys: pytest.CaptureFixture[str],
) -> None:
    """Neither its words nor its number are logged."""
    queue, sid = a_queue(), a_sid()
    form = a_form("red", sid, phone=7)
    queue.put(an_item(form, signature="bm90IHRoaXM="), "forged")

    stays = await queue.replay()

    said = capsys.readouterr().out
    assert stays == set()
    assert len(queue.ballots.held) == 2
    assert '{"event": "replay.forged", "reason": "signature"}' in said
    assert sid not in said
    assert form["From"] not in said


@pytest.mark.parametrize(
    ("held", "age_s", "loads", "counted"),
    [
        ("current", 59, 1, 2),  # every signature is right
        ("former", 4, 1, 0),  # forged, as far as the newest secret says
        ("former", 5, 2, 2),  # the token was changed after the secret was read
    ],
)
async def test_a_signature_that_is_wrong_is_held_against_the_newest_token(
    held: str, age_s: int, loads: int, counted: int
) -> None:
    """So a changed token costs no text, and forged ones cost a read every five seconds at most."""
    queue, now, tokens = a_queue(), [0.0], ["former", TOKEN] if held == "former" else [TOKEN]
    read: list[str] = []

    def load() -> Secrets:
        read.append(tokens[min(len(read), len(tokens) - 1)])
        return Secrets(read[-1], PEPPER)

    secrets = Cached(load, seconds=60, monotonic=lambda: now[0])
    await secrets.current()
    now[0] = age_s

    await queue.replay(secrets=secrets)

    assert len(read) == loads
    assert len(queue.ballots.held) == counted


async def test_an_item_whose_delay_fails_comes_back_all_the_same(
    capsys: pytest.CaptureFixture[str],
) -> None:
    """After the visibility timeout of the queue."""
    queue = a_queue(is_history_down=True)

    def refuse(_receipt: str, _seconds: int) -> None:
        raise ConnectionError

    stays = await queue.replay(delay=refuse)

    assert stays == {"item-0", "item-1"}
    assert events(capsys).count("replay.delay_failed") == 2


async def test_forged_items_cost_no_read_of_the_polls() -> None:
    """The history is not read for them."""
    queue = FallbackQueue.of(ROUND, is_history_down=True)
    queue.put(an_item(a_form("red", a_sid()), signature="bm90IHRoaXM="))

    assert await queue.replay() == set()
