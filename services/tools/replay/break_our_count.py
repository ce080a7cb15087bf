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
    every = max(1, deliveries // _REPORTS)
    done = 0

    async def pace(_at_ms: int) -> None:
        nonlocal done
        if done % every == 0:
            counts = _counts(replay.progress())
            report(json.dumps({"done": done, "deliveries": deliveries, **counts}))
            await asyncio.sleep(0)
        done += 1

    outcome = await replay.run(pace)
    return json.dumps({
        "done": deliveries,
        "deliveries": deliveries,
        "waiting": 0,
        "polls": {
            poll.id: {choice.key: choice.label for choice in poll.choices}
            for poll in scenario.polls
        },
        "posts": outcome.deliveries,
        "recounted": outcome.recounted,
        "exact": outcome.exact,
        **_counts(outcome),
    })  # fmt: skip


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
