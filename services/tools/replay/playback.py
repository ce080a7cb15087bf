"""Plays an evening on an engine, at a pace, and times it."""

import asyncio
import time
from collections.abc import Callable

from services.tools.replay.faults import Fault
from services.tools.replay.outcome import SPEEDS, TimedReplay
from services.tools.replay.simulation import Pace, Replay
from services.tools.replay.stores import EngineName, engine
from services.tools.replay.texts import Scenario
from services.voting.poll import Round


def play(
    evening: Scenario, *, faults: frozenset[Fault], seed: int, on: EngineName,
    speed: str = "max", told: Callable[[], None] = lambda: None,
) -> TimedReplay:  # fmt: skip
    """Replay an evening from the first text to the last record; `told` hears of each delivery.

    Raises:
        EngineMissingError: what the engine needs is not installed.
    """
    with engine(on, [Round(poll=poll) for poll in evening.polls]) as store:
        started = time.monotonic()
        replay = Replay(evening, store, faults=faults, seed=seed)
        outcome = asyncio.run(replay.run(_pace(SPEEDS[speed], told)))
        return TimedReplay(outcome, time.monotonic() - started)


def _pace(factor: float, told: Callable[[], None]) -> Pace:
    """Waits until a delivery is due; with factor 0 nothing ever has to wait."""
    began: list[tuple[float, int]] = []

    async def pace(at_ms: int) -> None:
        told()
        if factor:
            if not began:
                began.append((time.monotonic(), at_ms))
            (since, first_ms), now = began[0], time.monotonic()
            await asyncio.sleep(max(0.0, (at_ms - first_ms) / 1000 / factor - (now - since)))

    return pace
