"""Rolls the shards of the simulated stream over, and merges tally rows as the function does.

The plans are the real ones. A run can be killed between two writes, others act between its reading
and its writing, and another run may be beside it.
"""

import random
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final

from services.tools.replay.lifecycle.aggregator import Aggregator
from services.tools.replay.lifecycle.boards import BoardKey, SimulatedBoards
from services.tools.replay.lifecycle.invariants import ViolationError
from services.tools.replay.stream import Shard, Stream
from services.voting.merging import BaseRow, MergePlan, StoredRow, plan_merge, sum_rows

HOUR_MS: Final = 3_600_000
SHARD_LIFE_MS: Final = 4 * HOUR_MS
RETENTION_MS: Final = 24 * HOUR_MS
"""A closed shard is listed for so long, and while the aggregator has not folded its records."""


@dataclass(slots=True)
class Merging:
    """The nightly function. `interleave` lets others act."""

    draw: random.Random
    stream: Stream
    boards: SimulatedBoards
    aggregator: Aggregator
    clock: list[int]
    interleave: Callable[[], None]
    done: Counter[str] = field(default_factory=Counter)
    _opened_ms: dict[Shard, int] = field(default_factory=dict)
    _closed_ms: dict[Shard, int] = field(default_factory=dict)
    _is_interleaving: bool = False

    def pass_time(self) -> None:
        """Roll the shards over that are older than four hours, and trim those of yesterday."""
        now_ms = self.clock[0]
        for shard in list(self.stream.open()):
            if now_ms - self._opened_ms.setdefault(shard, now_ms) >= SHARD_LIFE_MS:
                self.stream.roll(shard)
                self._closed_ms[shard] = now_ms
        for shard in self.stream.shards:
            if not self._is_listed(shard):
                self.aggregator.trim(shard)

    def run(self) -> None:
        """Merge the rows of all boards, or be killed on the way."""
        live = {(shard.label, shard.id) for shard in self.stream.shards if self._is_listed(shard)}
        now_ms, most = self.clock[0], self.draw.choice((1, 2, 45))
        keys = sorted(self.boards.keys())
        self.draw.shuffle(keys)
        for key in keys:
            for _ in range(10):
                base, rows = self.boards.stored(key)
                plan = plan_merge(rows, base, live_shards=live, now_ms=now_ms, most=most)
                if plan is None:
                    break
                if plan.changed:
                    raise ViolationError(f"{key}: changed after it was merged: {plan.changed}")
                self._maybe_interleave()
                self._write(key, base, plan)
                if self.draw.random() < 1 / 8:
                    return

    def _is_listed(self, shard: Shard) -> bool:
        if not shard.closed or self.aggregator.is_waiting(shard):
            return True
        return self.clock[0] - self._closed_ms.get(shard, 0) < RETENTION_MS

    def _write(self, key: BoardKey, base: BaseRow, plan: MergePlan) -> None:
        """Write a plan; every reader, whatever it has read before, must see the same sum."""
        before = self.boards.stored(key)
        if not self.boards.write_plan(key, base, plan):
            return
        after = self.boards.stored(key)
        expected = sum_rows(before[1], before[0])
        for seen in ((before[0], after[1]), (after[0], before[1]), after):
            _check(key, seen, sum_rows(seen[1], seen[0]) == expected)
        self.done["rows merged"] += len(plan.merged)
        self.done["rows deleted"] += len(plan.deleted)
        self.done["names dropped"] += len(set(base.merged) - set(plan.base.merged))

    def _maybe_interleave(self) -> None:
        if self._is_interleaving or self.draw.random() < 3 / 4:
            return
        self._is_interleaving = True
        try:
            self.draw.choice((self.interleave, self.run))()
        finally:
            self._is_interleaving = False


def _check(key: BoardKey, seen: tuple[BaseRow, list[StoredRow]], is_equal: bool) -> None:  # noqa: FBT001
    if not is_equal:
        raise ViolationError(f"{key}: a reader sees another sum while rows are merged: {seen}")
