"""The operator's log: what changed a poll, when, and by whom. Rows are only ever added."""

from dataclasses import dataclass
from typing import Final, Literal

from services.voting.poll import Round, State

What = Literal[
    "created", "applied", "opened", "closed", "extended", "archived", "reset",
    "certified", "expiry", "list", "number", "copied",
]  # fmt: skip

UNKNOWN: Final = "unknown"
"""Who made a change, if the caller's identity could not be found out."""

_BY_STATE: Final[dict[State, What]] = {
    State.OPEN: "opened", State.CLOSED: "closed", State.ARCHIVED: "archived",
}  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class LoggedChange:
    """A row of the log. `round` is as it was after the change, without its previous round.

    It is the poll's current round, except in `certified` and `expiry` of a past round. `by` is
    the ARN of the caller, "deploy", "local" or "unknown". `copied` is the first row of a poll
    that is older than its log.
    """

    at_ms: int
    what: What
    by: str
    round: Round
    detail: str = ""


def name_change(before: Round, after: Round) -> What:
    """Name the change of a round by an operator."""
    if after.number != before.number:
        return "reset"
    if (after.state, after.state_at_ms) != (before.state, before.state_at_ms):
        return _BY_STATE.get(after.state, "applied")
    if after.poll.closes_at_ms != before.poll.closes_at_ms:
        return "extended"
    return "expiry" if after.expires_from_ms != before.expires_from_ms else "applied"
