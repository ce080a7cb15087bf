"""A reconciliation's permit to write to a round, which a certificate waits for."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, Protocol

from services.voting.poll import Round
from services.voting.ports import Clock

PERMIT_MS: Final = 5 * 60_000
"""For so long a certificate waits for a run that was interrupted."""
LAST_WRITE_MS: Final = 150_000
"""No write begins later than this before the end of the permit: one takes a minute, with retries,
and the clocks of a run and of who certifies may differ."""


class Announcements(Protocol):
    """Where the runs that write to a round are stored."""

    def begin(self, round: Round, until_ms: int) -> None:
        """Announce that this run writes until a time."""

    def end(self, round: Round) -> None:
        """Announce that it writes no more."""


@dataclass(slots=True, kw_only=True)
class Permit:
    """Announces a run before its first write, and again while it goes on.

    `is_certified` reads whether the round is certified; it is called after each announcement.
    """

    announcements: Announcements
    round: Round
    clock: Clock
    is_certified: Callable[[], bool]
    _until_ms: int = 0
    _is_given: bool = False

    def is_given(self) -> bool:
        """Whether the run may write now. Raises: StoreUnavailableError."""
        if self.clock() > self._until_ms - LAST_WRITE_MS:
            until_ms = self.clock() + PERMIT_MS
            self.announcements.begin(self.round, until_ms)
            self._until_ms, self._is_given = until_ms, not self.is_certified()
        return self._is_given

    def end(self) -> None:
        """The run is over, and every write of it was answered."""
        if self._until_ms:
            self.announcements.end(self.round)
