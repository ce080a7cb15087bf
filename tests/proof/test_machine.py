"""A state machine over webhook, ballots, stream and aggregator, driven by Hypothesis.

Where the schedules draw faults by injector, here Hypothesis chooses every step and shrinks a
failure to the few that matter.
"""

import asyncio
import random
from typing import Any

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from services.tools.replay.change_log import ChangeLog
from services.tools.replay.deployed import run_aggregator, silence_aggregator
from services.tools.replay.faults import FaultInjector
from services.tools.replay.faulty_tallies import FaultyTallies, LostCallError
from services.tools.replay.generate import NUMBER, OPENS_AT_MS, make_scenario
from services.tools.replay.oracle import Oracle
from services.tools.replay.stores import MemoryEngine
from services.tools.replay.stream import Shard
from services.tools.replay.webhook_client import WebhookClient
from services.voting.poll import Round
from services.voting.ports import Tallies
from services.voting.tally import Delta, TallyRow

SCENARIO = make_scenario(voters=1, minutes=60, seed=1)
PHONES = st.integers(0, 4)
WORDS = st.sampled_from(
    ["red", "GREEN", "vote for blue", "encore slow", "encore loud", "hello", "STOP"]
)
PLACES = st.integers(0, 10_000)


class Failing(FaultyTallies):
    """The tallies of one call that fails at its n-th write, before or after it lands."""

    def __init__(self, tallies: Tallies, at: int, lands: str) -> None:
        super().__init__(tallies, FaultInjector((), "", length=1))
        self._left, self._lands = at, lands

    def apply(self, row: TallyRow, delta: Delta) -> str | None:
        """Count down, then fail."""
        self._left -= 1
        if self._left >= 0:
            return self.tallies.apply(row, delta)
        if self._lands == "now":
            self.tallies.apply(row, delta)
        if self._lands == "later":
            self.late.append((row, delta))
        raise LostCallError(self._lands)


class Pipeline(RuleBasedStateMachine):
    """Everything between a text and the board; `seen` is how far each shard was delivered."""

    def __init__(self) -> None:
        super().__init__()
        self.rounds = [Round(poll=poll) for poll in SCENARIO.polls]
        self.engine = MemoryEngine()
        self.webhook = WebhookClient(self.rounds, self.engine.ballots, now_ms=OPENS_AT_MS)
        self.oracle = Oracle(SCENARIO.definitions)
        none = FaultInjector((), "", length=1)
        self.log = ChangeLog(none, random.Random(1), shards=2, on_record=lambda _: None)  # noqa: S311 - repeatable
        self.sent: list[dict[str, Any]] = []
        self.seen: dict[Shard, int] = {}
        self.late: list[tuple[TallyRow, Delta]] = []
        self.loop = asyncio.new_event_loop()

    def teardown(self) -> None:
        """Deliver what is left, let what is late land, and hold the board against the truth."""
        self.drain()
        self.loop.close()
        shown = {
            round.poll.id: {
                choice: count
                for choice, count in sorted(
                    self.engine.tallies.totals(round.board, 1).picks.items()
                )
                if count
            }
            for round in self.rounds
        }
        assert shown == self.oracle.totals()

    @rule(phone=PHONES, word=WORDS, copies=st.integers(1, 3))
    def text(self, phone: int, word: str, copies: int) -> None:
        """A new text, perhaps several times at once."""
        sid = f"SM{len(self.sent):032x}"
        self.sent.append({"sid": sid, "sender": f"+1555010{phone:04d}", "to": NUMBER, "body": word})
        self.post(self.sent[-1], copies)

    @rule(place=PLACES)
    def text_again(self, place: int) -> None:
        """Any text that was sent before, however long ago."""
        if self.sent:
            self.post(self.sent[place % len(self.sent)], 1)

    def post(self, fields: dict[str, Any], copies: int) -> None:
        """Hand a text to the webhook, and its records to the stream."""
        self.oracle.deliver(**fields, at_ms=self.webhook.now_ms)

        async def at_once() -> None:
            await asyncio.gather(*(self.webhook.send_text(**fields) for _ in range(copies)))

        self.loop.run_until_complete(at_once())
        for written in self.engine.written():
            self.log.write(written)

    @rule(place=PLACES, how=st.sampled_from(["split", "roll"]))
    def reshard(self, place: int, how: str) -> None:
        """A stream shard splits, or ends and goes on."""
        shards = list(self.log.stream.open())
        shard = shards[place % len(shards)]
        (self.log.stream.roll if how == "roll" else self.log.stream.split)(shard)

    @rule()
    def enable_anew(self) -> None:
        """The stream is disabled and enabled again."""
        self.log.stream.renew()

    @rule(place=PLACES, size=st.integers(1, 5))
    def deliver(self, place: int, size: int) -> None:
        """The next batch of a shard, of any size."""
        ready = self.ready()
        if ready:
            shard = ready[place % len(ready)]
            batch = shard.records[self.seen.get(shard, 0) :][:size]
            self.call(shard, batch)
            self.seen[shard] = self.seen.get(shard, 0) + len(batch)

    @rule(
        place=PLACES, size=st.integers(1, 5), at=st.integers(0, 2),
        lands=st.sampled_from(["now", "later", "never"]),
    )  # fmt: skip
    def deliver_and_fail(self, place: int, size: int, at: int, lands: str) -> None:
        """The next batch, but a write fails: it landed unseen, lands later, or never."""
        ready = self.ready()
        if ready:
            shard = ready[place % len(ready)]
            batch = shard.records[self.seen.get(shard, 0) :][:size]
            tallies = Failing(self.engine.tallies, at, lands)
            self.call(shard, batch, tallies)
            self.late += tallies.late

    @rule(place=PLACES, begin=PLACES, size=st.integers(1, 9))
    def deliver_again(self, place: int, begin: int, size: int) -> None:
        """Records that were delivered before, any run of them."""
        shards = [shard for shard, seen in self.seen.items() if seen]
        if shards:
            shard = shards[place % len(shards)]
            start = begin % self.seen[shard]
            self.call(shard, shard.records[start : min(start + size, self.seen[shard])])

    @rule(place=PLACES)
    def start_over(self, place: int) -> None:
        """A mapping goes back to any position it had before."""
        for shard, seen in self.seen.items():
            self.seen[shard] = place % (seen + 1)

    @rule()
    def land(self) -> None:
        """The writes of calls that timed out arrive."""
        # Only once their batch has succeeded otherwise, or before it is tried again.
        for row, delta in self.late:
            self.engine.tallies.apply(row, delta)
        self.late.clear()

    @invariant()
    def the_ballots_are_the_truth(self) -> None:
        """At every moment, before anything is folded."""
        counts: dict[str, dict[str, int]] = {round.poll.id: {} for round in self.rounds}
        for round in self.rounds:
            for ballot in self.engine.recounts.ballots(round):
                for choice, count in ballot.picks.items():
                    mine = counts[round.poll.id]
                    mine[choice] = mine.get(choice, 0) + count
        assert counts == self.oracle.totals()

    def ready(self) -> list[Shard]:
        """Shards with records to come, whose parents are done."""
        return [
            shard
            for shard in self.log.stream.shards
            if self.seen.get(shard, 0) < len(shard.records) and self.done(shard.parent)
        ]

    def done(self, shard: Shard | None) -> bool:
        """Whether a shard was delivered to its end, and so were all before it."""
        if shard is None:
            return True
        return self.seen.get(shard, 0) >= len(shard.records) and self.done(shard.parent)

    def call(self, shard: Shard, batch: list[Any], tallies: Tallies | None = None) -> None:
        """One call of the real aggregator."""
        event = {"Records": batch, "shardId": shard.id, "window": {}, "state": {}}
        with silence_aggregator():
            try:
                run_aggregator(event, tallies or self.engine.tallies)
            except LostCallError:
                return

    def drain(self) -> None:
        """Deliver everything that is left."""
        while ready := self.ready():
            for shard in ready:
                self.call(shard, shard.records[self.seen.get(shard, 0) :])
                self.seen[shard] = len(shard.records)
        self.land()


Pipeline.TestCase.settings = settings(max_examples=150, stateful_step_count=40)
test_whatever_happens_the_board_comes_to_the_truth = Pipeline.TestCase
