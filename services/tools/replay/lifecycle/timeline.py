"""The simulated time: calls that are due later, in order."""

from collections.abc import Callable
from dataclasses import dataclass, field
from heapq import heappop, heappush


@dataclass(slots=True)
class Timeline:
    """Runs calls when they are due. `clock[0]` is the time in epoch ms."""

    clock: list[int]
    _due: list[tuple[int, int, Callable[[], None]]] = field(default_factory=list)
    _serial: int = 0

    def schedule(self, later_ms: int, act: Callable[[], None]) -> None:
        """Schedule a call."""
        self._serial += 1
        heappush(self._due, (self.clock[0] + max(0, later_ms), self._serial, act))

    def pass_time(self, until_ms: int) -> None:
        """Advance the clock and run the scheduled calls that are due."""
        while self._due and self._due[0][0] <= until_ms:
            due_ms, _, act = heappop(self._due)
            self.clock[0] = max(self.clock[0], due_ms)
            act()
        self.clock[0] = max(self.clock[0], until_ms)

    def settle(self) -> None:
        """Run all scheduled calls."""
        while self._due:
            self.pass_time(self._due[0][0])
