"""Deliveries of a text race with each other and with changes of their polls."""

import asyncio
import random
from collections.abc import Callable
from dataclasses import dataclass, field

import pytest

from services.adapters.memory import MemoryBallots
from services.voting import lifecycle
from services.voting.ballot import Ballot, OutcomeKind
from services.voting.intake import IntakeResult
from services.voting.message import Message
from services.voting.poll import Choice, Policy, State
from tests.support.intake_harness import IntakeHarness
from tests.support.polls import NOON, a_poll, a_text
from tests.support.round_changes import ROUND_CHANGES, RoundChange, old_round


@dataclass
class SlowBallots(MemoryBallots):
    """Ballots that delay the writes of one text to the first round."""

    held_back: str = ""
    gate: asyncio.Event = field(default_factory=asyncio.Event)
    reached: asyncio.Event = field(default_factory=asyncio.Event)

    async def create(self, ballot: Ballot) -> bool:
        """Wait at the gate, then store."""
        await self._wait(ballot)
        return await MemoryBallots.create(self, ballot)

    async def replace(self, ballot: Ballot, *, expected: int) -> bool:
        """Wait at the gate, then rewrite."""
        await self._wait(ballot)
        return await MemoryBallots.replace(self, ballot, expected=expected)

    async def _wait(self, ballot: Ballot) -> None:
        if ballot.round == 1 and self.held_back in [accepted.sid for accepted in ballot.texts]:
            self.reached.set()
            await self.gate.wait()


@pytest.mark.parametrize("voted_before", [False, True])
async def test_a_write_that_lands_after_its_text_was_counted_elsewhere_counts_nothing(
    voted_before: bool,  # noqa: FBT001
) -> None:
    """It finds a ballot that bars the text, and only one reply is sent."""
    ballots = SlowBallots()
    harness = IntakeHarness([old_round()], ballots=ballots, now_ms=NOON - 3)
    if voted_before:
        await harness.say("green")
    text = a_text("red")
    ballots.held_back = text.sid
    late = asyncio.ensure_future(harness.take(text))
    await ballots.reached.wait()
    harness.rounds, harness.now_ms = [lifecycle.next_round(harness.rounds[0], NOON)], NOON + 2
    again = await harness.take(text)
    ballots.gate.set()
    first = await late

    assert (again.outcome.kind, again.outcome.choice) == (OutcomeKind.ACCEPTED, "RED")
    assert (first.outcome.kind, first.reply) == (OutcomeKind.BARRED, None)
    assert harness.counted(text.sid) == 1


async def test_a_write_that_lands_first_is_the_vote_and_gives_the_reply() -> None:
    """The second delivery finds it in the previous round, and counts nothing."""
    harness = IntakeHarness([old_round()], now_ms=NOON - 3)
    text = a_text("red")
    first = await harness.take(text)
    harness.rounds, harness.now_ms = [lifecycle.next_round(harness.rounds[0], NOON)], NOON + 2

    assert await harness.take(text) == first
    assert harness.counted(text.sid) == 1


@dataclass
class HookedBallots(MemoryBallots):
    """Ballots that run a callback after a ballot was not found."""

    meanwhile: list[Callable[[], None]] = field(default_factory=list)

    async def find(self, pk: str, sk: str) -> Ballot | None:
        """Find, then let it happen."""
        found = await MemoryBallots.find(self, pk, sk)
        if found is None and self.meanwhile:
            self.meanwhile.pop()()
        return found


async def test_a_write_that_lands_while_its_text_is_read_again_gives_its_own_rounds_reply() -> None:
    """The reply is that of the poll that counted the text."""
    trees = (Choice(key="OAK", label="Oak"), Choice(key="ASH", label="Ash"))
    heats = [
        old_round(a_poll(id="h1", closes_at_ms=NOON, reply_texts={"accepted": "Heat 1: {choice}"})),
        old_round(a_poll(id="h2", opens_at_ms=NOON, choices=trees)),
    ]
    ballots = HookedBallots()
    harness = IntakeHarness(heats, ballots=ballots, now_ms=NOON - 3)
    text = a_text("1")
    first = await harness.take(text)
    completed = dict(ballots.held)
    ballots.held.clear()
    ballots.meanwhile = [lambda: ballots.held.update(completed)]
    harness.now_ms = NOON + 2

    assert first.reply == "Heat 1: Red"
    assert await harness.take(text) == first
    assert harness.counted(text.sid) == 1


@pytest.mark.parametrize(("later_ms", "written"), [(73_000, True), (73_001, False)])
async def test_a_round_in_which_no_text_can_land_is_not_written_to(
    later_ms: int,
    written: bool,  # noqa: FBT001
) -> None:
    """The round may be certified already."""
    closed = lifecycle.closed(old_round(a_poll(id="old")), NOON)
    opened = lifecycle.opened(old_round(state=State.CLOSED), NOON + later_ms)
    harness = IntakeHarness([closed, opened], now_ms=NOON + later_ms)
    await harness.say("red")

    assert any(pk.startswith("old:") for pk, _ in harness.ballots.held) is written


@dataclass
class ShuffledBallots(MemoryBallots):
    """Ballots whose calls have random delays before and after them."""

    draw: random.Random = field(default_factory=random.Random)

    async def create(self, ballot: Ballot) -> bool:
        """Some time later."""
        await self._pause()
        created = await MemoryBallots.create(self, ballot)
        await self._pause()
        return created

    async def find(self, pk: str, sk: str) -> Ballot | None:
        """Some time later."""
        await self._pause()
        found = await MemoryBallots.find(self, pk, sk)
        await self._pause()
        return found

    async def replace(self, ballot: Ballot, *, expected: int) -> bool:
        """Some time later."""
        await self._pause()
        replaced = await MemoryBallots.replace(self, ballot, expected=expected)
        await self._pause()
        return replaced

    async def _pause(self) -> None:
        for _ in range(self.draw.randrange(5)):
            await asyncio.sleep(0)


@pytest.mark.parametrize("policy", list(Policy))
async def test_however_deliveries_of_a_text_race_across_a_turn_it_counts_once(
    policy: Policy,
) -> None:
    """Three deliveries of each of three texts of one phone, before and after the change."""
    for seed in range(150):
        draw = random.Random(seed)  # noqa: S311 - a repeatable race
        change = ROUND_CHANGES[draw.choice([name for name in ROUND_CHANGES if "reset" in name])]
        poll = a_poll(policy=policy, limit=4 if policy is Policy.EACH else 1)
        harness = IntakeHarness(
            [old_round(poll)], ballots=ShuffledBallots(draw=draw), now_ms=NOON - 1
        )
        texts = [a_text(draw.choice(["red", "green", "blue"])) for _ in range(3)]
        replies = await race(harness, texts * 3, change, draw)
        accepted = {
            text.sid
            for text, answer in replies
            if answer.outcome.kind in {OutcomeKind.ACCEPTED, OutcomeKind.CHANGED, OutcomeKind.SAME}
        }

        assert all(harness.counted(text.sid) <= 1 for text in texts), seed
        assert {text.sid for text in texts if harness.counted(text.sid)} == accepted, seed


async def race(
    harness: IntakeHarness, texts: list[Message], change: RoundChange, draw: random.Random
) -> list[tuple[Message, IntakeResult]]:
    """Deliver texts concurrently, with the change at a random point."""
    draw.shuffle(texts)
    before = draw.randrange(len(texts))
    under_way = [asyncio.ensure_future(harness.take(text)) for text in texts[:before]]
    for _ in range(draw.randrange(6)):
        await asyncio.sleep(0)
    harness.rounds, harness.now_ms = [change(harness.rounds[0])], NOON + 1
    under_way += [asyncio.ensure_future(harness.take(text)) for text in texts[before:]]
    return list(zip(texts, await asyncio.gather(*under_way), strict=True))
