"""Measures how often named events happened in the last seconds."""

from collections import Counter, deque
from collections.abc import Callable, Hashable
from typing import Final, Generic, TypeVar

WINDOW_SECONDS: Final = 4
SLOTS_PER_SECOND: Final = 4

Name = TypeVar("Name", bound=Hashable)


class RateMeter(Generic[Name]):
    """Counts events by name over the last `WINDOW_SECONDS`. `clock` returns seconds.

    One thread may add while another reads.
    """

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._first_slot = self._slot()
        self._slots: deque[tuple[int, Counter[Name]]] = deque()

    def add(self, name: Name) -> None:
        """Count an event now."""
        slot = self._slot()
        if not self._slots or self._slots[-1][0] != slot:
            self._slots.append((slot, Counter()))
            self._forget(slot)
        self._slots[-1][1][name] += 1

    def per_second(self) -> dict[Name, float]:
        """Return the rates over the window, or since the meter was created if that is less."""
        slot = self._slot()
        # Without the current slot, which is incomplete and would make every rate too low.
        whole = min(WINDOW_SECONDS * SLOTS_PER_SECOND, slot - self._first_slot)
        counts: Counter[Name] = Counter()
        for at, counted in tuple(self._slots):
            if slot - whole <= at < slot:
                counts.update(counted)
        return {name: count * SLOTS_PER_SECOND / max(1, whole) for name, count in counts.items()}

    def _slot(self) -> int:
        return int(self._clock() * SLOTS_PER_SECOND)

    def _forget(self, slot: int) -> None:
        while self._slots and self._slots[0][0] < slot - WINDOW_SECONDS * SLOTS_PER_SECOND:
            self._slots.popleft()
