"""One signed text, all the way to a count, and out again."""

import secrets
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final, Protocol

from services.tools.doctor.finding import Finding, failed, ok, warning
from services.tools.doctor.probe_poll import BODY, NUMBER, PHONE
from services.voting.message import Message

CHECK: Final = "a text"
TIMEOUT_SECONDS: Final = 30
POLL_INTERVAL_SECONDS: Final = 0.25
CACHE_SECONDS: Final = 2.2
"""Every webhook reads the polls anew after two seconds; before, it does not know this one."""

OK: Final = 200

Post = Callable[[Message], int]
"""Delivers a text to the webhook, signed; the HTTP status of the answer, 0 for none."""


class ProbePoll(Protocol):
    """The self-test's own poll."""

    def open(self) -> bool:
        """Make the poll; False where another run has it."""

    def has_ballot(self) -> bool:
        """Whether the text is a ballot."""

    def counted(self) -> int:
        """Votes on the poll's board."""

    def forget(self) -> None:
        """Take the ballot out."""

    def clear(self) -> None:
        """Remove every row that was made."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SelfTest:
    """Sends a text to a poll of its own, waits for the count, and leaves nothing behind."""

    probe_poll: ProbePoll
    post: Post
    sleep: Callable[[float], None] = time.sleep
    clock: Callable[[], float] = time.monotonic
    sid: str = field(default_factory=lambda: f"SM{secrets.token_hex(16)}")

    def run(self) -> Finding:
        """What became of the text. Whatever happens, ballot and poll are removed."""
        if not self.probe_poll.open():
            remedy = "wait three minutes, then ask the doctor again"
            return warning(CHECK, "another examination is under way, or was killed", remedy)
        try:
            return self._run_steps()
        finally:
            self.probe_poll.forget()
            self.probe_poll.clear()

    def _run_steps(self) -> Finding:
        self.sleep(CACHE_SECONDS)
        started = self.clock()
        if refusal := self._send():
            return refusal
        if not self._wait_until(lambda: self.probe_poll.counted() == 1):
            remedy = "see the mapping above, and read the aggregator's log"
            detail = f"became a ballot, and was not counted in {TIMEOUT_SECONDS} s"
            return failed(CHECK, detail, remedy)
        counted = self.clock() - started
        self.probe_poll.forget()
        started = self.clock()
        if not self._wait_until(lambda: self.probe_poll.counted() == 0):
            remedy = "read the aggregator's log; what is forgotten must go out of the count"
            return failed(CHECK, "was counted; forgotten, it is still in the count", remedy)
        gone = self.clock() - started
        return ok(CHECK, f"counted after {counted:.2f} s, forgotten after {gone:.2f} s")

    def _send(self) -> Finding | None:
        """Send until it is a ballot: the same text again changes nothing. A failure, or None."""
        text = Message(sid=self.sid, sender=PHONE, to=NUMBER, body=BODY)
        status = 0

        def is_ballot() -> bool:
            nonlocal status
            status = self.post(text)
            return status != OK or self.probe_poll.has_ballot()

        arrived = self._wait_until(is_ballot)
        if status != OK:
            remedy = "403: another token or URL is in force than was signed for; else see the log"
            return failed(CHECK, f"the webhook answered {status or 'nothing'}", remedy)
        if not arrived:
            return failed(CHECK, "was accepted, and is no ballot", "read the webhook's log")
        return None

    def _wait_until(self, condition: Callable[[], bool]) -> bool:
        deadline = self.clock() + TIMEOUT_SECONDS
        while not (is_met := condition()) and self.clock() < deadline:
            self.sleep(POLL_INTERVAL_SECONDS)
        return is_met
