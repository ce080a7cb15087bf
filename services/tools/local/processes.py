"""Runs servers and tools as child processes that end when this process ends."""

import os
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Self

from services.tools.local import supervisor
from services.tools.local.errors import CommandFailedError, ServerDiedError

GRACE_SECONDS = 1.5
"""Time between SIGTERM and SIGKILL; everything must have stopped within 5 s."""


class Process:
    """A supervised command: it and its children end when this process ends, even by SIGKILL.

    Its output goes to a log file, whose last lines are shown in errors.
    """

    def __init__(
        self, name: str, command: Sequence[str], *, env: Mapping[str, str], log: Path, cwd: Path
    ) -> None:
        self.name = name
        self._log = log
        with log.open("ab") as output:
            self._supervisor = subprocess.Popen(
                [sys.executable, "-SI", supervisor.__file__, str(GRACE_SECONDS), *command],
                stdin=subprocess.PIPE,
                stdout=output,
                stderr=subprocess.STDOUT,
                env=dict(env),
                cwd=cwd,
                start_new_session=True,
            )

    @property
    def pid(self) -> int:
        """Process id of the supervisor, not of the command."""
        return self._supervisor.pid

    def exit_code(self) -> int | None:
        """Return the exit code, or None while it runs."""
        return self._supervisor.poll()

    def last_lines(self, count: int = 12) -> list[str]:
        """Return the last lines of its output, without empty ones."""
        lines = self._log.read_text(errors="replace").splitlines()
        return [line[:300] for line in lines if line.strip()][-count:]

    def check(self) -> None:
        """Raise ServerDiedError if it has stopped."""
        code = self.exit_code()
        if code is not None:
            raise ServerDiedError(self.name, code, self.last_lines(6))

    def begin_stop(self) -> None:
        """Start to stop it without waiting, so that several can stop at the same time."""
        if self._supervisor.stdin and not self._supervisor.stdin.closed:
            self._supervisor.stdin.close()

    def stop(self) -> None:
        """Stop it and its children; takes at most `GRACE_SECONDS` + 2 s."""
        self.begin_stop()
        self._supervisor.wait(timeout=GRACE_SECONDS + 2)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()


def wait_until(ready: Callable[[], bool], process: Process, *, seconds: float, remedy: str) -> None:
    """Wait until a server is ready.

    Raises:
        ServerDiedError: it stopped.
        CommandFailedError: it was not ready in time.
    """
    deadline = time.monotonic() + seconds
    while not ready():
        process.check()
        if time.monotonic() > deadline:
            raise CommandFailedError(
                process.name, f"no answer within {seconds:.0f} s", remedy,
                details=process.last_lines(),
            )  # fmt: skip
        time.sleep(0.05)


def run(
    process: Process, *, seconds: float, remedy: str, on_tick: Callable[[], None] | None = None
) -> None:
    """Wait for a tool to finish; call `on_tick` every 0.1 s.

    Raises:
        CommandFailedError: it failed, or was stopped because it took too long.
    """
    deadline = time.monotonic() + seconds
    with process:
        while (code := process.exit_code()) is None and time.monotonic() < deadline:
            if on_tick:
                on_tick()
            time.sleep(0.1)
    if code != 0:
        why = f"not finished within {seconds:.0f} s" if code is None else f"exit code {code}"
        raise CommandFailedError(process.name, why, remedy, details=process.last_lines())


def clean_environment(**extra: str) -> dict[str, str]:
    """Return this process's environment plus `extra`, without inherited AWS variables.

    So the local cloud never uses the account, profile or region of the person who runs it.
    """
    kept = {name: value for name, value in os.environ.items() if not name.startswith("AWS_")}
    return kept | extra
