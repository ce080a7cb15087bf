"""The result of a replay."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from services.tools.replay.faults import Fault

SPEEDS: Final = {"max": 0.0, "1x": 1.0, "10x": 10.0}
"""Factors of the scenario's own speed; 0 means without waiting."""

Counts = Mapping[str, Mapping[str, int]]
"""Votes by poll and choice; choices without a vote are left out."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Progress:
    """The four counts in the middle of a replay; `waiting` records are not yet in `ours`."""

    truth: Counts
    ours: Counts
    counters_2015: Counts
    differences: Counts
    waiting: int
    injected: Mapping[Fault, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class ReplayResult:
    """The four counts, and the injected faults."""

    truth: Counts
    ours: Counts
    counters_2015: Counts
    differences: Counts
    recounted: bool
    """Whether the sum of the ballots, before any was removed, equals the truth."""
    injected: Mapping[Fault, int]
    bad: int
    other_replies: int
    """Redelivered texts whose reply differed from the first one."""
    deliveries: int
    transcript: str
    """A digest of every reply and every record; equal runs have equal digests."""

    @property
    def exact(self) -> bool:
        """Whether count, ballots, bad records and replies are all as expected."""
        return (
            self.ours == self.truth
            and self.recounted
            and self.bad == self.injected.get(Fault.MALFORMED, 0)
            and not self.other_replies
        )


@dataclass(frozen=True, slots=True)
class TimedReplay:
    """The result of a replay, and its duration, which differs from run to run."""

    outcome: ReplayResult
    seconds: float
