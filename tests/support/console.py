"""A console on a deployment, in this process: its server runs in a thread."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from services.tools.console.app import create_app
from services.tools.console.desk import (
    Desk,
    DeskError,
    Dialogue,
    PollReadings,
    Request,
    StackLabel,
)
from services.tools.console.guard import Guard
from services.tools.console.jobs import Jobs
from services.tools.console.watch import Watch
from services.tools.local.ports import free_port
from services.tools.local.static_server import serve_in_thread

HEALTH: Sequence[Mapping[str, str]] = (
    {"check": "number", "verdict": "ok", "detail": "+15550100199 delivers here, with retries and fallback", "remedy": ""},
    {"check": "webhook", "verdict": "ok", "detail": "https://votes.example.com/sms answers, and so do its tables", "remedy": ""},
    {"check": "mapping", "verdict": "ok", "detail": "one, enabled, with every setting", "remedy": ""},
    {"check": "iterator age", "verdict": "ok", "detail": "0.4 s at most", "remedy": ""},
    {"check": "last fold", "verdict": "skipped", "detail": "no vote has ever been counted", "remedy": ""},
    {"check": "fallback queue", "verdict": "failed", "detail": "3 texts wait, the oldest for 600 s", "remedy": "they are not lost: see docs/fallback.md"},
    {"check": "alarms", "verdict": "warning", "detail": "raised: FallbackWaits", "remedy": "docs/alarms.md says what each means, and what to type first"},
)  # fmt: skip
"""What the checks find; they are tested by themselves."""


@dataclass
class TestedDesk:
    """A desk whose line to AWS a test can cut, and which asks `question` before it acts.

    `actions` are those that arrived.
    """

    __test__ = False

    desk: Desk
    stack: StackLabel
    is_cut: bool = False
    question: str = ""
    actions: list[Request] = field(default_factory=list)

    def read_polls(self) -> PollReadings:
        """From the deployment, unless the line is cut."""
        if self.is_cut:
            raise DeskError("AWS cannot be reached: no route to host")
        return self.desk.read_polls()

    def read_log(self, poll: str) -> Sequence[Mapping[str, Any]]:
        """From the deployment."""
        return self.desk.read_log(poll)

    def check_health(self) -> Sequence[Mapping[str, str]]:
        """Always the same."""
        return HEALTH

    def act(self, request: Request, dialogue: Dialogue) -> str:
        """On the deployment, and noted."""
        self.actions.append(request)
        if self.question:
            dialogue.confirm(self.question)
        return self.desk.act(request, dialogue)


@dataclass
class RunningConsole:
    """The parts of a console that is being served."""

    guard: Guard
    watch: Watch
    jobs: Jobs
    url: str


@contextmanager
def running_console(desk: Desk, *, read_only: bool = False) -> Iterator[RunningConsole]:
    """Serve until the end of the block."""
    port = free_port()
    guard, watch = Guard(port=port), Watch(desk)
    jobs = Jobs(desk.act, watch.read_soon)
    app = create_app(guard, desk.stack, watch, jobs, read_only=read_only)
    watch.start()
    with serve_in_thread(app, port=port) as url:
        try:
            yield RunningConsole(guard, watch, jobs, url)
        finally:
            watch.stop()
            jobs.wait(5)
