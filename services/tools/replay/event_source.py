"""A simulated event source mapping: Lambda's poller between a stream and a function.

It keeps what AWS promises and nothing more: a shard's records in order, a child shard after
its parent, at least once, again and again until the function succeeds, in batches formed
anew at every attempt, with a tumbling window (AWS Lambda, "Using AWS Lambda with Amazon
DynamoDB"). What goes wrong is drawn by `FaultInjector`; `faults` names it.

Two settings break the promise that the count rests on, for the tests that must notice:
`lanes` above 1 (a parallelization factor) and `max_attempts` (limited retries).
"""

import random
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final
from zlib import crc32

from services.tools.replay.faults import Fault, FaultInjector
from services.tools.replay.faulty_tallies import FaultyTallies, Write
from services.tools.replay.stream import Record, Shard, Stream
from services.voting.ports import Tallies

Event = dict[str, Any]
Function = Callable[[Event, Tallies], Mapping[str, Any] | None]
"""The Lambda function: an event, and the tallies it may write to."""

STUCK: Final = 60
"""Failures in a row after which a function is taken to fail for ever."""

_CALLS_PER_WINDOW: Final = 4
_WINDOW: Final = {"start": "2030-05-04T20:00:00Z", "end": "2030-05-04T20:00:30Z"}


@dataclass(slots=True, eq=False)
class ShardPoller:
    """How far one poller is in one shard, and what it holds for the open window."""

    shard: Shard
    poller: int
    number: int
    position: int = 0
    failures: int = 0
    state: Any = field(default_factory=dict)
    late: list[Write] = field(default_factory=list)


class EventSource:
    """The mapping of one function. `tick` makes one call, `drain` all that are left."""

    def __init__(  # noqa: PLR0913 - all of them are choices of the caller
        self, stream: Stream, function: Function, tallies: Tallies, injector: FaultInjector,
        *, draw: random.Random, most: int = 8, lanes: int = 1, max_attempts: int = 0,
    ) -> None:  # fmt: skip
        self._stream = stream
        self._function = function
        self._tallies = tallies
        self._injector = injector
        self._draw = draw
        self._most = most
        self._lanes = lanes
        self._gives_up_after = max_attempts
        self._pollers = 2 if injector.should_inject(Fault.TWO_MAPPINGS) else 1
        self._held: dict[tuple[str, str, int, int], ShardPoller] = {}
        self._horizon: Counter[Shard] = Counter()  # records that were trimmed, by shard
        self._seen = 0

    def tick(self) -> bool:
        """Deliver one batch of a shard that has one; False where none has."""
        ready = [lane for lane in self._all() if self._is_ready(lane)]
        if not ready:
            return False
        self._deliver(self._draw.choice(ready))
        self._misbehave()
        return True

    def drain(self) -> None:
        """Deliver until nothing is left, then end the open windows."""
        while self.tick():
            pass
        for lane in self._all():
            self._call(lane, [], isFinalInvokeForWindow=True)
            self._land(lane)

    def waiting(self) -> int:
        """How many records were not delivered yet."""
        return sum(len(self._records(lane)) - lane.position for lane in self._all())

    def left(self) -> Iterator[tuple[Shard, Sequence[Record]]]:
        """What a reader of the stream still finds: every shard with what was not trimmed."""
        for shard in self._stream.shards:
            yield shard, shard.records[self._horizon[shard] :]

    def lose(self) -> list[Record]:
        """Trim everything, read or not, as 24 hours without a reader do; what was not read."""
        lost: list[Record] = []
        for lane in self._all():
            lost += self._records(lane)[lane.position :]
            lane.position = len(self._records(lane))
            lane.late.clear()
            lane.failures = 0
        for shard in self._stream.shards:
            self._horizon[shard] = len(shard.records)
        return lost

    def _all(self) -> Sequence[ShardPoller]:
        for shard in self._stream.shards[self._seen :]:
            for poller in range(self._pollers):
                for number in range(self._lanes):
                    key = (shard.label, shard.id, poller, number)
                    self._held[key] = ShardPoller(shard=shard, poller=poller, number=number)
        self._seen = len(self._stream.shards)
        return list(self._held.values())

    def _records(self, lane: ShardPoller) -> Sequence[Record]:
        if self._lanes == 1:
            return lane.shard.records
        return [r for r in lane.shard.records if _lane_of(r, self._lanes) == lane.number]

    def _is_ready(self, lane: ShardPoller) -> bool:
        waiting = lane.position < len(self._records(lane)) and lane.failures < STUCK
        return waiting and all(self._is_finished(parent) for parent in self._parents(lane))

    def _parents(self, lane: ShardPoller) -> Iterator[ShardPoller]:
        if (parent := lane.shard.parent) is not None:
            for number in range(self._lanes):
                yield self._held[parent.label, parent.id, lane.poller, number]

    def _is_finished(self, lane: ShardPoller) -> bool:
        done = lane.shard.closed and lane.position >= len(self._records(lane))
        return done and all(self._is_finished(parent) for parent in self._parents(lane))

    def _deliver(self, lane: ShardPoller) -> None:
        """One batch, formed anew whatever the last attempt's was."""
        records = self._records(lane)
        batch = records[lane.position : lane.position + self._draw.randint(1, self._most)]
        if lane.late and self._draw.random() < 1 / 2:
            self._land(lane)
        if not self._call(lane, batch):
            lane.failures += 1
            if lane.failures == self._gives_up_after:
                lane.position, lane.failures = lane.position + len(batch), 0
            return
        lane.failures = 0
        self._land(lane)
        if self._injector.should_inject(Fault.AGAIN):
            self._call(lane, batch)
        done = len(batch)
        if self._injector.should_inject(Fault.OVERLAP):
            done = self._injector.draw(Fault.OVERLAP).randrange(len(batch))
        lane.position += done
        if self._draw.randrange(_CALLS_PER_WINDOW) == 0:
            self._call(lane, [], isFinalInvokeForWindow=True)
            lane.state = {}

    def _land(self, lane: ShardPoller) -> None:
        """The writes of calls that timed out arrive, whatever happened meanwhile."""
        for row, delta in lane.late:
            self._tallies.apply(row, delta)
        lane.late.clear()

    def _call(self, lane: ShardPoller, batch: Sequence[Record], **window: bool) -> bool:
        """Whether the call succeeded: with a window, an answer without `state` has not."""
        event = {
            "Records": [*batch],
            "shardId": lane.shard.id,
            "eventSourceARN": batch[0].get("eventSourceARN") if batch else None,
            "window": _WINDOW,
            "state": lane.state,
            "isFinalInvokeForWindow": False,
            "isWindowTerminatedEarly": False,
            **window,
        }
        if self._injector.should_inject(Fault.WINDOWS):
            odd = self._injector.draw(Fault.WINDOWS).randrange(3)
            event |= ({"state": None}, {"isWindowTerminatedEarly": True}, {"state": {}})[odd]
        gate = FaultyTallies(self._tallies, self._injector)
        try:
            answer = self._function(event, gate)
        except Exception:  # noqa: BLE001 - whatever it was, Lambda delivers the batch again
            return False
        finally:
            lane.late += gate.late
        if not isinstance(answer, Mapping) or "state" not in answer:
            return False
        lane.state = answer["state"]
        return True

    def _misbehave(self) -> None:
        """What a poller may do besides: look back, start over, lose what is too old."""
        lanes = [lane for lane in self._held.values() if lane.position > self._horizon[lane.shard]]
        if lanes and self._injector.should_inject(Fault.STALE_RECORDS):
            draw = self._injector.draw(Fault.STALE_RECORDS)
            lane = draw.choice(lanes)
            end = draw.randint(self._horizon[lane.shard] + 1, lane.position)
            begin = draw.randrange(self._horizon[lane.shard], end)
            self._call(lane, self._records(lane)[begin : min(end, begin + self._most)])
        if lanes and self._injector.should_inject(Fault.TRIM):
            self._trim()
            self._restart()
        if lanes and self._injector.should_inject(Fault.HORIZON):
            self._restart()

    def _trim(self) -> None:
        """Forget records that every poller has read; some that were read stay."""
        if self._lanes > 1:
            return
        draw = self._injector.draw(Fault.TRIM)
        for shard in self._stream.shards:
            read = min(
                (lane.position for lane in self._held.values() if lane.shard is shard), default=0
            )
            self._horizon[shard] = max(self._horizon[shard], draw.randint(0, read))

    def _restart(self) -> None:
        for lane in self._held.values():
            lane.position = self._horizon[lane.shard]


def _lane_of(record: Record, lanes: int) -> int:
    """Lanes divide a shard by item, as concurrent batches of a shard do."""
    keys = record["dynamodb"]["Keys"]
    return crc32(f"{keys['pk']['S']}{keys['sk']['S']}".encode()) % lanes
