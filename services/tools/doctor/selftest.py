"""Sends one signed text, waits until it is counted, and removes it from the count."""

import secrets
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final, Protocol

from services.tools.doctor.finding import Finding, failed, ok, warning
from services.tools.doctor.probe_poll import BODY, NUMBER, PHONE
from services.tools.phones.sms import SimulatedText, TextKind

CHECK: Final = "a text"
FALLBACK_CHECK: Final = "a fallback text"
TIMEOUT_SECONDS: Final = 30
POLL_INTERVAL_SECONDS: Final = 0.25
CACHE_SECONDS: Final = 2.2
"""Webhooks cache the polls for two seconds; before that they do not know the new one."""

OK: Final = 200

Post = Callable[[SimulatedText], int]
"""Sends a signed text to the webhook; returns the HTTP status, 0 without a response."""


class ProbePoll(Protocol):
    """The poll that the self-test votes in."""

    def open(self) -> bool:
        """Create the poll; False if another run has one."""

    def has_ballot(self) -> bool:
        """Whether the ballot was written."""

    def counted(self) -> int:
        """The votes on the poll's board."""

    def forget(self) -> None:
        """Empty the ballot."""

    def clear(self) -> None:
        """Delete every row of the poll."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SelfTest:
    """One run of the self-test; `sleep` and `clock` (seconds) are replaceable in tests."""

    probe_poll: ProbePoll
    post: Post
    sleep: Callable[[float], None] = time.sleep
    clock: Callable[[], float] = time.monotonic
    check: str = CHECK
    receiver: str = "webhook"
    resend_seconds: float = 0
    """Time after which the text is sent again while it is no ballot."""
    sid: str = field(default_factory=lambda: f"SM{secrets.token_hex(16)}")

    def run(self) -> Finding:
        """Run the self-test; the ballot and the poll are removed in any case."""
        if not self.probe_poll.open():
            remedy = "wait three minutes, then run the doctor again"
            return warning(self.check, "another self-test is running, or was killed", remedy)
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
            remedy = "see the mapping check above, and read the aggregator's log"
            detail = f"became a ballot, but was not counted in {TIMEOUT_SECONDS} s"
            return failed(self.check, detail, remedy)
        counted = self.clock() - started
        self.probe_poll.forget()
        started = self.clock()
        if not self._wait_until(lambda: self.probe_poll.counted() == 0):
            remedy = "read the aggregator's log; a forgotten ballot must leave the count"
            return failed(
                self.check, "was counted; after forgetting it, it is still in the count", remedy
            )
        gone = self.clock() - started
        return ok(self.check, f"counted after {counted:.2f} s, forgotten after {gone:.2f} s")

    def _send(self) -> Finding | None:
        """Send the same text until the ballot exists; return a failure or None."""
        text = SimulatedText(kind=TextKind.NEW, sid=self.sid, sender=PHONE, to=NUMBER, body=BODY)
        status, send_at = 0, self.clock()

        def is_ballot() -> bool:
            nonlocal status, send_at
            if self.clock() >= send_at:
                status, send_at = self.post(text), self.clock() + self.resend_seconds
            return status != OK or self.probe_poll.has_ballot()

        arrived = self._wait_until(is_ballot)
        if status != OK:
            remedy = (
                f"on 403 the {self.receiver} has another token or URL than the signature; "
                "else see its log"
            )
            return failed(self.check, f"the {self.receiver} answered {status or 'nothing'}", remedy)
        if not arrived:
            return failed(
                self.check, "was accepted, but is no ballot", f"read the {self.receiver}'s log"
            )
        return None

    def _wait_until(self, condition: Callable[[], bool]) -> bool:
        deadline = self.clock() + TIMEOUT_SECONDS
        while not (is_met := condition()) and self.clock() < deadline:
            self.sleep(POLL_INTERVAL_SECONDS)
        return is_met
