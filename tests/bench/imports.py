"""How long a start spends on importing, each in a fresh interpreter."""

import os
import subprocess
import sys

_ENVIRON = {
    "VOTES_TABLE": "Votes",
    "POLLS_TABLE": "Polls",
    "TWILIO_AUTH_TOKEN": "token",
    "VOTER_PEPPER": "a pepper that is for the benchmark alone",
    "AWS_REGION": "us-east-1",
}
_PROGRAM = "from time import perf_counter as t; s = t(); import {}; print(t() - s)"


def import_ratio(handler: str, yardstick: str, runs: int = 20) -> tuple[float, float]:
    """Milliseconds that `handler` takes, and its ratio to `yardstick`.

    Each is the fastest of interleaved runs: a busy machine only ever adds to an import.
    """
    pairs = [(_seconds(handler), _seconds(yardstick)) for _ in range(runs)]
    ours, theirs = (min(column) for column in zip(*pairs, strict=True))
    return ours * 1000, ours / theirs


def _seconds(module: str) -> float:
    done = subprocess.run(
        [sys.executable, "-c", _PROGRAM.format(module)],
        env={**os.environ, **_ENVIRON}, capture_output=True, text=True, check=True,
    )  # fmt: skip
    return float(done.stdout.strip().splitlines()[-1])
