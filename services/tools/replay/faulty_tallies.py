"""Between a function and the tallies: writes that fail, land unseen, or land late."""

from dataclasses import dataclass, field

from services.tools.replay.faults import Fault, FaultInjector
from services.voting.ports import Tallies
from services.voting.tally import Delta, TallyRow, Totals

Write = tuple[TallyRow, Delta]


class LostCallError(Exception):
    """The call failed; what it wrote before that stays written."""


@dataclass(slots=True)
class FaultyTallies:
    """The `Tallies` port of one call. `late` collects writes that have yet to land."""

    tallies: Tallies
    injector: FaultInjector
    late: list[Write] = field(default_factory=list)
    landed: int = 0

    def apply(self, row: TallyRow, delta: Delta) -> str | None:
        """Apply, or fail as a throttled, crashed, timed-out or cut-off call does."""
        if self.landed and self.injector.should_inject(Fault.CRASH):
            raise LostCallError(Fault.CRASH)
        if self.injector.should_inject(Fault.THROTTLED):
            raise LostCallError(Fault.THROTTLED)
        if self.injector.should_inject(Fault.LATE_WRITE):
            self.late.append((row, delta))
            raise LostCallError(Fault.LATE_WRITE)
        round = self.tallies.apply(row, delta)
        if round is None:
            self.landed += 1
            if self.injector.should_inject(Fault.LOST_ANSWER):
                raise LostCallError(Fault.LOST_ANSWER)
        return round

    def totals(self, board: str, round_number: int) -> Totals:
        """As the tallies have it."""
        return self.tallies.totals(board, round_number)
