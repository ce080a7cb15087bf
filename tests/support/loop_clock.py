"""The clock of the running event loop, moved by hand: three seconds pass in no time."""

import asyncio
from dataclasses import dataclass

import pytest


@dataclass
class LoopClock:
    """What the loop takes for the time. It stands until it is moved."""

    now: float = 1_000.0

    def __call__(self) -> float:
        """Seconds, as `loop.time()`."""
        return self.now

    async def pass_by(self, seconds: float) -> None:
        """Let so many seconds pass, and whoever waited for one of them go first."""
        self.now += seconds
        for _ in range(5):
            await asyncio.sleep(0)


def stop_loop_clock(monkeypatch: pytest.MonkeyPatch) -> LoopClock:
    """Have the running loop go by a clock that stands."""
    clock = LoopClock()
    monkeypatch.setattr(asyncio.get_running_loop(), "time", clock)
    return clock
