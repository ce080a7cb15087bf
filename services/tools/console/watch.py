"""Reads the deployment in the background, while somebody looks: the counts, the log, the health.

The health is checked in a thread of its own, so that it never delays the counts. What was read last
stays, with its time; the page says how old it is.
"""

import threading
import traceback
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

from services.adapters.clock import now_ms
from services.tools.console.desk import Desk, DeskError, PollReadings

READ_SECONDS: Final = 1.0
HEALTH_SECONDS: Final = 45.0
IDLE_SECONDS: Final = 15.0
"""After so long without a request nothing is read any more, until the next one."""
LOG_SECONDS: Final = 60.0
"""How often the log of a poll is read that has not changed: a list of phones may have."""
SHOWN_CHANGES: Final = 60


class Watch:
    """What was read last. `start` begins to read; `stop` ends both threads."""

    def __init__(self, desk: Desk, clock: Callable[[], int] = now_ms) -> None:
        self._desk = desk
        self._clock = clock
        self._readings = PollReadings(polls=())
        self._read_at_ms: int | None = None
        self._trouble = ""
        self._log: dict[str, tuple[int, int, Sequence[Mapping[str, Any]]]] = {}
        self._health: Sequence[Mapping[str, str]] = ()
        self._checked_at_ms: int | None = None
        self._health_trouble = ""
        self._looked_at_ms = 0
        self._wake = threading.Event()
        self._wake_health = threading.Event()
        self._is_over = False
        self._threads = (
            threading.Thread(target=self._run_reads, name="console-reads", daemon=True),
            threading.Thread(target=self._run_health, name="console-health", daemon=True),
        )

    def start(self) -> None:
        """Begin to read."""
        for thread in self._threads:
            thread.start()

    def stop(self) -> None:
        """End both threads; a read that is under way is not waited for."""
        self._is_over = True
        self._wake.set()
        self._wake_health.set()

    def look(self) -> dict[str, Any]:
        """What was read last, as JSON; if nobody has looked lately, reading begins again."""
        was_idle = self._is_idle()
        self._looked_at_ms = self._clock()
        if was_idle:
            self._wake.set()
            self._wake_health.set()
        changes = [row for _, _, rows in list(self._log.values()) for row in rows]
        return {
            "read_at": self._read_at_ms,
            "trouble": self._trouble,
            "polls": list(self._readings.polls),
            "log": sorted(changes, key=lambda row: -int(row["at"]))[:SHOWN_CHANGES],
            "health": {
                "checked_at": self._checked_at_ms,
                "trouble": self._health_trouble,
                "checks": list(self._health),
            },
        }

    def read_soon(self) -> None:
        """Read again at once: something has been done."""
        self._wake.set()

    def read(self) -> None:
        """Read polls and counts, and the log of those polls that have changed."""
        try:
            readings = self._desk.read_polls()
            self._readings, self._read_at_ms, self._trouble = readings, self._clock(), ""
            self._read_changed_logs(readings)
        except DeskError as error:
            self._trouble = str(error)

    def check(self) -> None:
        """Check the health."""
        try:
            self._health, self._health_trouble = self._desk.check_health(), ""
            self._checked_at_ms = self._clock()
        except DeskError as error:
            self._health_trouble = str(error)

    def do_if_watched(self, work: Callable[[], None]) -> None:
        """Read or check, but only while somebody looks: reads cost money."""
        if not self._is_idle():
            work()

    def _read_changed_logs(self, readings: PollReadings) -> None:
        for poll, revision in readings.revisions.items():
            known, read_at_ms, _ = self._log.get(poll, (None, 0, ()))
            is_old = self._clock() - read_at_ms > LOG_SECONDS * 1000
            if known != revision or is_old:
                self._log[poll] = (revision, self._clock(), self._desk.read_log(poll))
        for gone in self._log.keys() - readings.revisions.keys():
            del self._log[gone]

    def _is_idle(self) -> bool:
        return self._clock() - self._looked_at_ms > IDLE_SECONDS * 1000

    def _run_reads(self) -> None:
        self._run(self.read, self._wake, READ_SECONDS)

    def _run_health(self) -> None:
        self._run(self.check, self._wake_health, HEALTH_SECONDS)

    def _run(self, work: Callable[[], None], wake: threading.Event, seconds: float) -> None:
        while not self._is_over:
            try:
                self.do_if_watched(work)
            except Exception:  # noqa: BLE001 - the thread goes on: the next read may succeed
                self._trouble = "unexpected error, see the terminal"
                traceback.print_exc()
            wake.wait(seconds if not self._is_idle() else None)
            wake.clear()
