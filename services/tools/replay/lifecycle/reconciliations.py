"""Reconciliations with Twilio's log: at any time, two at once, and interrupted at any write."""

import asyncio
import random
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Final

from services.adapters.twilio.message_log import LoggedText
from services.late.late_texts import LateTexts
from services.late.reconciliation import Reconciler
from services.late.report import Report
from services.tools.replay.event_loop import event_loop
from services.tools.replay.lifecycle.fallback import FallbackQueue
from services.tools.replay.lifecycle.invariants import InvariantChecker, Way
from services.tools.replay.lifecycle.late_ballots import LateBallots
from services.tools.replay.lifecycle.log_check import LogCheck
from services.tools.replay.lifecycle.polls import SimulatedPolls
from services.tools.replay.lifecycle.store import SimulatedVotes
from services.tools.replay.lifecycle.timeline import Timeline
from services.tools.replay.lifecycle.traffic import PSEUDONYMS
from services.tools.replay.lifecycle.twilio import SimulatedTwilio
from services.voting.errors import StoreUnavailableError, VotingError
from services.voting.lifecycle import ended_at_ms
from services.voting.poll import Round
from services.voting.timing import REACHED_MS

LANDING_MS: Final = 10_000
"""How long after an interruption the store may carry out the last write."""
MOST_WRITES: Final = 6
"""An interrupted run has written at most this often."""


class NotReconcilableError(VotingError):
    """A round cannot be certified, as its reconciliation would not be complete."""


@dataclass(slots=True, kw_only=True)
class Reconciliations:
    """Runs the real reconciliation. `interleave` lets others act."""

    draw: random.Random
    checker: InvariantChecker
    polls: SimulatedPolls
    votes: SimulatedVotes
    twilio: SimulatedTwilio
    queue: FallbackQueue
    time: Timeline
    interleave: Callable[[], None]
    done: Counter[str] = field(default_factory=Counter)
    refused: Counter[str] = field(default_factory=Counter)
    recovered: int = 0
    _landing_until_ms: int = 0

    def rounds(self) -> list[Round]:
        """Return all rounds of all polls."""
        return [round for name in self.polls.held for round in self.polls.rounds(name)]

    def run_somehow(self) -> None:
        """Reconcile a round: alone, interrupted, or twice at once while others act."""
        if not (rounds := self.rounds()):
            return
        round = self.draw.choice(rounds)
        match self.draw.randrange(3):
            case 0:
                self.try_to_run(round)
            case 1:
                self.interrupt(round)
            case _:
                self.run_twice_at_once(round, self.draw.choice((round, *rounds)))

    def run(self, round: Round) -> Report:
        """Reconcile a round alone, and check the report."""
        check = LogCheck.begin(self.checker, round, [*self._logged(round)], self.time.clock[0])
        report = event_loop().run_until_complete(self._reconcile(round, self._ballots()))
        self._add("reconcile", report)
        check.end(report)
        return report

    def try_to_run(self, round: Round) -> None:
        """Reconcile a round, if the store can be reached."""
        try:
            self.run(round)
        except StoreUnavailableError:
            self.done["reconcile, interrupted"] += 1

    def run_all(self) -> None:
        """Reconcile every round, in any order."""
        rounds = self.rounds()
        for round in self.draw.sample(rounds, len(rounds)):
            self.run(round)

    def interrupt(self, round: Round) -> None:
        """Begin to reconcile a round, and fail at a write, which may land later."""
        left = [self.draw.randrange(MOST_WRITES)]

        def fail(write: Callable[[], bool]) -> None:
            if not left[0]:
                if self.draw.random() < 1 / 2:
                    later_ms = self.draw.randrange(LANDING_MS)
                    self._landing_until_ms = self.time.clock[0] + LANDING_MS
                    self.time.schedule(later_ms, lambda: _land(write))
                raise StoreUnavailableError("PutItem")
            left[0] -= 1

        ballots = self._ballots()
        ballots.before_write = fail
        try:
            report = event_loop().run_until_complete(self._reconcile(round, ballots))
        except StoreUnavailableError:
            self.done["reconcile, interrupted"] += 1
        else:
            self._add("reconcile", report)

    def run_twice_at_once(self, round: Round, other: Round) -> None:
        """Reconcile two rounds, or one twice, at the same time, while others act."""

        async def act() -> None:
            for _ in range(self.draw.randint(1, 3)):
                await self._pause()
                self.interleave()

        async def run() -> list[Report | BaseException | None]:
            both = [self._reconcile(one, self._ballots()) for one in (round, other)]
            return [*await asyncio.gather(both[0], both[1], act(), return_exceptions=True)]

        for report in event_loop().run_until_complete(run()):
            if isinstance(report, Report):
                self._add("reconcile, at once", report)
            elif isinstance(report, StoreUnavailableError):
                self.done["reconcile, interrupted"] += 1
            elif report is not None:
                raise report

    def before_certifying(self, round: Round) -> bool:
        """Refuse while texts wait in the fallback queue; usually reconcile the round.

        Return whether it was reconciled.
        """
        if self.queue.waiting:
            raise NotReconcilableError("texts wait in the fallback queue")
        now_ms = self.time.clock[0]
        if self._landing_until_ms < now_ms and self.draw.random() < 1 / 4:
            return False
        ended_ms = ended_at_ms(round, now_ms)
        if ended_ms is None or now_ms - ended_ms < REACHED_MS:
            raise NotReconcilableError("texts may still be on their way")
        if round.certified_at_ms is None:
            self.run(round)
        return True

    async def _reconcile(self, round: Round, ballots: LateBallots) -> Report:
        reconciler = Reconciler(
            late=LateTexts(
                ballots=ballots,
                clock=lambda: self.time.clock[0],
                pseudonyms=PSEUDONYMS,
                was_listed=_nobody_is_listed,
            ),
            placements=self.polls.placements(),
            ballots=self.votes.ballots,
            rounds=self.rounds(),
        )
        await ballots.pause()
        return await reconciler.run(round, self._logged(round), now_ms=self.time.clock[0])

    def _logged(self, round: Round) -> Iterator[LoggedText]:
        """Yield the log from before the round: a webhook may have counted older texts in it."""
        return self.twilio.newest(round.began_at_ms - REACHED_MS)

    def _ballots(self) -> LateBallots:
        return LateBallots(
            votes=self.votes,
            way=Way.RECOVERED,
            pause=self._pause,
            known_until_ms=self.time.clock[0],
        )

    async def _pause(self) -> None:
        for _ in range(self.draw.choice((0, 0, 1, 4))):
            await asyncio.sleep(0)

    def _add(self, name: str, report: Report) -> None:
        self.done[name] += 1
        self.recovered += report.recovered
        self.refused.update(report.refused)


def _land(write: Callable[[], bool]) -> None:
    write()


async def _nobody_is_listed(_poll: str, _phone_id: str, _at_ms: int) -> bool:
    return False
