"""One run of the page "Break our count", where a visitor's browser runs this Python.

The page passes a run as JSON and gets JSON back: the progress about a hundred times, and the
counts at the end. It imports the standard library and the rules only.
"""

import asyncio
import json
from collections.abc import Callable, Mapping
from typing import Any, Final

from services.tools.replay.faults import Fault
from services.tools.replay.generate import make_scenario
from services.tools.replay.outcome import Progress, ReplayResult
from services.tools.replay.rules_only import RULES_ONLY
from services.tools.replay.simulation import Replay
from services.tools.replay.stores import MemoryEngine

_REPORTS: Final = 100
_MINUTES: Final = 30

Report = Callable[[str], object]
"""Called with the progress as JSON."""


async def run(options: str, report: Report) -> str:
    """Replay an evening; `options` has `voters`, `seed` and the names of the `faults`.

    Raises:
        ValueError: a fault is unknown, or there are more voters than fictional numbers.
    """
    chosen = json.loads(options)
    scenario = make_scenario(voters=chosen["voters"], minutes=_MINUTES, seed=chosen["seed"])
    faults = frozenset(map(Fault, chosen["faults"]))
    replay = Replay(scenario, MemoryEngine(), RULES_ONLY, faults=faults, seed=chosen["seed"])
    deliveries = len(scenario.deliveries())
    progress = _Progress(replay, report, deliveries)
    outcome = await replay.run(progress.on_delivery, progress.on_batch)
    return json.dumps({
        "done": deliveries,
        "deliveries": deliveries,
        "waiting": 0,
        "exact": outcome.exact,
        **_counts(outcome),
    })  # fmt: skip


class _Progress:
    """Reports about a hundred times a run, and lets the page's other messages in."""

    def __init__(self, replay: Replay, report: Report, deliveries: int) -> None:
        self._replay = replay
        self._report = report
        self._deliveries = deliveries
        self._every = max(1, deliveries // _REPORTS)
        self._done = self._steps = 0

    async def on_delivery(self, _at_ms: int) -> None:
        await self._step()
        self._done += 1

    async def on_batch(self) -> None:
        await self._step()

    async def _step(self) -> None:
        if self._steps % self._every == 0:
            counts = _counts(self._replay.progress())
            about = {"done": self._done, "deliveries": self._deliveries}
            self._report(json.dumps({**about, **counts}))
            await asyncio.sleep(0)
        self._steps += 1


def _counts(of: Progress | ReplayResult) -> Mapping[str, Any]:
    waiting = {"waiting": of.waiting} if isinstance(of, Progress) else {}
    return {
        **waiting,
        "truth": of.truth,
        "ours": of.ours,
        "counters_2015": of.counters_2015,
        "differences": of.differences,
        "injected": {fault: times for fault, times in sorted(of.injected.items()) if times},
    }
