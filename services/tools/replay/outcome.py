"""What a replay came to."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from services.tools.replay.faults import Fault

SPEEDS: Final = {"max": 0.0, "1x": 1.0, "10x": 10.0}
"""Of the evening's own time; 0 is as fast as it goes."""

Counts = Mapping[str, Mapping[str, int]]
"""Votes by poll and choice; choices without a vote are left out."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ReplayResult:
    """The four counts, and what was done to get them wrong."""

    truth: Counts
    ours: Counts
    counters_2015: Counts
    differences: Counts
    recounted: bool
    """Whether the ballots, summed before any was removed, are the truth too."""
    injected: Mapping[Fault, int]
    bad: int
    other_replies: int
    """Texts that were answered otherwise when they came again."""
    deliveries: int
    transcript: str
    """A digest of every answer and every record: two runs alike have the same."""

    @property
    def exact(self) -> bool:
        """Whether nothing at all is off."""
        return (
            self.ours == self.truth
            and self.recounted
            and self.bad == self.injected.get(Fault.MALFORMED, 0)
            and not self.other_replies
        )


@dataclass(frozen=True, slots=True)
class TimedReplay:
    """An outcome, and how long it took: the one thing that differs from run to run."""

    outcome: ReplayResult
    seconds: float
