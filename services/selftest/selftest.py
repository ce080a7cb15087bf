"""Sends one signed text, waits until it is counted, and removes it from the count."""

import secrets
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final, Protocol

from services.selftest.post import ProbeText
from services.selftest.probe_poll import Probe

TIMEOUT_SECONDS: Final = 30
POLL_INTERVAL_SECONDS: Final = 0.25
CACHE_SECONDS: Final = 2.2
"""Webhooks cache the polls for two seconds; before that they do not know the new one."""

OK: Final = 200

Post = Callable[[ProbeText], int]
"""Sends a signed text to the webhook; returns the HTTP status, 0 without a response."""


class Verdict(StrEnum):
    """The end of a run. `BUSY`: another run has the poll, so nothing was tried."""

    OK = "ok"
    FAILED = "failed"
    BUSY = "busy"


@dataclass(frozen=True, slots=True, kw_only=True)
class SelfTestResult:
    """What a run has found. `remedy` says what to do unless all is well."""

    verdict: Verdict
    detail: str
    remedy: str = ""


class ProbePoll(Protocol):
    """The poll that the self-test votes in."""

    @property
    def probe(self) -> Probe:
        """Its name, its number and its phone."""

    def open(self) -> bool:
        """Create the poll; False if another run has one."""

    def has_ballot(self) -> bool:
        """Whether the ballot was written."""

    def counted(self) -> int:
        """The votes on the poll's board."""

    def folded(self) -> int:
        """The stream records that the poll's boards have folded."""

    def forget(self) -> None:
        """Empty the ballot."""

    def delete_ballot(self) -> int:
        """Delete the emptied ballot; return the stream records that it has caused, at the end."""

    def clear(self) -> None:
        """Delete every row of the poll."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SelfTest:
    """One run of the self-test; `sleep` and `clock` (seconds) are replaceable in tests."""

    probe_poll: ProbePoll
    post: Post
    sleep: Callable[[float], None] = time.sleep
    clock: Callable[[], float] = time.monotonic
    receiver: str = "webhook"
    resend_seconds: float = 0
    """Time after which the text is sent again while it is no ballot."""
    sid: str = field(default_factory=lambda: f"SM{secrets.token_hex(16)}")

    def run(self) -> SelfTestResult:
        """Run the self-test; the ballot and the poll are removed in any case."""
        if not self.probe_poll.open():
            return SelfTestResult(
                verdict=Verdict.BUSY,
                detail="another self-test is running, or was killed",
                remedy="wait three minutes, then try again",
            )
        try:
            return self._run_steps()
        finally:
            self._remove()

    def _run_steps(self) -> SelfTestResult:
        self.sleep(CACHE_SECONDS)
        started = self.clock()
        if refusal := self._send():
            return refusal
        if not self._wait_until(lambda: self.probe_poll.counted() == 1):
            remedy = "check the mapping: voteapp doctor; then read the aggregator's log"
            return _failed(f"became a ballot, but was not counted in {TIMEOUT_SECONDS} s", remedy)
        counted = self.clock() - started
        self.probe_poll.forget()
        started = self.clock()
        if not self._wait_until(lambda: self.probe_poll.counted() == 0):
            remedy = "read the aggregator's log; a forgotten ballot must leave the count"
            return _failed("was counted; after forgetting it, it is still in the count", remedy)
        gone = self.clock() - started
        detail = f"counted after {counted:.2f} s, forgotten after {gone:.2f} s"
        return SelfTestResult(verdict=Verdict.OK, detail=detail)

    def _send(self) -> SelfTestResult | None:
        """Send the same text until the ballot exists; return a failure or None."""
        probe = self.probe_poll.probe
        text = ProbeText(sid=self.sid, sender=probe.phone, to=probe.number, body=probe.body)
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
            return _failed(f"the {self.receiver} answered {status or 'nothing'}", remedy)
        if not arrived:
            return _failed("was accepted, but is no ballot", f"read the {self.receiver}'s log")
        return None

    def _remove(self) -> None:
        """Remove the ballot, then the poll.

        The board goes last: a record that is folded after it would write a new row of it.
        """
        self.probe_poll.forget()
        if records := self.probe_poll.delete_ballot():
            self._wait_until(lambda: self.probe_poll.folded() >= records)
        self.probe_poll.clear()

    def _wait_until(self, condition: Callable[[], bool]) -> bool:
        deadline = self.clock() + TIMEOUT_SECONDS
        while not (is_met := condition()) and self.clock() < deadline:
            self.sleep(POLL_INTERVAL_SECONDS)
        return is_met


def _failed(detail: str, remedy: str) -> SelfTestResult:
    return SelfTestResult(verdict=Verdict.FAILED, detail=detail, remedy=remedy)
