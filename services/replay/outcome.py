"""What a replay came to."""

from collections.abc import Mapping
from dataclasses import dataclass

from services.replay.faults import Fault

Counts = Mapping[str, Mapping[str, int]]
"""Votes by poll and choice; choices without a vote are left out."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
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
