"""One signed text, all the way to a count, and out again."""

import secrets
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final, Protocol

from services.tools.doctor.finding import Finding, doubtful, fine, wrong
from services.tools.doctor.probe_poll import BODY, NUMBER, PHONE
from services.voting.message import Message

CHECK: Final = "a text"
PATIENCE_SECONDS: Final = 30
BETWEEN_SECONDS: Final = 0.25
CACHED_SECONDS: Final = 2.2
"""Every webhook reads the polls anew after two seconds; before, it does not know this one."""

OK: Final = 200

Post = Callable[[Message], int]
"""Delivers a text to the webhook, signed; the HTTP status of the answer, 0 for none."""


class Desk(Protocol):
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

    desk: Desk
    post: Post
    sleep: Callable[[float], None] = time.sleep
    clock: Callable[[], float] = time.monotonic
    sid: str = field(default_factory=lambda: f"SM{secrets.token_hex(16)}")

    def run(self) -> Finding:
        """What became of the text. Whatever happens, ballot and poll are removed."""
        if not self.desk.open():
            remedy = "wait three minutes, then ask the doctor again"
            return doubtful(CHECK, "another examination is under way, or was killed", remedy)
        try:
            return self._examine()
        finally:
            self.desk.forget()
            self.desk.clear()

    def _examine(self) -> Finding:
        self.sleep(CACHED_SECONDS)
        started = self.clock()
        if refusal := self._send():
            return refusal
        if not self._until(lambda: self.desk.counted() == 1):
            remedy = "see the mapping above, and read the aggregator's log"
            detail = f"became a ballot, and was not counted in {PATIENCE_SECONDS} s"
            return wrong(CHECK, detail, remedy)
        counted = self.clock() - started
        self.desk.forget()
        started = self.clock()
        if not self._until(lambda: self.desk.counted() == 0):
            remedy = "read the aggregator's log; what is forgotten must go out of the count"
            return wrong(CHECK, "was counted; forgotten, it is still in the count", remedy)
        gone = self.clock() - started
        return fine(CHECK, f"counted after {counted:.2f} s, forgotten after {gone:.2f} s")

    def _send(self) -> Finding | None:
        """Send until it is a ballot: the same text again changes nothing. A failure, or None."""
        text = Message(sid=self.sid, sender=PHONE, to=NUMBER, body=BODY)
        status = 0

        def is_ballot() -> bool:
            nonlocal status
            status = self.post(text)
            return status != OK or self.desk.has_ballot()

        arrived = self._until(is_ballot)
        if status != OK:
            remedy = "403: another token or URL is in force than was signed for; else see the log"
            return wrong(CHECK, f"the webhook answered {status or 'nothing'}", remedy)
        if not arrived:
            return wrong(CHECK, "was accepted, and is no ballot", "read the webhook's log")
        return None

    def _until(self, holds: Callable[[], bool]) -> bool:
        deadline = self.clock() + PATIENCE_SECONDS
        while not (held := holds()) and self.clock() < deadline:
            self.sleep(BETWEEN_SECONDS)
        return held
