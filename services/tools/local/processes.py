"""Servers and tools as child processes that end with their owner."""

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
"""What a server gets between SIGTERM and SIGKILL; everything must be gone within 5 s."""


class Process:
    """A command on a leash: it and its children end when this process does, however.

    Its output goes to a log file, so that its last words can be shown.
    """

    def __init__(
        self, name: str, command: Sequence[str], *, env: Mapping[str, str], log: Path, cwd: Path
    ) -> None:
        self.name = name
        self._log = log
        with log.open("ab") as output:
            self._holder = subprocess.Popen(
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
        """Process id of the leash that holds the command."""
        return self._holder.pid

    def exit_code(self) -> int | None:
        """None while it runs."""
        return self._holder.poll()

    def last_words(self, count: int = 12) -> list[str]:
        """The last lines of its output."""
        lines = self._log.read_text(errors="replace").splitlines()
        return [line[:300] for line in lines if line.strip()][-count:]

    def check(self) -> None:
        """Raises: ServerDiedError if it has ended by itself."""
        code = self.exit_code()
        if code is not None:
            raise ServerDiedError(self.name, code, self.last_words(6))

    def let_go(self) -> None:
        """Begin to end it, without waiting: several can end at the same time."""
        if self._holder.stdin and not self._holder.stdin.closed:
            self._holder.stdin.close()

    def stop(self) -> None:
        """End it and everything it started, within `GRACE_SECONDS` and a little."""
        self.let_go()
        self._holder.wait(timeout=GRACE_SECONDS + 2)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()


def wait_until(ready: Callable[[], bool], process: Process, *, seconds: float, remedy: str) -> None:
    """Wait for a server to answer.

    Raises:
        ServerDiedError: it ended instead.
        CommandFailedError: it runs, and did not answer in time.
    """
    deadline = time.monotonic() + seconds
    while not ready():
        process.check()
        if time.monotonic() > deadline:
            raise CommandFailedError(
                process.name, f"no answer within {seconds:.0f} s", remedy,
                details=process.last_words(),
            )  # fmt: skip
        time.sleep(0.05)


def run(
    process: Process, *, seconds: float, remedy: str, on_tick: Callable[[], None] | None = None
) -> None:
    """Wait for a tool to finish, calling `on_tick` every now and then.

    Raises:
        CommandFailedError: it failed, or did not finish in time and was ended.
    """
    deadline = time.monotonic() + seconds
    with process:
        while (code := process.exit_code()) is None and time.monotonic() < deadline:
            if on_tick:
                on_tick()
            time.sleep(0.1)
    if code != 0:
        why = f"not finished within {seconds:.0f} s" if code is None else f"exit code {code}"
        raise CommandFailedError(process.name, why, remedy, details=process.last_words())


def clean_environment(**extra: str) -> dict[str, str]:
    """This process's environment without any AWS variable, and `extra`.

    A person's own account, profile or region must never be what the local cloud uses.
    """
    kept = {name: value for name, value in os.environ.items() if not name.startswith("AWS_")}
    return kept | extra
