"""The demo's line stays true for a day, and across every close, opening and reset."""

import asyncio
import random
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from itertools import pairwise

import pytest

from services.adapters.memory import MemoryBallots
from services.tools.phones import crowd as crowds
from services.tools.phones.crowd import Crowd, texted_choices
from services.tools.phones.delivery import WebhookReply
from services.tools.phones.expectation import Expectation
from services.tools.phones.sms import SimulatedText, TextKind
from services.voting.ballot import OutcomeKind as Received
from services.voting.directory import Directory
from services.voting.identity import Pseudonyms
from services.voting.intake import Intake
from services.voting.message import Message
from services.voting.poll import Policy, Round, State
from tests.support.polls import NOON, NUMBER, a_poll, a_round

NOON_SECONDS = NOON / 1000
SEEDS = range(24)


def answered(text: SimulatedText, at: float) -> WebhookReply:
    """A text that was accepted, at a time in seconds."""
    return WebhookReply(text=text, status=200, body="", sent_at=at, answered_at=at)


class Webhook:
    """The real intake on a directory that it reads again when its copy is 3 s old."""

    def __init__(self, round: Round) -> None:
        self.round = round
        self.now = NOON_SECONDS
        self.ballots = MemoryBallots()
        self._copy = (self.now, Directory((round,)))
        self._intake = Intake(directory=self, ballots=self.ballots, clock=self.now_ms)

    def now_ms(self) -> int:
        """Return the time."""
        return int(self.now * 1000)

    async def current(self) -> Directory:
        """Return the cached directory."""
        if self.now - self._copy[0] >= 3:
            self._copy = (self.now, Directory((self.round,)))
        return self._copy[1]

    async def answer(self, text: SimulatedText) -> Received:
        """Accept a text."""
        message = Message(sid=text.sid, sender=text.sender, to=text.to, body=text.body)
        return (await self._intake.accept(message, pseudonyms=Pseudonyms(b"pepper"))).outcome.kind

    @property
    def counted(self) -> Counter[str]:
        """The votes of the current round."""
        ballots = self.ballots.ballots(self.round)
        return sum((Counter(ballot.picks) for ballot in ballots), Counter())


def a_crowd(seed: int = 7, votes_per_phone: int | None = 20) -> Crowd:
    """A crowd for three colours."""
    choices = texted_choices(a_poll())
    return Crowd(choices, to=NUMBER, seed=seed, votes_per_phone=votes_per_phone)


def closed(round: Round, now_ms: int) -> Round:
    """By the operator."""
    return replace(round, state=State.CLOSED, state_at_ms=now_ms)


def opened(round: Round, now_ms: int) -> Round:
    """By the operator."""
    return replace(round, state=State.OPEN, state_at_ms=now_ms)


def reset(round: Round, now_ms: int) -> Round:
    """Start the next round; it stays open or closed."""
    return replace(round, number=round.number + 1, began_at_ms=now_ms)


def relabelled(round: Round, now_ms: int) -> Round:
    """By `voteapp poll apply`, while people vote: other words for the same choices."""
    choices = tuple(
        replace(choice, label=f"No. {place} of {now_ms}")
        for place, choice in enumerate(round.poll.choices, 1)
    )
    return replace(round, poll=replace(round.poll, choices=choices))


async def simulate_operator(seed: int) -> tuple[Counter[str], Counter[str], Webhook]:
    """Run a crowd while an operator changes the poll; return expected and counted votes.

    20 texts a second, answered up to 0.4 s late; a look at the directory every half second.
    """
    draw = random.Random(seed)  # noqa: S311 - a game, repeatable
    webhook = Webhook(a_round())
    crowd = a_crowd(seed)
    expectation = Expectation(crowd)
    under_way: dict[str, WebhookReply] = {}
    words = [draw.choice([closed, opened, reset, relabelled]) for _ in range(7)] + [opened]
    times = sorted(NOON_SECONDS + draw.uniform(1, 30) for _ in words)
    look_at, end = NOON_SECONDS + draw.uniform(0, 0.5), times[-1] + 14
    while webhook.now < end or under_way:
        webhook.now += 0.05
        if times and webhook.now >= times[0]:
            times.pop(0)
            webhook.round = words.pop(0)(webhook.round, webhook.now_ms())
        if webhook.now >= look_at:
            look_at += 0.5
            expectation.update_round(webhook.round, webhook.now)
        for sender in [s for s, one in under_way.items() if one.answered_at <= webhook.now]:
            expectation.add_reply(under_way.pop(sender))
        texting = expectation.may_text(webhook.now, in_flight=len(under_way))
        if texting and webhook.now < end:
            text = crowd.next()
            if text.sender in under_way:  # a person waits for the reply
                expectation.add_reply(replace(under_way.pop(text.sender), answered_at=webhook.now))
            await webhook.answer(text)
            late = webhook.now + draw.uniform(0.01, 0.4)
            under_way[text.sender] = answered(text, late)
    return expectation.tally(), webhook.counted, webhook


@pytest.mark.parametrize("seed", SEEDS)
def test_whatever_the_operator_does_what_is_expected_is_what_is_counted(seed: int) -> None:
    """Closes, openings, resets and other words, each obeyed up to 3 s late."""
    expected, counted, webhook = asyncio.run(simulate_operator(seed))

    assert expected == counted
    assert counted.total() > 30
    assert max(len(ballot.texts) for ballot in webhook.ballots.held.values()) <= 20


def test_after_a_reset_the_count_begins_anew_and_so_does_the_crowd() -> None:
    """The phones wait until the new round is known everywhere; then the same ones vote again."""
    crowd = a_crowd()
    expectation = Expectation(crowd)
    expectation.update_round(a_round(), 100.0)
    first = crowd.make(TextKind.NEW)
    expectation.add_reply(answered(first, 100.1))
    expectation.update_round(a_round(), 100.5)
    expectation.update_round(a_round(number=2), 101.0)

    assert expectation.tally() == {}
    assert not expectation.may_text(105.9, in_flight=0)
    assert not expectation.may_text(106.0, in_flight=1)
    assert expectation.may_text(106.0, in_flight=0)
    assert crowd.make(TextKind.NEW).sender == first.sender


def test_a_phone_whose_text_fell_into_the_reset_votes_again_first() -> None:
    """It may be in either round; the later text decides."""
    crowd = a_crowd()
    expectation = Expectation(crowd)
    expectation.update_round(a_round(), 100.0)
    sure, unsure, late = (crowd.make(TextKind.NEW) for _ in range(3))
    expectation.add_reply(answered(sure, 100.1))
    expectation.update_round(a_round(), 100.5)
    expectation.add_reply(answered(unsure, 100.6))
    expectation.update_round(a_round(number=2), 101.0)
    expectation.add_reply(answered(late, 101.2))
    assert expectation.may_text(107.0, in_flight=0)

    assert [crowd.next().sender for _ in range(2)] == [unsure.sender, late.sender]


def test_while_voting_is_closed_nobody_texts() -> None:
    """What would be refused is not expected either."""
    crowd = a_crowd()
    expectation = Expectation(crowd)
    expectation.update_round(closed(a_round(), NOON), NOON_SECONDS)

    assert expectation.is_waiting
    assert not expectation.may_text(NOON_SECONDS + 3600, in_flight=0)


def texted(crowd: Crowd, count: int) -> Iterator[SimulatedText]:
    """So many texts of a crowd."""
    for _ in range(count):
        yield crowd.next()


@pytest.mark.parametrize("seed", range(40))
def test_no_phone_ever_texts_more_votes_than_its_ballot_holds(
    seed: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Sixty phones instead of ninety thousand: a day of demo in two thousand texts."""
    monkeypatch.setattr(crowds, "PHONES", 60)
    monkeypatch.setattr(crowds, "MAX_REMEMBERED", 50)
    texts = list(texted(a_crowd(seed), 2_000))
    votes = Counter(text.sender for text in texts if text.kind in {TextKind.NEW, TextKind.CHANGED})

    assert set(votes.values()) == {20}
    assert len(votes) == 60
    assert {text.kind for text in texts[-200:]} == {
        TextKind.REDELIVERED,
        TextKind.UNKNOWN,
        TextKind.RESERVED,
    }


def test_the_crowd_of_a_day_is_counted_exactly_all_the_time(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Through the real intake: none of its votes is refused."""
    monkeypatch.setattr(crowds, "PHONES", 60)
    webhook, crowd = Webhook(a_round()), a_crowd(seed=2015)
    expectation = Expectation(crowd)

    async def day() -> list[Received]:
        received = []
        for text in texted(crowd, 2_500):
            received.append(await webhook.answer(text))
            expectation.add_reply(answered(text, webhook.now))
            assert expectation.tally() == webhook.counted
        return received

    assert Received.LIMIT not in asyncio.run(day())


def test_a_crowd_keeps_to_the_limit_of_its_poll() -> None:
    """Under `each` a ballot holds the poll's own number of votes."""
    three = a_poll(policy=Policy.EACH, limit=3)

    assert (crowds.votes_per_phone(three), crowds.votes_per_phone(a_poll())) == (3, 20)


def test_a_phone_without_a_vote_left_lets_another_one_vote() -> None:
    """Where it was to change its vote."""
    crowd = a_crowd(votes_per_phone=1)
    senders = [
        crowd.make(TextKind.NEW).sender,
        *(crowd.make(TextKind.CHANGED).sender for _ in range(9)),
    ]

    assert all(one != other for one, other in pairwise(senders))
    assert len(set(senders)) == 10
