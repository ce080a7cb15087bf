"""The rules of a ballot: what one more text makes of it.

A pure function of the round, the ballot that stands (or none) and the vote. Standard
library only.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from services.voting.poll import MESSAGES_PER_BALLOT, Policy, Round

SECONDS_PER_DAY = 86_400

MOST_SECONDS = 64**4 - 1
"""A ballot remembers times up to 194 days after its first text."""


class Kind(StrEnum):
    """How a text was received. The values name the reply texts of a poll file."""

    ACCEPTED = "accepted"
    CHANGED = "changed"
    SAME = "same"
    LIMIT = "limit"
    STANDS = "stands"
    UNKNOWN = "unknown"
    NEAR = "near"
    UNLISTED = "unlisted"
    WAITING = "waiting"
    CLOSED = "closed"
    NO_POLL = "no_poll"
    RESERVED = "reserved"


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """How a text was received. `choice` and `previous` are keys, `left` votes still free.

    `at_ms` is when, where the ballot remembers it: a redelivery is told the same time.
    """

    kind: Kind
    choice: str | None = None
    previous: str | None = None
    left: int | None = None
    at_ms: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Vote:
    """A text that names a choice."""

    voter: str
    sid: str
    choice: str
    at_ms: int


@dataclass(frozen=True, slots=True)
class Step:
    """One accepted text of a ballot, in the order of acceptance."""

    sid: str
    choice: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Ballot:
    """What a voter holds in a round: what it counts for, and how it came about."""

    pk: str
    sk: str
    board: str
    round: int
    picks: Mapping[str, int]
    steps: tuple[Step, ...]
    cast_at_ms: int
    changed_at_ms: int
    expires_at_s: int
    times: tuple[int, ...] = ()
    """Seconds after the first text at which each came; only where replies tell the time."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """The outcome, and the ballot to store, or None where nothing changes."""

    outcome: Outcome
    ballot: Ballot | None = None


def cast(standing_in: Round, ballot: Ballot | None, vote: Vote) -> Decision:
    """Decide on one vote.

    Idempotent per MessageSid: a text that the ballot already holds changes nothing and has
    the outcome it had the first time, whatever came after it.
    """
    first = redelivered(standing_in, ballot, vote.sid)
    if first is not None:
        return Decision(outcome=first)
    if ballot is not None:
        refusal = _refuse(standing_in.poll.policy, standing_in.poll.limit, ballot)
        if refusal is not None:
            return Decision(outcome=refusal)
    after = _add(standing_in, ballot, vote)
    return Decision(outcome=_outcome_at(standing_in, after, len(after.steps) - 1), ballot=after)


def redelivered(standing_in: Round, ballot: Ballot | None, sid: str) -> Outcome | None:
    """The outcome a text had when it was accepted, or None if the ballot does not hold it."""
    if ballot is None:
        return None
    for index, step in enumerate(ballot.steps):
        if step.sid == sid:
            return _outcome_at(standing_in, ballot, index)
    return None


def _refuse(policy: Policy, limit: int, ballot: Ballot) -> Outcome | None:
    standing = ballot.steps[-1].choice if ballot.steps else None
    if policy is Policy.FIRST:
        return Outcome(kind=Kind.STANDS, previous=standing)
    most = limit if policy is Policy.EACH else MESSAGES_PER_BALLOT
    if len(ballot.steps) >= most:
        return Outcome(kind=Kind.LIMIT, previous=standing, left=0)
    return None


def _add(standing_in: Round, ballot: Ballot | None, vote: Vote) -> Ballot:
    poll = standing_in.poll
    pk, sk = standing_in.ballot_key(vote.voter, vote.sid)
    picks = {vote.choice: 1}
    if ballot is not None and poll.policy is Policy.EACH:
        picks = {**ballot.picks, vote.choice: ballot.picks.get(vote.choice, 0) + 1}
    return Ballot(
        pk=pk,
        sk=sk,
        board=ballot.board if ballot else standing_in.board,
        round=standing_in.number,
        picks=picks,
        steps=(*(ballot.steps if ballot else ()), Step(vote.sid, vote.choice)),
        cast_at_ms=ballot.cast_at_ms if ballot else vote.at_ms,
        changed_at_ms=vote.at_ms,
        expires_at_s=vote.at_ms // 1000 + poll.retention_days * SECONDS_PER_DAY,
        times=_times(ballot, vote.at_ms) if poll.tells_closing else (),
    )


def _times(ballot: Ballot | None, at_ms: int) -> tuple[int, ...]:
    """Texts that came before the poll's replies told the time count as the first one."""
    if ballot is None:
        return (0,)
    known = ballot.times or (0,) * len(ballot.steps)
    return (*known, min(max(0, at_ms - ballot.cast_at_ms) // 1000, MOST_SECONDS))


def _outcome_at(standing_in: Round, ballot: Ballot, index: int) -> Outcome:
    """What the text at that place of the ballot was told, from the places before it."""
    choice = ballot.steps[index].choice
    at_ms = ballot.cast_at_ms + ballot.times[index] * 1000 if ballot.times else None
    if standing_in.poll.policy is Policy.EACH:
        left = max(0, standing_in.poll.limit - index - 1)
        return Outcome(kind=Kind.ACCEPTED, choice=choice, left=left, at_ms=at_ms)
    if index == 0:
        return Outcome(kind=Kind.ACCEPTED, choice=choice, at_ms=at_ms)
    previous = ballot.steps[index - 1].choice
    kind = Kind.SAME if previous == choice else Kind.CHANGED
    return Outcome(kind=kind, choice=choice, previous=previous, at_ms=at_ms)
