"""Replays a scenario on an engine at a chosen speed, and measures the time."""

import asyncio
import time
from collections.abc import Callable

from services.tools.replay.deployed import DEPLOYED, silence
from services.tools.replay.faults import Fault
from services.tools.replay.outcome import SPEEDS, TimedReplay
from services.tools.replay.simulation import Pace, Replay
from services.tools.replay.stores import EngineName, open_engine
from services.tools.replay.texts import Scenario


def play(
    scenario: Scenario, *, faults: frozenset[Fault], seed: int, engine: EngineName,
    speed: str = "max", on_delivery: Callable[[], None] = lambda: None,
) -> TimedReplay:  # fmt: skip
    """Replay a scenario from the first text to the last record.

    Calls `on_delivery` before each delivery.

    Raises:
        EngineMissingError: a library of the engine is not installed.
    """
    with open_engine(engine) as store, silence():
        started = time.monotonic()
        replay = Replay(scenario, store, DEPLOYED, faults=faults, seed=seed)
        outcome = asyncio.run(replay.run(_pace(SPEEDS[speed], on_delivery)))
        return TimedReplay(outcome, time.monotonic() - started)


def _pace(factor: float, on_delivery: Callable[[], None]) -> Pace:
    """Return a function that waits until a delivery is due; factor 0 means without waiting."""
    began: list[tuple[float, int]] = []

    async def pace(at_ms: int) -> None:
        on_delivery()
        if factor:
            if not began:
                began.append((time.monotonic(), at_ms))
            (since, first_ms), now = began[0], time.monotonic()
            await asyncio.sleep(max(0.0, (at_ms - first_ms) / 1000 / factor - (now - since)))

    return pace
