"""Errors of the domain. They carry fields; who shows them decides on the words.

Adapters translate what their client libraries raise into these once; what is unknown
passes through unchanged.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal


class VotingError(Exception):
    """Anything this package refuses to do."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """One thing wrong with a poll file. `line` is 1-based, 0 where it is the whole file."""

    key: str
    value: object
    remedy: str
    line: int = 0
    severity: Literal["error", "warning"] = "error"

    def __str__(self) -> str:
        shown = "missing" if self.value is None else repr(self.value)
        warning = "" if self.severity == "error" else " (warning)"
        return f"{self.key}: {shown}: {self.remedy}{warning}"


class PollFileError(VotingError):
    """A poll definition that cannot be used. Lists everything wrong with it."""

    def __init__(self, source: str, problems: Sequence[Problem]) -> None:
        self.source = source
        self.problems = tuple(problems)
        lines = (f"{source}:{p.line}: {p}" if p.line else f"{source}: {p}" for p in self.problems)
        super().__init__("\n".join(lines))


class PollUnknownError(VotingError):
    """There is no poll of that name."""

    def __init__(self, poll_id: str, known: Sequence[str]) -> None:
        self.poll_id = poll_id
        self.known = tuple(known)
        there = ", ".join(self.known) or "none"
        super().__init__(f"no poll {poll_id!r}; there are: {there}")


class PollUnreadableError(VotingError):
    """The row of a poll in the directory is no poll."""

    def __init__(self, poll_id: str) -> None:
        self.poll_id = poll_id
        super().__init__(
            f"poll {poll_id!r}: its row in the directory cannot be read: mend or delete that row"
        )


class RoundUnknownError(VotingError):
    """A poll has had no such round."""

    def __init__(self, poll_id: str, round_number: int, latest: int) -> None:
        self.poll_id = poll_id
        self.round_number = round_number
        self.latest = latest
        super().__init__(f"poll {poll_id!r} has no round {round_number}; the latest is {latest}")


class PollChangedError(VotingError):
    """Others kept changing a poll while it was to be changed. Trying again is safe."""

    def __init__(self, poll_id: str) -> None:
        self.poll_id = poll_id
        super().__init__(f"poll {poll_id!r}: somebody else keeps changing it; try again")


class RoundFinalError(VotingError):
    """A round that can never take a text again; `reason` says why, as in "was certified"."""

    def __init__(self, poll_id: str, round_number: int, reason: str) -> None:
        self.poll_id = poll_id
        self.round_number = round_number
        self.reason = reason
        super().__init__(
            f"poll {poll_id!r}: round {round_number} {reason} and is final; start the next one: "
            f"voteapp poll reset {poll_id}"
        )


class RoundNotEndedError(VotingError):
    """A round that is open, waits, or ended so lately that texts are still on their way."""

    def __init__(self, poll_id: str, round_number: int, wait_seconds: int) -> None:
        self.poll_id = poll_id
        self.round_number = round_number
        super().__init__(
            f"poll {poll_id!r}: round {round_number} may still take texts: close it, and wait "
            f"{wait_seconds} seconds"
        )


class StoreUnavailableError(VotingError):
    """The store throttled or was out of reach beyond the time budget.

    Whether the last attempt landed is unknown; sending the same message again is safe.
    """

    def __init__(self, operation: str, *, retry_after_seconds: int = 2) -> None:
        self.operation = operation
        self.retry_after_seconds = retry_after_seconds
        super().__init__(f"{operation}: the store did not answer in time")


class ShardUnknownError(VotingError):
    """A stream batch without a shard id: folding it by a guess would miscount."""

    def __init__(self) -> None:
        super().__init__(
            "shardId: missing from the event: give the event source mapping a tumbling "
            "window, or set STREAM_SHARD_ID where an emulator has one shard"
        )
