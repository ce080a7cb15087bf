"""Runs a server that must never outlive whoever started it.

`python leash.py SECONDS COMMAND…` runs the command in a process group of its own and ends
the whole group when standard input closes. The operating system closes it when the other
end dies, however it died: Ctrl-C, a crash, `kill -9`, a closed terminal. So nothing has to
be cleaned up by hand, and no list of process ids can go stale. Standard library only, and
started without site-packages: it costs a few milliseconds.
"""

import os
import signal
import subprocess
import sys
import threading
import time
from contextlib import suppress


class Leash:
    """One command in its own group, given `grace_seconds` between SIGTERM and SIGKILL."""

    def __init__(self, grace_seconds: float, command: list[str]) -> None:
        self._grace_seconds = grace_seconds
        self._child = subprocess.Popen(command, stdin=subprocess.DEVNULL, start_new_session=True)

    def hold(self) -> int:
        """Wait for the command's own end, or end it; then nothing of its group is left."""
        threading.Thread(target=self._wait_for_owner, daemon=True).start()
        code = self._child.wait()
        self._signal(signal.SIGKILL)
        return code if code >= 0 else 128 - code

    def end(self) -> None:
        """Ask the group to stop; kill what is left of it when the grace is over."""
        self._signal(signal.SIGTERM)
        time.sleep(self._grace_seconds)
        self._signal(signal.SIGKILL)

    def _wait_for_owner(self) -> None:
        while os.read(sys.stdin.fileno(), 1):
            pass
        self.end()

    def _signal(self, number: signal.Signals) -> None:
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(self._child.pid, number)


def main(argv: list[str]) -> int:
    """Hold a command until it or its owner ends; the exit code is the command's."""
    for ignored in (signal.SIGINT, signal.SIGHUP):
        signal.signal(ignored, signal.SIG_IGN)
    leash = Leash(float(argv[0]), argv[1:])
    signal.signal(
        signal.SIGTERM, lambda *_: threading.Thread(target=leash.end, daemon=True).start()
    )
    return leash.hold()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
