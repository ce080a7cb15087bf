"""Injects faults into tally writes: they fail, succeed without a response, or succeed late."""

from dataclasses import dataclass, field

from services.tools.replay.faults import Fault, FaultInjector
from services.voting.ports import Tallies
from services.voting.tally import Delta, TallyRow, Totals

Write = tuple[TallyRow, Delta]


class LostCallError(Exception):
    """The call failed; its earlier writes are kept."""


@dataclass(slots=True)
class FaultyTallies:
    """The `Tallies` port of one call. `late` collects the writes that are applied later."""

    tallies: Tallies
    injector: FaultInjector
    late: list[Write] = field(default_factory=list)
    applied: int = 0

    def apply(self, row: TallyRow, delta: Delta) -> str | None:
        """Apply the delta, or raise as a call that is throttled, crashes or times out."""
        if self.applied and self.injector.should_inject(Fault.CRASH):
            raise LostCallError(Fault.CRASH)
        if self.injector.should_inject(Fault.THROTTLED):
            raise LostCallError(Fault.THROTTLED)
        if self.injector.should_inject(Fault.LATE_WRITE):
            self.late.append((row, delta))
            raise LostCallError(Fault.LATE_WRITE)
        watermark = self.tallies.apply(row, delta)
        if watermark is None:
            self.applied += 1
            if self.injector.should_inject(Fault.LOST_ANSWER):
                raise LostCallError(Fault.LOST_ANSWER)
        return watermark

    def totals(self, board: str, round_number: int) -> Totals:
        """Return the totals without faults."""
        return self.tallies.totals(board, round_number)
