"""Small scenarios, run in memory."""

import asyncio
from typing import Any

from services.tools.replay.deployed import DEPLOYED, silence
from services.tools.replay.faults import Fault
from services.tools.replay.generate import NUMBER, OPENS_AT_MS, make_scenario
from services.tools.replay.outcome import ReplayResult
from services.tools.replay.simulation import Replay
from services.tools.replay.stores import MemoryEngine
from services.tools.replay.texts import Scenario, ScenarioText


def a_scenario(*texts: tuple[int, str], every_ms: int = 1_000) -> Scenario:
    """Texts of phones by number, one after the other, in two polls."""
    empty = make_scenario(voters=1, minutes=60, seed=1)
    return Scenario(
        name="by hand",
        definitions=empty.definitions,
        texts=tuple(
            ScenarioText(
                at_ms=OPENS_AT_MS + place * every_ms,
                sender=f"+155501{phone:05d}",
                to=NUMBER,
                body=body,
                sid=f"SM{place:032x}",
            )
            for place, (phone, body) in enumerate(texts)
        ),
    )


def first_votes(phones: int) -> Scenario:
    """Every phone votes once in each poll and never changes its mind."""
    return a_scenario(
        *((n, ("red", "green", "blue")[n % 3]) for n in range(phones)),
        *((n, ("encore slow", "encore loud")[n % 2]) for n in range(phones)),
    )


def changed_minds(phones: int) -> Scenario:
    """Every phone votes, then votes for something else; twice in the other poll."""
    return a_scenario(
        *((n, ("red", "green", "blue")[n % 3]) for n in range(phones)),
        *((n, ("green", "blue", "red")[n % 3]) for n in range(phones)),
        *((n, "encore slow") for n in range(phones)),
        *((n, "encore loud") for n in range(phones)),
    )


def run(
    scenario: Scenario, *faults: Fault, seed: int = 1, store: MemoryEngine | None = None, **how: Any
) -> ReplayResult:
    """Replay it with these faults."""
    store = store or MemoryEngine()
    how.setdefault("baselines", False)
    how.setdefault("system", DEPLOYED)
    replay = Replay(scenario, store, faults=frozenset(faults), seed=seed, **how)
    with silence():
        return asyncio.run(replay.run())
