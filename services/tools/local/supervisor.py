"""Runs a command that must not outlive the process that started it.

`python supervisor.py SECONDS COMMAND…` runs the command in its own process group and stops the
whole group when standard input closes. The operating system closes it when the parent process
ends for any reason: Ctrl-C, a crash, `kill -9`, a closed terminal. It is started without
site-packages, so it costs a few milliseconds only.
"""

import os
import signal
import subprocess
import sys
import threading
import time
from contextlib import suppress


class Supervisor:
    """Runs one command; its group has `grace_seconds` between SIGTERM and SIGKILL."""

    def __init__(self, grace_seconds: float, command: list[str]) -> None:
        self._grace_seconds = grace_seconds
        self._child = subprocess.Popen(command, stdin=subprocess.DEVNULL, start_new_session=True)

    def wait(self) -> int:
        """Wait until the command ends or standard input closes; return its exit code."""
        threading.Thread(target=self._stop_with_parent, daemon=True).start()
        code = self._child.wait()
        self._signal(signal.SIGKILL)
        return code if code >= 0 else 128 - code

    def stop(self) -> None:
        """Send SIGTERM to the group, then SIGKILL after the grace period."""
        self._signal(signal.SIGTERM)
        time.sleep(self._grace_seconds)
        self._signal(signal.SIGKILL)

    def _stop_with_parent(self) -> None:
        while os.read(sys.stdin.fileno(), 1):
            pass
        self.stop()

    def _signal(self, number: signal.Signals) -> None:
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(self._child.pid, number)


def main(argv: list[str]) -> int:
    """Run a command until it or the parent process ends; return the command's exit code."""
    for ignored in (signal.SIGINT, signal.SIGHUP):
        signal.signal(ignored, signal.SIG_IGN)
    supervisor = Supervisor(float(argv[0]), argv[1:])
    signal.signal(
        signal.SIGTERM, lambda *_: threading.Thread(target=supervisor.stop, daemon=True).start()
    )
    return supervisor.wait()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
