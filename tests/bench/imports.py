"""How long a cold start spends on importing, each import in a fresh interpreter."""

import os
import subprocess
import sys
from statistics import median

_ENVIRON = {
    "VOTES_TABLE": "Votes",
    "AGGREGATES_TABLE": "Aggregates",
    "TWILIO_AUTH_TOKEN": "token",
    "VOTER_PEPPER": "pepper",
    "AWS_REGION": "us-east-1",
}
_PROGRAM = "from time import perf_counter as t; s = t(); import {}; print(t() - s)"


def import_ratio(handler: str, yardstick: str, runs: int = 9) -> tuple[float, float]:
    """Milliseconds that `handler` takes, and its ratio to `yardstick`: medians, taken in turn."""
    pairs = [(_seconds(handler), _seconds(yardstick)) for _ in range(runs + 1)][1:]
    return median(a for a, _ in pairs) * 1000, median(a / b for a, b in pairs)


def _seconds(module: str) -> float:
    done = subprocess.run(
        [sys.executable, "-c", _PROGRAM.format(module)],
        env={**os.environ, **_ENVIRON}, capture_output=True, text=True, check=True,
    )  # fmt: skip
    return float(done.stdout.strip().splitlines()[-1])
