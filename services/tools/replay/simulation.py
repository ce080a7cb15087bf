"""Replays an evening: webhook, ballots, stream, aggregator, and the truth beside them.

Everything that is drawn is drawn from the seed, and nothing depends on the wall clock: the
same evening, faults and seed give the same run on every machine.
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
    ours,
    silence_aggregator,
)
from services.tools.replay.change_log import ChangeLog
from services.tools.replay.event_source import EventSource, Function
from services.tools.replay.faults import Fault, FaultInjector
from services.tools.replay.oracle import Oracle
from services.tools.replay.outcome import Counts, ReplayResult
from services.tools.replay.stores import Engine
from services.tools.replay.stream import Record
from services.tools.replay.texts import Scenario, ScenarioText
from services.tools.replay.webhook_client import PEPPER, UncertainBallots, WebhookClient
from services.voting.identity import voter_of
from services.voting.poll import Round
from services.voting.ports import Tallies
from services.voting.schema import UNREADABLE_BOARD

COPIES: Final = 3
"""How often a text comes at once."""

Pace = Callable[[int], Awaitable[None]]
"""Told of every delivery with its time in epoch ms; may wait until it is due."""


class Replay:
    """One run of an evening on one store. `function` is what is put to the test."""

    def __init__(  # noqa: PLR0913 - all of them are choices of the caller
        self, evening: Scenario, engine: Engine, *, faults: frozenset[Fault], seed: int,
        function: Function = ours, tallies: Tallies | None = None, shards: int = 2,
        lanes: int = 1, max_attempts: int = 0, baselines: bool = True,
    ) -> None:  # fmt: skip
        self.rounds = [Round(poll=poll) for poll in evening.polls]
        self._evening = evening
        self._engine = engine
        deliveries = evening.deliveries()
        self._deliveries = deliveries
        self._most = min(100, max(8, len(deliveries) // 40))
        self._injector = FaultInjector(faults, f"{seed}", length=len(deliveries))
        calls = 4 * len(deliveries) // self._most
        self._draw = random.Random(f"{seed}:course")  # noqa: S311 - a repeatable run
        self._truth = Oracle(evening.definitions)
        self._desk = WebhookClient(self.rounds, UncertainBallots(engine.ballots, self._injector))
        self._counters = RunningCounters(random.Random(f"{seed}:suffix"))  # noqa: S311 - the same
        self._log = ChangeLog(self._injector, self._draw, shards=shards, on_record=self._saw)
        self._replies: dict[str, bytes] = {}
        self._sent: defaultdict[str, list[ScenarioText]] = defaultdict(list)
        self._transcript = sha256()
        self._others = self._posts = 0
        self._tallies = tallies or engine.tallies
        self._baselines = (
            {"2015": UncheckedTallies(), "differences": UncheckedTallies()} if baselines else {}
        )
        self._event_source_injector = FaultInjector(faults, f"{seed}:ours", length=calls)
        self._sources = [
            EventSource(
                self._log.stream, function, self._tallies, self._event_source_injector,
                draw=random.Random(f"{seed}:mapping"),  # noqa: S311 - the same
                most=self._most, lanes=lanes, max_attempts=max_attempts,
            )
        ]  # fmt: skip
        for name, its in self._baselines.items():
            rival: Function = self._counters if name == "2015" else add_differences
            injector = FaultInjector(faults, f"{seed}:ours", length=calls)
            draw = random.Random(f"{seed}:mapping")  # noqa: S311 - the same course of calls
            self._sources.append(
                EventSource(self._log.stream, rival, its, injector, draw=draw, most=self._most)
            )

    async def run(self, pace: Pace | None = None) -> ReplayResult:
        """Replay it all, to the last record."""
        with silence_aggregator():
            for at_ms, text in self._deliveries:
                if pace:
                    await pace(at_ms)
                self._desk.now_ms = at_ms
                await self._deliver(text)
                if self._draw.random() < 4 / self._most:
                    self._fold()
            recounted = self._recount() == self._truth.totals()
            self._remove_some()
            self._collect()
            for source in self._sources:
                source.drain()
        return self._outcome(recounted=recounted)

    async def _deliver(self, text: ScenarioText) -> None:
        """One delivery, and what goes wrong on the way to the webhook."""
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
        said = {"sid": text.sid, "sender": text.sender, "to": text.to, "body": text.body}
        self._truth.hear(**said, at_ms=self._desk.now_ms)
        answers = await asyncio.gather(*(self._desk.text(**said) for _ in range(copies)))
        self._posts += copies
        for status, reply in answers:
            if self._truth.counted(text.sid):
                self._others += reply != self._replies.setdefault(text.sid, reply)
            self._transcript.update(f"{text.sid} {status} ".encode() + reply)

    def _fold(self) -> None:
        self._collect()
        for source in self._sources:
            source.tick()

    def _collect(self) -> None:
        for written in self._engine.written():
            self._log.write(written)

    def _saw(self, record: Record) -> None:
        told = record["dynamodb"]
        line = f"{record['eventID']} {record['eventName']} {told['SequenceNumber']}"
        self._transcript.update(line.encode())
        self._counters.saw(record)

    def _remove_some(self) -> None:
        """After the evening: some ballots expire, some are removed by an operator."""
        self._collect()
        if Fault.EXPIRY not in self._injector.on:
            return
        for there in self.rounds:
            phones = {
                voter_of(PEPPER, there.poll.id, there.number, phone): phone for phone in self._sent
            }
            ballots = sorted(self._engine.recounts.ballots(there), key=lambda b: (b.pk, b.sk))
            gone = [ballot for ballot in ballots if self._injector.should_inject(Fault.EXPIRY)]
            expired = [self._injector.draw(Fault.EXPIRY).random() < 1 / 2 for _ in gone]
            for ballot in gone:
                self._engine.remove(ballot.pk, ballot.sk)
            removed = self._engine.written()
            for ballot, ttl, written in zip(gone, expired, removed, strict=True):
                self._log.write(written, expired=ttl)
                if not ttl:
                    self._truth.forget(there.poll.id, phones[ballot.sk])

    def _recount(self) -> Counts:
        counts: dict[str, Counter[str]] = {there.poll.id: Counter() for there in self.rounds}
        for there in self.rounds:
            for ballot in self._engine.recounts.ballots(there):
                counts[there.poll.id].update(ballot.picks)
        return {name: dict(sorted((+count).items())) for name, count in counts.items()}

    def _shown(self, tallies: Tallies) -> Counts:
        return {
            there.poll.id: {
                choice: count
                for choice, count in sorted(tallies.totals(there.board, 1).picks.items())
                if count
            }
            for there in self.rounds
        }

    def _outcome(self, *, recounted: bool) -> ReplayResult:
        boards = [*((there.board, 1) for there in self.rounds), (UNREADABLE_BOARD, 0)]
        boards += [(there.board, 0) for there in self.rounds]
        mine = self._shown(self._tallies)
        self._transcript.update(repr(mine).encode())
        none: Counts = {}
        return ReplayResult(
            truth=self._truth.totals(),
            ours=mine,
            counters_2015=self._shown(self._baselines["2015"]) if self._baselines else none,
            differences=self._shown(self._baselines["differences"]) if self._baselines else none,
            recounted=recounted,
            injected=self._injector.injected + self._event_source_injector.injected,
            bad=sum(self._tallies.totals(board, number).bad for board, number in boards),
            other_replies=self._others,
            deliveries=self._posts,
            transcript=self._transcript.hexdigest(),
        )
