"""Measures with the lab how many votes a second each number of shards accepts."""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from services.tools.demo.progress import Progress
from services.tools.lab.lab_poll import POLL
from services.tools.lab.token_bucket import PARTITIONS
from services.voting.amounts import amount

if TYPE_CHECKING:
    from services.tools.demo.cloud import LocalCloud
    from services.tools.lab.lab import Lab

STEPS: Final = (1, 2, 5, 10, 20)
WARM_UP_SECONDS: Final = 18
"""The webhook retries a throttled write for 3 s; the rates are stable only after that."""
DRAIN_SECONDS: Final = 20
SETTLE_SECONDS: Final = 2.5
"""Wait after a new round: the webhook reads the directory every 2 s."""
SNAPSHOTS_PER_SECOND: Final = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class Measurement:
    """The measurement of one number of shards; `float` fields are rates a second."""

    shards: int
    partitions: int
    """Partitions with at least one key of the round, of `PARTITIONS`."""
    fullest_keys: int
    """Number of keys on the partition with the most keys."""
    sent: float
    accepted: float
    refused: float
    """Votes that the webhook answered with an error after its retries."""
    throttled: float
    """Writes that the store throttled; each retry counts."""
    reply_ms: float
    """Median time from a text to its reply."""
    stored: int
    """Ballots stored in the round."""
    counted: int
    """Votes on the board after the stream was drained."""

    @property
    def exact(self) -> bool:
        """Whether every stored ballot was counted once, despite the throttling."""
        return self.stored == self.counted


@dataclass(frozen=True, slots=True, kw_only=True)
class Experiment:
    """The settings of an experiment; `steps` are the numbers of shards to measure."""

    texts_per_second: int = 60
    write_capacity: int = 240
    seconds: int = 10
    warm_up_seconds: int = WARM_UP_SECONDS
    steps: Sequence[int] = STEPS

    @property
    def partition_rate(self) -> float:
        """Writes a second that one partition admits."""
        return self.write_capacity / PARTITIONS

    def run(self, cloud: "LocalCloud", progress: Progress) -> list[Measurement]:
        """Measure all steps in turn, each without saved burst capacity."""
        return [self._step(cloud, shards, progress) for shards in self.steps]

    def _step(self, cloud: "LocalCloud", shards: int, progress: Progress) -> Measurement:
        lab = cloud.lab
        title = amount(shards, "shard")
        with progress.step(title) as show_detail:
            lab.change({"texts_per_second": 0, "write_capacity": self.write_capacity})
            lab.begin_round(shards)
            _watch(lab, SETTLE_SECONDS, lambda _: show_detail("a new round"))
            lab.reset_buckets()
            lab.change({"texts_per_second": self.texts_per_second})
            _watch(lab, self.warm_up_seconds, lambda left: show_detail(f"warming up, {left:.0f} s"))
            before = dict(lab.traffic.counts), lab.throttled
            _watch(lab, self.seconds, lambda left: show_detail(f"measuring, {left:.0f} s"))
            after = dict(lab.traffic.counts), lab.throttled
            reply_ms = lab.traffic.reply_ms() or 0
            lab.change({"texts_per_second": 0})
            show_detail("draining")
            _drain(cloud, lab)
        rates = {
            event: (after[0].get(event, 0) - before[0].get(event, 0)) / self.seconds
            for event in ("sent", "accepted", "refused")
        }
        keys_by_partition = lab.keys_by_partition()
        return Measurement(
            shards=shards,
            partitions=sum(keys > 0 for keys in keys_by_partition),
            fullest_keys=max(keys_by_partition),
            throttled=(after[1] - before[1]) / self.seconds,
            reply_ms=reply_ms,
            stored=lab.stored[lab.round.number],
            counted=_counted(cloud),
            **rates,
        )


def _watch(lab: "Lab", seconds: float, on_tick: Callable[[float], None]) -> None:
    """Wait, and take snapshots meanwhile: without them the lab stops texting."""
    until = time.monotonic() + seconds
    while (left := until - time.monotonic()) > 0:
        lab.snapshot()
        on_tick(left)
        time.sleep(min(left, 1 / SNAPSHOTS_PER_SECOND))


def _drain(cloud: "LocalCloud", lab: "Lab") -> None:
    """Wait until all texts are answered and all ballots counted, at most `DRAIN_SECONDS`."""
    until = time.monotonic() + DRAIN_SECONDS
    while time.monotonic() < until:
        if not lab.traffic.in_flight and _counted(cloud) == lab.stored[lab.round.number]:
            return
        time.sleep(1 / SNAPSHOTS_PER_SECOND)


def _counted(cloud: "LocalCloud") -> int:
    round, _ = cloud.round_of(POLL)
    return sum(cloud.totals(round).picks.values())
