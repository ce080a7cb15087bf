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
from services.voting.merging import (
    BaseRow,
    MergePlan,
    RowName,
    StoredRow,
    plan_merge,
    sum_rows,
)

HOUR_MS: Final = 3_600_000
SHARD_LIFE_MS: Final = 4 * HOUR_MS
RETENTION_MS: Final = 24 * HOUR_MS
"""A closed shard is listed for so long, and while the aggregator has not folded its records."""

READER_MS: Final = 23 * HOUR_MS
"""So old may be what a reader knows of a board; the phases of a merge are a day apart."""

MERGING: Final = ("rows merged", "rows deleted", "names dropped")
"""What is counted of the nightly runs."""

State = tuple[BaseRow, list[StoredRow]]


@dataclass(slots=True)
class Merging:
    """The nightly function. `interleave` lets others act."""

    draw: random.Random
    stream: Stream
    boards: SimulatedBoards
    aggregator: Aggregator
    clock: list[int]
    interleave: Callable[[], None]
    seen: dict[BoardKey, list[tuple[int, frozenset[RowName], frozenset[RowName]]]] = field(
        default_factory=dict
    )
    """When a board was in which state: the names in its base row, and its rows."""
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
        self._check_late_readers(key, before, after)
        expected = sum_rows(before[1], before[0])
        for seen in ((before[0], after[1]), (after[0], before[1]), after):
            _check(key, seen, is_right=sum_rows(seen[1], seen[0]) == expected)
        dropped = set(base.merged) - set(plan.base.merged)
        for what, rows in zip(MERGING, (plan.merged, plan.deleted, dropped), strict=True):
            self.done[what] += len(rows)

    def _check_late_readers(self, key: BoardKey, before: State, after: State) -> None:
        """A reader may hold a base row, or rows, that it has read almost a day ago."""
        now_ms, names = self.clock[0], [_names(state) for state in (before, after)]
        states = self.seen.setdefault(key, [])
        states.append((now_ms, *names[0]))
        for at_ms, merged, rows in states:
            if now_ms - at_ms < READER_MS:
                deleted, dropped = names[0][1] - names[1][1], names[0][0] - names[1][0]
                _check(key, after, is_right=deleted <= merged and not dropped & rows)

    def _maybe_interleave(self) -> None:
        if self._is_interleaving or self.draw.random() < 3 / 4:
            return
        self._is_interleaving = True
        try:
            self.draw.choice((self.interleave, self.run))()
        finally:
            self._is_interleaving = False


def _names(state: State) -> tuple[frozenset[RowName], frozenset[RowName]]:
    base, rows = state
    return frozenset(base.merged), frozenset(row.name for row in rows)


def _check(key: BoardKey, seen: State, *, is_right: bool) -> None:
    if not is_right:
        raise ViolationError(f"{key}: a reader sees another sum while rows are merged: {seen}")
