"""What the lab shows, measured without a browser: shards against votes accepted."""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

from services.tools.demo.cloud import LocalCloud, Progress
from services.tools.lab.lab import Lab
from services.tools.lab.lab_poll import POLL
from services.tools.lab.token_bucket import PARTITIONS

STEPS: Final = (1, 2, 5, 10, 20)
WARM_UP_SECONDS: Final = 18
"""A full partition shows after some seconds, and a text that meets it is tried again for 8 s:
only then do the rates settle."""
DRAIN_SECONDS: Final = 20
QUIET_SECONDS: Final = 2.5
"""So long may the webhook go on with the round before: it reads the directory every 2 s."""
LOOKS_PER_SECOND: Final = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class Measured:
    """One number of shards. Rates a second, over the time measured."""

    shards: int
    partitions: int
    """Of `PARTITIONS`, those on which a key of the round falls."""
    fullest_keys: int
    """Keys on the partition with the most."""
    sent: float
    accepted: float
    refused: float
    """Votes that the webhook gave up on after its retries."""
    throttled: float
    """Answers of the store, a vote's retries included."""
    reply_ms: float
    stored: int
    """Ballots of the round, from its first text to its last."""
    counted: int
    """Votes on its board, in the end."""

    @property
    def exact(self) -> bool:
        """Whether throttling lost or doubled a vote that was accepted."""
        return self.stored == self.counted


@dataclass(frozen=True, slots=True, kw_only=True)
class Experiment:
    """What is measured: `texts_per_second` into a table for `write_capacity`, step by step."""

    texts_per_second: int = 60
    write_capacity: int = 240
    seconds: int = 10
    warm_up_seconds: int = WARM_UP_SECONDS
    steps: Sequence[int] = STEPS

    @property
    def partition_rate(self) -> float:
        """Writes a second that one partition takes."""
        return self.write_capacity / PARTITIONS

    def run(self, cloud: LocalCloud, progress: Progress) -> list[Measured]:
        """All steps, one after the other, each from a table that has saved nothing."""
        return [self._step(cloud, shards, progress) for shards in self.steps]

    def _step(self, cloud: LocalCloud, shards: int, progress: Progress) -> Measured:
        lab = cloud.lab
        title = f"{shards} shard{'' if shards == 1 else 's'}"
        with progress.step(title) as say:
            lab.change({"texts_per_second": 0, "write_capacity": self.write_capacity})
            lab.begin_round(shards)
            _watch(lab, QUIET_SECONDS, lambda _: say("a new round"))
            lab.forget_savings()
            lab.change({"texts_per_second": self.texts_per_second})
            _watch(lab, self.warm_up_seconds, lambda left: say(f"warming up, {left:.0f} s"))
            before = dict(lab.traffic.fates), lab.throttled
            _watch(lab, self.seconds, lambda left: say(f"measuring, {left:.0f} s"))
            after = dict(lab.traffic.fates), lab.throttled
            reply_ms = lab.traffic.reply_ms() or 0
            lab.change({"texts_per_second": 0})
            say("draining")
            _drain(cloud, lab)
        fates = {
            fate: (after[0].get(fate, 0) - before[0].get(fate, 0)) / self.seconds
            for fate in ("sent", "accepted", "refused")
        }
        fall = lab.keys_by_partition()
        return Measured(
            shards=shards,
            partitions=sum(keys > 0 for keys in fall),
            fullest_keys=max(fall),
            throttled=(after[1] - before[1]) / self.seconds,
            reply_ms=reply_ms,
            stored=lab.stored[lab.round.number],
            counted=_counted(cloud),
            **fates,
        )


def _watch(lab: Lab, seconds: float, say: Callable[[float], None]) -> None:
    """Let time pass, and look: a lab that nobody looks at rests."""
    until = time.monotonic() + seconds
    while (left := until - time.monotonic()) > 0:
        lab.look()
        say(left)
        time.sleep(min(left, 1 / LOOKS_PER_SECOND))


def _drain(cloud: LocalCloud, lab: Lab) -> None:
    """Wait until every text is answered and every ballot counted, at most `DRAIN_SECONDS`."""
    until = time.monotonic() + DRAIN_SECONDS
    while time.monotonic() < until:
        if not lab.traffic.under_way and _counted(cloud) == lab.stored[lab.round.number]:
            return
        time.sleep(1 / LOOKS_PER_SECOND)


def _counted(cloud: LocalCloud) -> int:
    round, _ = cloud.round_of(POLL)
    return sum(cloud.totals(round).picks.values())
