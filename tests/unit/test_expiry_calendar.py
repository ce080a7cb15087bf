"""Whatever operators do over weeks, nobody votes twice because a ballot has expired."""

import random
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field, replace
from functools import partial

from services.polls.definition import parse_poll
from services.tools.replay.lifecycle.polls import SimulatedPolls
from services.voting import lifecycle
from services.voting.ballot import Ballot, Vote, cast
from services.voting.errors import VotingError
from services.voting.poll import Phase, Poll, Round
from tests.support.polls import NOON

HOUR = 3_600_000
DAY = 86_400_000


@dataclass
class Calendar:
    """Polls in memory over several days, with a history of all written ballots."""

    draw: random.Random
    now_ms: int = NOON
    written: dict[tuple[int, str], list[Ballot]] = field(default_factory=dict)
    """By round and voter."""

    def __post_init__(self) -> None:
        self.polls = SimulatedPolls(clock=lambda: self.now_ms)
        self.apply()

    def apply(self) -> None:
        """Apply a poll file with a random closing time and retention."""
        closes = self.draw.choice([None, self.draw.randrange(-DAY, 6 * DAY)])
        self.polls.apply([self._poll(closes)], begun=self.has_begun)

    def _poll(self, closes: int | None) -> Poll:
        days = self.draw.choice([1, 2, 5])
        text = f'question = "?"\npolicy = "first"\nretention_days = {days}\n'
        text += '[[choices]]\nkey = "RED"\nlabel = "R"\n[[choices]]\nkey = "BLUE"\nlabel = "B"\n'
        poll = parse_poll(text, source="colors.toml")
        return replace(poll, closes_at_ms=None if closes is None else self.now_ms + closes)

    def has_begun(self, round: Round) -> bool:
        """Whether anybody has voted."""
        return any(number == round.number for number, _ in self.written)

    def current_round(self) -> Round:
        """The current round."""
        return self.polls.entry("colors").round

    def text(self) -> None:
        """Cast a vote of one of four phones, if the round accepts it and its ballot is gone."""
        round = self.current_round()
        if round.phase_at(self.now_ms) is not Phase.OPEN:
            return
        voter = f"voter{self.draw.randrange(4)}"
        ballots = self.written.setdefault((round.number, voter), [])
        held = [one for one in ballots if not self.is_gone(one)]
        vote = Vote(voter=voter, sid=f"SM{self.draw.random()}", choice="RED", at_ms=self.now_ms)
        after = cast(round, held[-1] if held else None, vote).ballot
        if after:
            ballots.append(after)

    def is_gone(self, ballot: Ballot) -> bool:
        """Whether TTL has deleted the ballot; here TTL deletes without delay, the worst case."""
        return ballot.expires_at_s is not None and ballot.expires_at_s * 1000 <= self.now_ms

    def do(self, word: Callable[[Round, int], Round]) -> None:
        """Change the state of the round as an operator."""
        self.polls.change("colors", lambda round: word(round, self.now_ms))

    def reset(self) -> None:
        """`voteapp poll reset`."""
        self.polls.reset("colors", self.current_round().number, begun=self.has_begun)

    def date(self) -> None:
        """`voteapp poll expire` on the current round."""
        round = self.current_round()
        at_ms = self.polls.promise_expiry("colors", round.number)
        for (number, _), ballots in self.written.items():
            if number == round.number and ballots and ballots[-1].expires_at_s is None:
                ballots[-1] = replace(ballots[-1], expires_at_s=at_ms // 1000 + 20)

    def step(self) -> None:
        """Do one random thing; refusals are ignored."""
        words = (lifecycle.opened, lifecycle.closed, lifecycle.archived)
        what: list[Callable[[], None]] = [partial(self.do, word) for word in words]
        what += [self.text, self.text, self.text, self.apply, self.date, self.reset]
        with suppress(VotingError):
            self.draw.choice(what)()
        self.now_ms += self.draw.choice([0, 1, 1_000, 74_000, HOUR, 9 * HOUR, DAY])


def test_whatever_operators_do_nobody_votes_twice_because_a_ballot_has_expired() -> None:
    """Policy `first`, over weeks: one vote a phone and round, and the round knows what is gone."""
    votes = gone = 0
    for seed in range(200):
        calendar = Calendar(random.Random(seed))  # noqa: S311 - the same weeks every time
        for _ in range(60):
            calendar.step()
            for round in calendar.polls.rounds("colors"):
                mine = [b for (n, _), b in calendar.written.items() if n == round.number]
                lost = [one for ballots in mine for one in ballots if calendar.is_gone(one)]
                gone += len(lost)
                if lost:
                    assert round.phase_at(calendar.now_ms) is not Phase.OPEN, seed
                    assert round.is_expiring_at(calendar.now_ms), seed
        assert all(len(ballots) <= 1 for ballots in calendar.written.values()), seed
        votes += sum(map(len, calendar.written.values()))

    assert votes > 1_000
    assert gone > 1_000
