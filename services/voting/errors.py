"""Errors of the domain, with their details as fields.

Adapters translate the errors of their client libraries into these; unknown errors propagate
unchanged.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from services.voting.toml_text import toml_text


class VotingError(Exception):
    """Base class of the errors of this package."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """An error or a warning about a poll file. `line` is 1-based; 0 means the whole file."""

    key: str
    value: object
    remedy: str
    line: int = 0
    severity: Literal["error", "warning"] = "error"

    def __str__(self) -> str:
        warning = "" if self.severity == "error" else " (warning)"
        return f"{self.key}: {toml_text(self.value)}: {self.remedy}{warning}"


class PollFileError(VotingError):
    """A poll file is invalid. `problems` lists all errors and warnings."""

    def __init__(self, source: str, problems: Sequence[Problem]) -> None:
        self.source = source
        self.problems = tuple(problems)
        lines = (f"{source}:{p.line}: {p}" if p.line else f"{source}: {p}" for p in self.problems)
        super().__init__("\n".join(lines))


class PollUnknownError(VotingError):
    """There is no poll with that id."""

    def __init__(self, poll_id: str, known: Sequence[str]) -> None:
        self.poll_id = poll_id
        self.known = tuple(known)
        known_ids = ", ".join(self.known) or "none"
        super().__init__(f"no poll {poll_id!r}; there are: {known_ids}")


class PollStaleError(VotingError):
    """A poll has changed since the operator saw it, so the operator's change is not made."""

    def __init__(self, poll_id: str) -> None:
        self.poll_id = poll_id
        super().__init__(
            f"poll {poll_id!r}: somebody else has changed it since this was shown: nothing was "
            f"done; look again"
        )


class PollUnreadableError(VotingError):
    """The row of a poll in the directory cannot be parsed."""

    def __init__(self, poll_id: str) -> None:
        self.poll_id = poll_id
        super().__init__(
            f"poll {poll_id!r}: its row in the directory cannot be read: mend or delete that row"
        )


class RoundUnknownError(VotingError):
    """The poll has no round with that number."""

    def __init__(self, poll_id: str, round_number: int, latest: int) -> None:
        self.poll_id = poll_id
        self.round_number = round_number
        self.latest = latest
        super().__init__(f"poll {poll_id!r} has no round {round_number}; the latest is {latest}")


class PollChangedError(VotingError):
    """A poll was changed concurrently too often. Retrying is safe."""

    def __init__(self, poll_id: str) -> None:
        self.poll_id = poll_id
        super().__init__(f"poll {poll_id!r}: somebody else keeps changing it; try again")


class RoundFinalError(VotingError):
    """A round can never accept texts again; `reason` says why, for example "was certified"."""

    def __init__(self, poll_id: str, round_number: int, reason: str) -> None:
        self.poll_id = poll_id
        self.round_number = round_number
        self.reason = reason
        super().__init__(
            f"poll {poll_id!r}: round {round_number} {reason} and is final; start the next one: "
            f"voteapp poll reset {poll_id}"
        )


class RoundNotExtendableError(VotingError):
    """A round has no closing time that could be moved; `reason` says why and what to do."""

    def __init__(self, poll_id: str, round_number: int, reason: str) -> None:
        self.poll_id = poll_id
        self.round_number = round_number
        self.reason = reason
        super().__init__(f"poll {poll_id!r}: round {round_number} {reason}")


class RoundNotEndedError(VotingError):
    """A round is open, waits, or ended so recently that texts are still in flight."""

    def __init__(self, poll_id: str, round_number: int, wait_seconds: int) -> None:
        self.poll_id = poll_id
        self.round_number = round_number
        super().__init__(
            f"poll {poll_id!r}: round {round_number} may still take texts: close it, and wait "
            f"{wait_seconds} seconds"
        )


class StoreUnavailableError(VotingError):
    """The store throttled, or could not be reached in the time budget.

    The last write may have succeeded; sending the same message again is safe.
    """

    def __init__(self, operation: str, *, retry_after_seconds: int = 2) -> None:
        self.operation = operation
        self.retry_after_seconds = retry_after_seconds
        super().__init__(f"{operation}: the store did not answer in time")


class ShardUnknownError(VotingError):
    """A stream batch has no shard id, without which its watermark cannot be chosen."""

    def __init__(self) -> None:
        super().__init__(
            "shardId: missing from the event: give the event source mapping a tumbling "
            "window, or set STREAM_SHARD_ID where an emulator has one shard"
        )


class RowMergedError(VotingError):
    """A record belongs to a tally row that was merged; its watermark is gone with the row.

    A new row would count records again that the base row includes.
    """

    def __init__(self, board: str, round_number: int, stream_shard: str) -> None:
        self.board = board
        self.round_number = round_number
        self.stream_shard = stream_shard
        super().__init__(
            f"{board}, round {round_number}: the row of stream shard {stream_shard} was merged or "
            f"deleted, and yet a record came: nothing is counted of this batch; read "
            f"docs/recovery.md"
        )
