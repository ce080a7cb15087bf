"""A simulated event source mapping between a stream and a Lambda function.

It guarantees only what AWS guarantees: the records of a shard in order, a child shard after its
parent, at-least-once delivery, retries until the function succeeds, new batches at every retry,
and a tumbling window (AWS Lambda, "Using AWS Lambda with Amazon DynamoDB"). `FaultInjector`
draws the faults.

Two settings break conditions of an exact count, and tests check that they are noticed:
`parallelization_factor` above 1, and `max_attempts` above 0 (limited retries).
"""

import random
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, Final

from services.tools.replay.faults import Fault, FaultInjector
from services.tools.replay.faulty_tallies import FaultyTallies
from services.tools.replay.shard_poller import ShardPoller
from services.tools.replay.stream import Record, Shard, Stream
from services.voting.ports import Tallies

Event = dict[str, Any]
Function = Callable[[Event, Tallies], Mapping[str, Any] | None]
"""A Lambda function; it takes an event and the tallies to write to."""

_CALLS_PER_WINDOW: Final = 4
_WINDOW: Final = {"start": "2030-05-04T20:00:00Z", "end": "2030-05-04T20:00:30Z"}


class EventSource:
    """The event source mapping of one function."""

    def __init__(  # noqa: PLR0913 - the caller chooses all of them
        self, stream: Stream, function: Function, tallies: Tallies, injector: FaultInjector,
        *, draw: random.Random, batch_size: int = 8, parallelization_factor: int = 1,
        max_attempts: int = 0,
    ) -> None:  # fmt: skip
        self._stream = stream
        self._function = function
        self._tallies = tallies
        self.injector = injector
        self._draw = draw
        self._batch_size = batch_size
        self._parallelization_factor = parallelization_factor
        self._max_attempts = max_attempts
        self._mappings = 2 if injector.should_inject(Fault.TWO_MAPPINGS) else 1
        self._shard_pollers: list[ShardPoller] = []
        self._trimmed: Counter[Shard] = Counter()  # number of trimmed records, by shard
        self._known_shards = 0

    def tick(self) -> bool:
        """Deliver one batch of a random shard; return False if no shard has records."""
        ready = [poller for poller in self._all_pollers() if poller.is_ready()]
        if not ready:
            return False
        self._deliver_batch(self._draw.choice(ready))
        self._inject_poller_faults()
        return True

    def drain(self) -> None:
        """Deliver all records, then end the open windows."""
        while self.tick():
            pass
        for poller in self._all_pollers():
            self._call(poller, [], isFinalInvokeForWindow=True)
            self._apply_late_writes(poller)

    def count_undelivered(self) -> int:
        """Return the number of records that were not delivered yet."""
        return sum(len(poller.undelivered) for poller in self._all_pollers())

    def readable_records(self) -> Iterator[tuple[Shard, Sequence[Record]]]:
        """Return every shard with its records that were not trimmed."""
        for shard in self._stream.shards:
            yield shard, shard.records[self._trimmed[shard] :]

    def trim_all(self) -> list[Record]:
        """Trim all records, as after 24 hours without a reader; return the undelivered ones."""
        lost: list[Record] = []
        for poller in self._all_pollers():
            lost += poller.undelivered
            poller.position = len(poller.records)
            poller.late.clear()
            poller.failures = 0
        for shard in self._stream.shards:
            self._trimmed[shard] = len(shard.records)
        return lost

    def is_waiting(self, shard: Shard) -> bool:
        """Return whether a shard has records to deliver, or writes that have not landed yet."""
        pollers = [poller for poller in self._all_pollers() if poller.shard is shard]
        return any(poller.undelivered or poller.late for poller in pollers)

    def trim(self, shard: Shard) -> None:
        """Trim all records of a shard that is not waiting."""
        self._trimmed[shard] = len(shard.records)

    def _all_pollers(self) -> Sequence[ShardPoller]:
        lanes = self._parallelization_factor
        for shard in self._stream.shards[self._known_shards :]:
            for mapping in range(self._mappings):
                parents = [
                    poller
                    for poller in self._shard_pollers
                    if poller.shard is shard.parent and poller.mapping == mapping
                ]
                self._shard_pollers += [
                    ShardPoller(
                        shard=shard, mapping=mapping, lane=lane, lanes=lanes, parents=parents
                    )
                    for lane in range(lanes)
                ]
        self._known_shards = len(self._stream.shards)
        return self._shard_pollers

    def _deliver_batch(self, poller: ShardPoller) -> None:
        """Deliver the next records; every attempt draws a new batch size."""
        batch = poller.undelivered[: self._draw.randint(1, self._batch_size)]
        if poller.late and self._draw.random() < 1 / 2:
            self._apply_late_writes(poller)
        if not self._call(poller, batch):
            poller.failures += 1
            if poller.failures == self._max_attempts:
                poller.position, poller.failures = poller.position + len(batch), 0
            return
        poller.failures = 0
        self._apply_late_writes(poller)
        if self.injector.should_inject(Fault.AGAIN):
            self._call(poller, batch)
        done = len(batch)
        if self.injector.should_inject(Fault.OVERLAP):
            done = self.injector.draw(Fault.OVERLAP).randrange(len(batch))
        poller.position += done
        if self._draw.randrange(_CALLS_PER_WINDOW) == 0:
            self._call(poller, [], isFinalInvokeForWindow=True)
            poller.state = {}

    def _apply_late_writes(self, poller: ShardPoller) -> None:
        """Apply the writes of calls that timed out."""
        for row, delta in poller.late:
            self._tallies.apply(row, delta)
        poller.late.clear()

    def _call(self, poller: ShardPoller, batch: Sequence[Record], **window: bool) -> bool:
        """Call the function; return whether it succeeded and returned the window's `state`."""
        event = {
            "Records": [*batch],
            "shardId": poller.shard.id,
            "eventSourceARN": batch[0].get("eventSourceARN") if batch else None,
            "window": _WINDOW,
            "state": poller.state,
            "isFinalInvokeForWindow": False,
            "isWindowTerminatedEarly": False,
            **window,
        }
        if self.injector.should_inject(Fault.WINDOWS):
            variant = self.injector.draw(Fault.WINDOWS).randrange(3)
            event |= ({"state": None}, {"isWindowTerminatedEarly": True}, {"state": {}})[variant]
        faulty_tallies = FaultyTallies(self._tallies, self.injector)
        try:
            response = self._function(event, faulty_tallies)
        except Exception:  # noqa: BLE001 - Lambda retries after any exception
            return False
        finally:
            poller.late += faulty_tallies.late
        if not isinstance(response, Mapping) or "state" not in response:
            return False
        poller.state = response["state"]
        return True

    def _inject_poller_faults(self) -> None:
        """Redeliver old records, trim records, or restart from TRIM_HORIZON."""
        advanced = [
            poller
            for poller in self._shard_pollers
            if poller.position > self._trimmed[poller.shard]
        ]
        if advanced and self.injector.should_inject(Fault.STALE_RECORDS):
            draw = self.injector.draw(Fault.STALE_RECORDS)
            poller = draw.choice(advanced)
            end = draw.randint(self._trimmed[poller.shard] + 1, poller.position)
            begin = draw.randrange(self._trimmed[poller.shard], end)
            self._call(poller, poller.records[begin : min(end, begin + self._batch_size)])
        if advanced and self.injector.should_inject(Fault.TRIM):
            self._trim()
            self._restart()
        if advanced and self.injector.should_inject(Fault.HORIZON):
            self._restart()

    def _trim(self) -> None:
        """Trim a random part of the records that every mapping has read."""
        if self._parallelization_factor > 1:
            return
        draw = self.injector.draw(Fault.TRIM)
        for shard in self._stream.shards:
            read = min(
                (poller.position for poller in self._shard_pollers if poller.shard is shard),
                default=0,
            )
            self._trimmed[shard] = max(self._trimmed[shard], draw.randint(0, read))

    def _restart(self) -> None:
        for poller in self._shard_pollers:
            poller.position = self._trimmed[poller.shard]
