"""Replays a scenario through webhook, ballots, stream and aggregator, and asks the oracle.

All random numbers come from the seed, and nothing depends on the wall clock: the same
scenario, faults and seed give the same run on every machine.
"""

import asyncio
import random
from collections import Counter, defaultdict
from collections.abc import Awaitable, Callable
from hashlib import sha256
from typing import Final

from services.tools.replay.algorithms import (
    RunningCounters,
    UncheckedTallies,
    add_differences,
)
from services.tools.replay.change_log import ChangeLog
from services.tools.replay.event_source import EventSource, Function
from services.tools.replay.faults import Fault, FaultInjector
from services.tools.replay.faulty_ballots import UncertainBallots
from services.tools.replay.oracle import Oracle
from services.tools.replay.outcome import Counts, Progress, ReplayResult
from services.tools.replay.stores import Engine
from services.tools.replay.stream import Record
from services.tools.replay.system import PEPPER, System
from services.tools.replay.texts import Scenario, ScenarioText
from services.voting.identity import Pseudonyms
from services.voting.poll import Round
from services.voting.ports import Tallies
from services.voting.schema import UNREADABLE_BOARD

COPIES: Final = 3
"""Number of concurrent deliveries of a text."""

Pace = Callable[[int], Awaitable[None]]
"""Called before every delivery with its time in epoch ms; may wait until it is due."""

OnBatch = Callable[[], Awaitable[None]]
"""Called after every batch that is counted when all texts are delivered."""


class Replay:
    """One run of a scenario by a system on one store.

    `function` is another aggregator to test in place of the system's.
    """

    def __init__(  # noqa: PLR0913 - the caller chooses all of them
        self, scenario: Scenario, engine: Engine, system: System, *, faults: frozenset[Fault],
        seed: int, function: Function | None = None, tallies: Tallies | None = None,
        shards: int = 2, parallelization_factor: int = 1, max_attempts: int = 0,
        baselines: bool = True,
    ) -> None:  # fmt: skip
        self.rounds = [Round(poll=poll) for poll in scenario.polls]
        self._scenario = scenario
        self._engine = engine
        self._deliveries = scenario.deliveries()
        length = len(self._deliveries)
        self._batch_size = min(100, max(8, length // 40))
        self._injector = FaultInjector(faults, f"{seed}", length=length)
        calls = 4 * length // self._batch_size
        self._draw = random.Random(f"{seed}:course")  # noqa: S311 - a repeatable run
        self._oracle = Oracle(scenario.definitions)
        ballots = UncertainBallots(engine.ballots, self._injector)
        self._webhook = system.receiver(self.rounds, ballots)
        self._counters = RunningCounters(random.Random(f"{seed}:suffix"))  # noqa: S311 - the same
        self._log = ChangeLog(self._injector, self._draw, shards=shards, on_record=self._add_record)
        self._replies: dict[str, bytes] = {}
        self._sent: defaultdict[str, list[ScenarioText]] = defaultdict(list)
        self._transcript = sha256()
        self._other_replies = self._posts = 0
        self._tallies = tallies or engine.tallies
        self._baselines = (
            {"2015": UncheckedTallies(), "differences": UncheckedTallies()} if baselines else {}
        )

        def source(function: Function, tallies: Tallies, **limits: int) -> EventSource:
            """Every mapping has the same course of calls and faults."""
            injector = FaultInjector(faults, f"{seed}:ours", length=calls)
            draw = random.Random(f"{seed}:mapping")  # noqa: S311 - a repeatable run
            return EventSource(
                self._log.stream, function, tallies, injector,
                draw=draw, batch_size=self._batch_size, **limits,
            )  # fmt: skip

        self._source = source(
            function or system.function, self._tallies,
            parallelization_factor=parallelization_factor, max_attempts=max_attempts,
        )  # fmt: skip
        self._sources = [self._source]
        if baselines:
            self._sources.append(source(self._counters, self._baselines["2015"]))
            self._sources.append(source(add_differences, self._baselines["differences"]))

    async def run(self, pace: Pace | None = None, on_batch: OnBatch | None = None) -> ReplayResult:
        """Replay the whole scenario, until every record is folded."""
        for at_ms, text in self._deliveries:
            if pace:
                await pace(at_ms)
            self._webhook.now_ms = at_ms
            await self._deliver(text)
            if self._draw.random() < 4 / self._batch_size:
                self._fold()
        recounted = self._recount() == self._oracle.totals()
        self._remove_some()
        self._collect()
        while [source for source in self._sources if source.tick()]:
            if on_batch:
                await on_batch()
        for source in self._sources:
            source.drain()
        return self._outcome(recounted=recounted)

    def progress(self) -> Progress:
        """Return what each would show now, while records still wait in the stream."""
        return Progress(
            truth=self._oracle.totals(),
            ours=self._shown(self._tallies),
            counters_2015=self._shown_baseline("2015"),
            differences=self._shown_baseline("differences"),
            waiting=self._source.count_undelivered(),
            injected=self._injector.injected + self._source.injector.injected,
        )

    async def _deliver(self, text: ScenarioText) -> None:
        """Deliver a text to the webhook, with faults."""
        copies = COPIES if self._injector.should_inject(Fault.CONCURRENT) else 1
        await self._post(text, copies)
        if self._injector.should_inject(Fault.TWICE):
            await self._post(text)
        before = self._sent[text.sender]
        if before and self._injector.should_inject(Fault.STALE_TEXT):
            await self._post(self._injector.draw(Fault.STALE_TEXT).choice(before))
        before.append(text)
        if self._injector.should_inject(Fault.SAME_CHOICE):
            sid = f"SM{self._injector.draw(Fault.SAME_CHOICE).getrandbits(128):032x}"
            await self._post(
                ScenarioText(at_ms=0, sender=text.sender, to=text.to, body=text.body, sid=sid)
            )

    async def _post(self, text: ScenarioText, copies: int = 1) -> None:
        fields = {"sid": text.sid, "sender": text.sender, "to": text.to, "body": text.body}
        self._oracle.deliver(**fields, at_ms=self._webhook.now_ms)
        replies = await asyncio.gather(*(self._webhook.send_text(**fields) for _ in range(copies)))
        self._posts += copies
        for status, reply in replies:
            if self._oracle.counted(text.sid):
                self._other_replies += reply != self._replies.setdefault(text.sid, reply)
            self._transcript.update(f"{text.sid} {status} ".encode() + reply)

    def _fold(self) -> None:
        self._collect()
        for source in self._sources:
            source.tick()

    def _collect(self) -> None:
        for written in self._engine.written():
            self._log.write(written)

    def _add_record(self, record: Record) -> None:
        sequence = record["dynamodb"]["SequenceNumber"]
        line = f"{record['eventID']} {record['eventName']} {sequence}"
        self._transcript.update(line.encode())
        self._counters.add_record(record)

    def _remove_some(self) -> None:
        """Expire some ballots and delete some others, after the last text."""
        self._collect()
        if Fault.EXPIRY not in self._injector.enabled:
            return
        voter_of = Pseudonyms(PEPPER).voter
        for round in self.rounds:
            phones = {voter_of(round.poll.id, round.number, phone): phone for phone in self._sent}
            ballots = sorted(self._engine.recounts.ballots(round), key=lambda b: (b.pk, b.sk))
            chosen = [ballot for ballot in ballots if self._injector.should_inject(Fault.EXPIRY)]
            expired = [self._injector.draw(Fault.EXPIRY).random() < 1 / 2 for _ in chosen]
            for ballot in chosen:
                self._engine.remove(ballot.pk, ballot.sk)
            removed = self._engine.written()
            for ballot, ttl, written in zip(chosen, expired, removed, strict=True):
                self._log.write(written, expired=ttl)
                if not ttl:
                    self._oracle.forget(round.poll.id, phones[ballot.sk])

    def _recount(self) -> Counts:
        counts: dict[str, Counter[str]] = {round.poll.id: Counter() for round in self.rounds}
        for round in self.rounds:
            for ballot in self._engine.recounts.ballots(round):
                counts[round.poll.id].update(ballot.picks)
        return {name: dict(sorted((+count).items())) for name, count in counts.items()}

    def _shown(self, tallies: Tallies) -> Counts:
        picks = {r.poll.id: tallies.totals(r.board, 1).picks for r in self.rounds}
        return {name: {c: n for c, n in sorted(one.items()) if n} for name, one in picks.items()}

    def _shown_baseline(self, name: str) -> Counts:
        return self._shown(self._baselines[name]) if self._baselines else {}

    def _outcome(self, *, recounted: bool) -> ReplayResult:
        boards = [*((round.board, 1) for round in self.rounds), (UNREADABLE_BOARD, 0)]
        boards += [(round.board, 0) for round in self.rounds]
        counts = self._shown(self._tallies)
        self._transcript.update(repr(counts).encode())
        return ReplayResult(
            truth=self._oracle.totals(),
            ours=counts,
            counters_2015=self._shown_baseline("2015"),
            differences=self._shown_baseline("differences"),
            recounted=recounted,
            injected=self._injector.injected + self._source.injector.injected,
            bad=sum(self._tallies.totals(board, number).bad for board, number in boards),
            other_replies=self._other_replies,
            deliveries=self._posts,
            transcript=self._transcript.hexdigest(),
        )
