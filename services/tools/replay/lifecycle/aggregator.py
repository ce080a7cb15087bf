"""Runs the real aggregator with any delay, on a stream whose records can be lost."""

import random
from collections.abc import Mapping
from dataclasses import dataclass, field

from services.tools.replay.deployed import run_aggregator
from services.tools.replay.event_source import EventSource
from services.tools.replay.faults import Fault, FaultInjector
from services.tools.replay.lifecycle.boards import SimulatedBoards
from services.tools.replay.lifecycle.poll_facts import RoundKey
from services.tools.replay.stream import Shard, Stream
from services.voting.audit import Watermarks
from services.voting.poll import Round
from services.voting.tally import pad_sequence

FAULTS = frozenset({
    Fault.AGAIN, Fault.OVERLAP, Fault.LOST_ANSWER, Fault.CRASH, Fault.STALE_RECORDS,
    Fault.THROTTLED, Fault.LATE_WRITE,
})  # fmt: skip
"""Injected faults of the event source mapping; replays inject all of them."""


@dataclass(slots=True)
class Aggregator:
    """Folds the stream on request. Records of `lost_rounds` were lost before they were folded."""

    draw: random.Random
    stream: Stream
    boards: SimulatedBoards
    faulty: bool
    lost_rounds: set[RoundKey] = field(default_factory=set)
    _source: EventSource = field(init=False)

    def __post_init__(self) -> None:
        injector = FaultInjector(FAULTS if self.faulty else (), f"{self.draw.random()}", length=100)
        self._source = EventSource(
            self.stream, run_aggregator, self.boards, injector, draw=self.draw
        )

    def fold_some(self) -> None:
        """Fold one to four batches."""
        for _ in range(self.draw.randint(1, 4)):
            self._source.tick()

    def drain(self) -> None:
        """Fold all records."""
        self._source.drain()

    def waiting(self) -> int:
        """Return the number of records that are not folded."""
        return self._source.count_undelivered()

    def is_waiting(self, shard: Shard) -> bool:
        """Return whether a call, or a write that is late, may still write the shard's rows."""
        return self._source.is_waiting(shard)

    def trim(self, shard: Shard) -> None:
        """Trim a shard: its records are never delivered again."""
        self._source.trim(shard)

    def lose(self) -> None:
        """Lose the records that are not folded, as after 24 hours without a reader."""
        for record in self._source.trim_all():
            image = record["dynamodb"].get("NewImage") or record["dynamodb"]["OldImage"]
            board, number = image.get("board", {}).get("S"), image.get("round", {}).get("N")
            if isinstance(board, str) and "#" in board:
                self.lost_rounds.add((board.partition("#")[2], int(number)))

    def unfolded(self, round: Round, watermarks: Watermarks) -> int:
        """Count the records of a round that the stream still has after these watermarks."""
        folded: Mapping[tuple[str, str], str] = {
            place: watermark for rows in watermarks.values() for place, watermark in rows.items()
        }
        waiting = 0
        for shard, records in self._source.readable_records():
            for record in records:
                image = record["dynamodb"].get("NewImage") or record["dynamodb"]["OldImage"]
                pk = record["dynamodb"]["Keys"]["pk"]["S"]
                if pk.startswith(f"{round.poll.id}:{round.number}#") and "board" in image:
                    sequence = pad_sequence(record["dynamodb"]["SequenceNumber"])
                    waiting += sequence > folded.get((shard.label, shard.id), "")
        return waiting
