"""Texts of the fallback's queue: counted once, or refused for a reason."""

import json
from dataclasses import replace
from typing import Any

import pytest

from services.adapters.memory import MemoryDirectory
from services.voting import lifecycle
from services.voting.barring import bar_text, forget_votes
from services.voting.history import RoundChange
from services.voting.intake import Intake
from services.voting.message import Message
from services.voting.poll import Poll, Round
from tests.support.fallback_queue import FallbackQueue, a_form, an_item
from tests.support.polls import (
    NOON,
    NUMBER,
    PSEUDONYMS,
    a_phone,
    a_poll,
    a_round,
    a_sid,
    a_vote,
)  # fmt: skip

SECOND = 1_000
HOUR = 3_600 * SECOND
REACHED = 88 * SECOND
"""15 s of delivery, 60 s of an old directory, 3 s of handling, 10 s of margin."""

Events = list[dict[str, Any]]


def events_of(capsys: pytest.CaptureFixture[str]) -> Events:
    """What was logged since the last call."""
    return [json.loads(line) for line in capsys.readouterr().out.splitlines()]


def old_round(number: int = 1, **changes: Any) -> Round:
    """A round that began an hour before noon."""
    return replace(a_round(number, **changes), began_at_ms=NOON - HOUR)


def holders(queue: FallbackQueue, sid: str) -> list[tuple[str, int]]:
    """The board and the round of each ballot that holds a text."""
    return [
        (ballot.board, ballot.round)
        for ballot in queue.ballots.held.values()
        if any(text.sid == sid for text in ballot.texts)
    ]


async def test_a_text_is_counted_as_of_its_arrival(capsys: pytest.CaptureFixture[str]) -> None:
    """Hours later, when the poll is closed; the log has neither its words nor its number."""
    before = old_round()
    queue, sid = FallbackQueue.of(before, now_ms=NOON + 2 * HOUR), a_sid()
    closed = lifecycle.closed(before, NOON + HOUR)
    queue.changes.append(RoundChange(at_ms=NOON + HOUR, round=closed))
    queue.put(an_item(a_form("red", sid)))

    stays = await queue.replay()

    (ballot,) = queue.ballots.held.values()
    assert (stays, dict(ballot.picks), ballot.cast_at_ms) == (set(), {"RED": 1}, NOON)
    assert events_of(capsys) == [
        {
            "event": "replay.text", "outcome": "counted", "reason": None, "poll": "colors",
            "age_ms": 2 * HOUR, "receives": 1,
        }
    ]  # fmt: skip


async def test_a_text_that_is_delivered_again_changes_nothing() -> None:
    """SQS delivers at least once."""
    queue, sid = FallbackQueue.of(old_round()), a_sid()
    item = an_item(a_form("red", sid))
    queue.put(item)
    await queue.replay()
    held = dict(queue.ballots.held)

    queue.put(item)
    queue.put(item)
    await queue.replay()

    assert queue.ballots.held == held
    assert holders(queue, sid) == [("open#colors", 1)]


async def test_texts_out_of_order_take_their_places() -> None:
    """The later vote stands, although it was replayed first."""
    queue = FallbackQueue.of(old_round(), now_ms=NOON + HOUR)
    for body, at_s in (("blue", 9), ("red", 5)):
        queue.put(an_item(a_form(body, a_sid()), at_ms=str(NOON + at_s * SECOND)))
        await queue.replay()

    (ballot,) = queue.ballots.held.values()
    assert [text.choice for text in ballot.texts] == ["RED", "BLUE"]
    assert dict(ballot.picks) == {"BLUE": 1}


def certified(round: Round) -> Round:
    """The round, certified."""
    return replace(round, certified_at_ms=NOON + 1)


def expired(round: Round) -> Round:
    """The round, whose ballots may be gone."""
    return replace(round, expires_from_ms=NOON + 1)


REFUSED: dict[str, tuple[str, list[RoundChange], str]] = {
    "no choice": ("purple", [RoundChange(at_ms=0, round=old_round())], "unknown"),
    "a carrier's word": ("STOP", [RoundChange(at_ms=0, round=old_round())], "reserved"),
    "no poll": ("red", [], "no_poll"),
    "closed": (
        "red", [RoundChange(at_ms=0, round=lifecycle.closed(old_round(), NOON - HOUR))], "closed"
    ),
    "older than the log": ("red", [RoundChange(at_ms=NOON + 1, round=old_round())], "before_log"),
    "certified": (
        "red",
        [
            RoundChange(at_ms=0, round=old_round()),
            RoundChange(at_ms=NOON + 1, round=certified(old_round())),
        ],
        "certified",
    ),
    "certified after a reset": (
        "red",
        [
            RoundChange(at_ms=0, round=old_round()),
            RoundChange(at_ms=NOON + HOUR, round=lifecycle.next_round(old_round(), NOON + HOUR)),
            RoundChange(at_ms=NOON + HOUR + 1, round=certified(old_round())),
        ],
        "certified",
    ),
    "expired": (
        "red",
        [
            RoundChange(at_ms=0, round=old_round()),
            RoundChange(at_ms=NOON + HOUR, round=expired(old_round())),
        ],
        "expired",
    ),
    "not listed": ("red", [RoundChange(at_ms=0, round=old_round(phones=True))], "unlisted"),
}  # fmt: skip


@pytest.mark.parametrize("name", REFUSED)
async def test_what_is_no_vote_is_refused_with_its_reason(
    name: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """And leaves the queue."""
    body, changes, reason = REFUSED[name]
    queue = FallbackQueue(changes=changes, now_ms=NOON + 2 * HOUR)
    queue.put(an_item(a_form(body, a_sid())))

    stays = await queue.replay()

    (event,) = events_of(capsys)
    assert (event["outcome"], event["reason"]) == ("refused", reason)
    assert (stays, queue.ballots.held) == (set(), {})


@pytest.mark.parametrize(("since", "outcome"), [(NOON, "counted"), (NOON + 1, "refused")])
async def test_a_phone_must_have_been_listed_when_the_text_arrived(
    since: int, outcome: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """Whatever the list says when it is replayed."""
    phone_id = PSEUDONYMS.allow_list_id("colors", a_phone())
    queue = FallbackQueue.of(old_round(phones=True), now_ms=NOON + HOUR, listed={(phone_id, since)})
    queue.put(an_item(a_form("red", a_sid())))

    await queue.replay()

    assert events_of(capsys)[0]["outcome"] == outcome


async def test_a_signed_form_without_a_sid_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    """Twilio has signed it, so it is not forged."""
    form = a_form("red", a_sid())
    del form["MessageSid"]
    queue = FallbackQueue.of(old_round())
    queue.put(an_item(form))

    stays = await queue.replay()

    text, malformed = events_of(capsys)
    assert (stays, text["reason"], malformed["event"]) == (set(), "malformed", "replay.malformed")


def after_reset(at_ms: int) -> FallbackQueue:
    """A poll that was reset at a time."""
    first = old_round()
    queue = FallbackQueue.of(first)
    queue.changes.append(RoundChange(at_ms=at_ms, round=lifecycle.next_round(first, at_ms)))
    return queue


@pytest.mark.parametrize(
    ("reset_s", "waits"),
    [(-86, False), (-84, True), (0, True), (25, True), (27, False)],
)
async def test_near_a_change_a_text_waits_until_no_attempt_can_be_in_flight(
    reset_s: int, *, waits: bool, capsys: pytest.CaptureFixture[str]
) -> None:
    """An attempt may be 15 s older, its directory 60 s, and clocks may differ by 10 s."""
    queue, sid = after_reset(NOON + reset_s * SECOND), a_sid()
    queue.now_ms = NOON + 30 * SECOND
    queue.put(an_item(a_form("red", sid)), "near")

    stays = await queue.replay()

    assert stays == ({"near"} if waits else set())
    assert len(holders(queue, sid)) == (not waits)
    assert events_of(capsys)[0]["outcome"] == ("waiting" if waits else "counted")
    if waits:
        assert queue.delays == {"near": 59}


@pytest.mark.parametrize(("reset_s", "round"), [(-5, 2), (5, 1)])
async def test_then_it_is_counted_in_the_round_of_its_time_only(reset_s: int, round: int) -> None:
    """And barred from the other one, where a late write would fail."""
    queue, sid = after_reset(NOON + reset_s * SECOND), a_sid()
    queue.put(an_item(a_form("red", sid)))

    queue.now_ms = NOON + REACHED - 1
    early = await queue.replay()
    queue.now_ms = NOON + REACHED
    stays = await queue.replay()

    assert (len(early), stays) == (1, set())
    assert holders(queue, sid) == [("open#colors", round)]
    assert len(queue.ballots.held) == 2


async def test_a_text_that_another_round_holds_is_not_counted_again(
    capsys: pytest.CaptureFixture[str],
) -> None:
    """An attempt with an old directory has counted it before the reset was known."""
    queue, sid = after_reset(NOON - 5 * SECOND), a_sid()
    await webhook(queue, sid, "red", directory_at=NOON - 6 * SECOND, now_ms=NOON)
    queue.put(an_item(a_form("red", sid)))
    queue.now_ms = NOON + REACHED

    stays = await queue.replay()

    assert (stays, holders(queue, sid)) == (set(), [("open#colors", 1)])
    assert events_of(capsys)[0]["outcome"] == "present"


@pytest.mark.parametrize(
    ("expires_ms", "outcome", "reason"),
    [(NOON + REACHED, "refused", "expired"), (NOON + REACHED + 1, "counted", None)],
)
async def test_a_text_that_an_expired_ballot_may_have_held_is_refused(
    expires_ms: int, outcome: str, reason: str | None, capsys: pytest.CaptureFixture[str]
) -> None:
    """Near the reset it may have been counted in the round before."""
    queue = after_reset(NOON - 5 * SECOND)
    past = replace(old_round(), expires_from_ms=expires_ms)
    queue.changes.append(RoundChange(at_ms=NOON, round=past))
    queue.put(an_item(a_form("red", a_sid())))
    queue.now_ms = NOON + REACHED

    await queue.replay()

    (text,) = events_of(capsys)
    assert (text["outcome"], text["reason"], text["poll"]) == (outcome, reason, "colors")


async def webhook(
    queue: FallbackQueue, sid: str, body: str, *, directory_at: int, now_ms: int
) -> None:
    """Let the webhook accept a text, with the directory of a time."""
    from services.voting.history import History

    directory = History(queue.changes).directory_at(directory_at)
    intake = Intake(
        directory=MemoryDirectory(list(directory.rounds)),
        ballots=queue.ballots,
        clock=lambda: now_ms,
    )
    message = Message(sid=sid, sender=a_phone(), to=NUMBER, body=body)
    await intake.accept(message, pseudonyms=PSEUDONYMS)


@pytest.mark.parametrize(("now_ms", "waits"), [(NOON + REACHED - 1, True), (NOON + REACHED, False)])
async def test_a_bar_in_its_own_round_is_respected(now_ms: int, *, waits: bool) -> None:
    """Who has set it counts the text in another round; at first it may be a change yet unknown."""
    round, sid = old_round(), a_sid()
    queue = FallbackQueue.of(round, now_ms=now_ms)
    barred = bar_text(round, None, a_vote("RED", sid=sid))
    queue.ballots.held[barred.pk, barred.sk] = barred
    queue.put(an_item(a_form("red", sid)))

    stays = await queue.replay()

    assert bool(stays) is waits
    assert list(queue.delays.values()) == ([1] if waits else [])
    assert holders(queue, sid) == []


async def test_a_forgotten_voter_stays_forgotten(capsys: pytest.CaptureFixture[str]) -> None:
    """The text arrived before the erasure."""
    queue, sid = FallbackQueue.of(old_round(), now_ms=NOON + HOUR), a_sid()
    queue.put(an_item(a_form("red", a_sid())))
    await queue.replay()
    (key,) = queue.ballots.held
    queue.ballots.held[key] = forget_votes(queue.ballots.held[key], NOON + HOUR)
    queue.put(an_item(a_form("blue", sid)))

    await queue.replay()

    assert events_of(capsys)[-1]["reason"] == "forgotten"
    assert holders(queue, sid) == []


def another_poll(**changes: Any) -> Poll:
    """A poll with other choices."""
    return replace(a_poll(**changes), id="others", keyword="other")


async def test_a_change_of_another_poll_delays_no_text() -> None:
    """The text cannot have been meant for it."""
    other = replace(old_round(), poll=another_poll())
    queue = FallbackQueue.of(old_round(), other)
    queue.changes.append(RoundChange(at_ms=NOON - 1, round=lifecycle.next_round(other, NOON - 1)))
    queue.put(an_item(a_form("red", a_sid())))

    assert await queue.replay() == set()
