"""The actions of an operator: each runs in a thread, and the page asks how far it is.

One at a time for each poll. An action that is sent twice, as by a double click, is done once.
"""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, Final

from services.adapters.clock import now_ms
from services.tools.console.desk import DeskError, Dialogue, Request

KEPT: Final = 20
ANSWER_SECONDS: Final = 300
"""How long an action waits for the answer to its question."""

Act = Callable[[Request, Dialogue], str]


class BusyError(Exception):
    """Another action on the same poll has not ended."""


class Job:
    """One action; a `Dialogue` with the page. `status` is running, asking, done or refused."""

    def __init__(self, job_id: str, request: Request) -> None:
        self.id = job_id
        self.request = request
        self.status = "running"
        self.text = ""
        self.question = ""
        self._started_at_ms = now_ms()
        self._ended_at_ms: int | None = None
        self._title, self._unit, self._units = "", "", 0
        self._answered = threading.Event()
        self._is_yes = False
        self._lock = threading.Lock()

    @property
    def is_over(self) -> bool:
        """Whether it is done or refused."""
        return self._ended_at_ms is not None

    @property
    def document(self) -> dict[str, Any]:
        """As JSON."""
        progress = f"{self._title}: {self._units:,} {self._unit}" if self._title else ""
        return {
            "id": self.id,
            "action": self.request.action,
            "poll": self.request.poll,
            "status": self.status,
            "text": self.text,
            "question": self.question,
            "progress": progress,
            "started_at": self._started_at_ms,
            "ended_at": self._ended_at_ms,
        }

    def confirm(self, question: str) -> None:
        """Ask in the page, and wait. Raises: DeskError if the answer is no, or none comes."""
        self.question, self.status = question, "asking"
        is_answered = self._answered.wait(ANSWER_SECONDS)
        self.question, self.status = "", "running"
        if not is_answered:
            raise DeskError("nobody answered the question: nothing more was done")
        if not self._is_yes:
            raise DeskError("you answered no: nothing more was done")

    def answer(self, *, is_yes: bool) -> None:
        """Answer the question that is asked now."""
        if self.status == "asking":
            self._is_yes = is_yes
            self._answered.set()

    @contextmanager
    def progress(self, title: str, *, unit: str = "ballots") -> Iterator[Callable[[int], None]]:
        """Show the number of units read; what is yielded may be called from any thread."""
        self._title, self._unit, self._units = title, unit, 0

        def advance(more: int) -> None:
            with self._lock:
                self._units += more

        yield advance
        self._title = ""

    def end(self, status: str, text: str) -> None:
        """Note how it ended."""
        self.text, self.status = text, status
        self._ended_at_ms = now_ms()


class Jobs:
    """The actions of this console; its methods may be called from any thread."""

    def __init__(self, act: Act, on_end: Callable[[], None]) -> None:
        self._act = act
        self._on_end = on_end
        self._jobs: dict[str, Job] = {}
        self._threads: list[threading.Thread] = []
        self._lock = threading.Lock()

    def start(self, job_id: str, request: Request) -> Job:
        """Start an action; the one that was started with this id, if there is one.

        Raises:
            BusyError: another action on the poll has not ended.
        """
        with self._lock:
            if job_id in self._jobs:
                return self._jobs[job_id]
            if any(not j.is_over and j.request.poll == request.poll for j in self._jobs.values()):
                raise BusyError(f"another action on {request.poll} has not ended")
            self._forget_old()
            job = self._jobs[job_id] = Job(job_id, request)
            thread = threading.Thread(target=self._run, args=(job,), name=job_id, daemon=True)
            self._threads = [one for one in self._threads if one.is_alive()] + [thread]
            thread.start()
            return job

    def find(self, job_id: str) -> Job | None:
        """Find an action by its id."""
        return self._jobs.get(job_id)

    def documents(self) -> list[dict[str, Any]]:
        """All actions that are kept, as JSON, oldest first."""
        return [job.document for job in list(self._jobs.values())]

    def running(self) -> list[str]:
        """The actions that have not ended, as "close colors"."""
        jobs = [job for job in list(self._jobs.values()) if not job.is_over]
        return [f"{job.request.action} {job.request.poll}" for job in jobs]

    def wait(self, seconds: float) -> None:
        """Wait for the actions that have not ended; questions are answered with no."""
        for job in list(self._jobs.values()):
            job.answer(is_yes=False)
        for thread in self._threads:
            thread.join(seconds)

    def _run(self, job: Job) -> None:
        try:
            job.end("done", self._act(job.request, job))
        except DeskError as error:
            job.end("refused", str(error))
        except Exception as error:
            job.end("refused", f"unexpected error, see the terminal: {type(error).__name__}")
            raise
        finally:
            self._on_end()

    def _forget_old(self) -> None:
        over = [job_id for job_id, job in self._jobs.items() if job.is_over]
        for job_id in over[: max(0, len(self._jobs) - KEPT + 1)]:
            del self._jobs[job_id]
