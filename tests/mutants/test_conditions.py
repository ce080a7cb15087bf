"""The five conditions that exactness rests on, each taken away: the suite must notice.

A mutant is the real system with one condition removed, run under the same faults as ever. If
one of these tests fails, the proof has gone blind, and says nothing about the count.
"""

from collections.abc import Mapping
from typing import Any

import pytest

from services.adapters.memory import MemoryTallies
from services.tools.replay.deployed import run_aggregator
from services.tools.replay.event_source import Event
from services.tools.replay.faults import ALL, Fault
from services.voting.ports import Tallies
from services.voting.tally import Delta, TallyRow
from tests.support.scenarios import changed_minds, first_votes, run

SEEDS = range(12)
SCENARIO = changed_minds(15)


def miscounts(*faults: Fault, **how: Any) -> int:
    """How many of the runs are not exact."""
    return sum(not run(SCENARIO, *faults, seed=seed, **how).exact for seed in SEEDS)


@pytest.mark.parametrize("faults", [(), tuple(ALL)])
def test_with_all_conditions_every_run_is_exact(faults: tuple[Fault, ...]) -> None:
    """What the mutants are held against."""
    assert miscounts(*faults) == 0


@pytest.mark.parametrize("parallelization_factor", [2, 10])
def test_a_parallelization_factor_above_one_is_caught(parallelization_factor: int) -> None:
    """Lanes divide a shard by item: one lane's batch passes the watermark of another's.

    It needs no fault at all.
    """
    assert miscounts(parallelization_factor=parallelization_factor) == len(SEEDS)


class NoCondition(MemoryTallies):
    """A write without its condition: counts and watermark move whatever the watermark says."""

    def apply(self, row: TallyRow, delta: Delta) -> str | None:
        """Forget the watermark, then apply."""
        if row in self.rows:
            self.rows[row] = ("", self.rows[row][1])
        return MemoryTallies.apply(self, row, delta)


def test_a_dropped_watermark_condition_is_caught() -> None:
    """Exact while nothing is delivered twice, and never again."""
    caught = sum(not run(SCENARIO, *ALL, seed=seed, tallies=NoCondition()).exact for seed in SEEDS)

    assert all(run(SCENARIO, seed=seed, tallies=NoCondition()).exact for seed in SEEDS)
    assert caught == len(SEEDS)


def test_sequence_numbers_without_padding_are_caught(monkeypatch: pytest.MonkeyPatch) -> None:
    """As texts, 999 comes after 1000."""
    monkeypatch.setattr("lambdas.aggregator.records.pad_sequence", str)

    assert miscounts(Fault.DIGITS) > len(SEEDS) / 2


def one_row_for_all(event: Event, tallies: Tallies) -> Mapping[str, Any]:
    """The aggregator with the stream shard left out of the row's key."""
    return run_aggregator({**event, "shardId": "the only one"}, tallies)


def test_a_row_without_its_stream_shard_is_caught() -> None:
    """Numbers of two shards say nothing about each other."""
    assert miscounts(function=one_row_for_all, shards=2) > len(SEEDS) / 2


def test_a_skipped_batch_is_caught() -> None:
    """Limited retries, bisecting or a dead-letter queue: what is skipped is lost for good."""
    hurt = [run(first_votes(30), Fault.THROTTLED, seed=s, max_attempts=1) for s in SEEDS]

    assert all(outcome.exact for outcome in (run(first_votes(30), seed=s) for s in SEEDS))
    assert sum(not outcome.exact for outcome in hurt) > len(SEEDS) / 2
