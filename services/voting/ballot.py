"""The rules of a ballot: what one more text makes of it.

A pure function of the round, the ballot that stands (or none) and the vote. Standard
library only.
"""

from base64 import urlsafe_b64encode
from collections.abc import Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from hashlib import sha256

from services.voting.poll import MESSAGES_PER_BALLOT, Policy, Round
from services.voting.timing import LANDING_SECONDS

SECONDS_PER_DAY = 86_400

MOST_SECONDS = 64**4 - 1
"""A ballot remembers times up to 194 days after its first text."""


class OutcomeKind(StrEnum):
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
    BARRED = "barred"
    """Came again after its vote was forgotten, or was on its way while it came again and was
    counted in another round."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """How a text was received. `choice` and `previous` are keys, `left` votes still free.

    `at_ms` is when, where the ballot remembers it: a redelivery is told the same time.
    """

    kind: OutcomeKind
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
class AcceptedText:
    """One accepted text of a ballot, in the order of acceptance."""

    sid: str
    choice: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Ballot:
    """What a voter holds in a round: what it counts for, and how it came about.

    `writes` counts how often the item was written, so it is the optimistic lock of the next
    write. `expires_at_s` is None while nobody knows when the round ends. `forgotten` and
    `barred` are the marks (`mark_of_text`) of texts that may not be counted in this ballot:
    their votes were forgotten, or they go to another round.
    """

    pk: str
    sk: str
    board: str
    round: int
    picks: Mapping[str, int]
    steps: tuple[AcceptedText, ...]
    cast_at_ms: int
    changed_at_ms: int
    expires_at_s: int | None
    writes: int = 1
    times: tuple[int, ...] = ()
    """Seconds after the first text at which each came; only where replies tell the time."""
    barred: tuple[str, ...] = ()
    forgotten: tuple[str, ...] = ()
    forgotten_at_ms: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """The outcome, and the ballot to store, or None where nothing changes."""

    outcome: Outcome
    ballot: Ballot | None = None


def cast(round: Round, ballot: Ballot | None, vote: Vote) -> Decision:
    """Decide on one vote.

    Idempotent per MessageSid: a text that the ballot already holds changes nothing and has
    the outcome it had the first time, whatever came after it.
    """
    first = redelivered(round, ballot, vote.sid)
    if first is not None:
        return Decision(outcome=first)
    if ballot is not None and ballot.barred and mark_of_text(vote.sid) in ballot.barred:
        return Decision(outcome=Outcome(kind=OutcomeKind.BARRED))
    if ballot is not None:
        refusal = _refuse(round.poll.policy, round.poll.limit, ballot)
        if refusal is not None:
            return Decision(outcome=refusal)
    after = _add(round, ballot, vote)
    return Decision(outcome=_outcome_at(round, after, len(after.steps) - 1), ballot=after)


def redelivered(round: Round, ballot: Ballot | None, sid: str) -> Outcome | None:
    """The outcome of a text that the ballot holds or held, or None if it never did."""
    if ballot is None:
        return None
    for index, step in enumerate(ballot.steps):
        if step.sid == sid:
            return _outcome_at(round, ballot, index)
    if ballot.forgotten and mark_of_text(sid) in ballot.forgotten:
        return Outcome(kind=OutcomeKind.BARRED)
    return None


def bar(round: Round, ballot: Ballot | None, vote: Vote) -> Ballot:
    """The ballot after which this text can never be counted in it, by whatever is on its way.

    Where there is none, an empty one: a first write that is still on its way then fails.
    """
    marks = (mark_of_text(vote.sid),)
    if ballot is not None and marks[0] in ballot.barred:
        return ballot
    if ballot is not None:
        return replace(
            ballot,
            barred=(*ballot.barred, *marks)[-MESSAGES_PER_BALLOT:],
            writes=ballot.writes + 1,
        )
    pk, sk = round.ballot_key(vote.voter, vote.sid)
    return Ballot(
        pk=pk,
        sk=sk,
        board=round.board,
        round=round.number,
        picks={},
        steps=(),
        cast_at_ms=0,
        changed_at_ms=0,
        expires_at_s=expiry_of(round, vote.at_ms),
        barred=marks,
    )


def forget(ballot: Ballot, now_ms: int) -> Ballot:
    """The ballot without its votes, texts and times; what comes again stays forgotten."""
    marks = (*ballot.forgotten, *(mark_of_text(step.sid) for step in ballot.steps))
    return replace(
        ballot,
        picks={},
        steps=(),
        times=(),
        cast_at_ms=0,
        changed_at_ms=0,
        writes=ballot.writes + 1,
        forgotten=marks[-MESSAGES_PER_BALLOT:],
        forgotten_at_ms=now_ms,
    )


def mark_of_text(sid: str) -> str:
    """Four characters by which a ballot knows a text again without its MessageSid.

    24 bits of its SHA-256: of two other texts to the same ballot, one in 16 million is taken
    for it.
    """
    return urlsafe_b64encode(sha256(sid.encode()).digest()[:3]).decode()


def expiry_of(round: Round, at_ms: int) -> int | None:
    """When a ballot that is written now expires, in epoch seconds; None while nobody knows.

    `retention_days` after its round can take no more texts, and never before: a voter whose
    ballot is gone could vote again.
    """
    closes = round.known_close_ms
    if closes is None:
        return None
    kept_seconds = round.poll.retention_days * SECONDS_PER_DAY + LANDING_SECONDS
    return -(-max(at_ms, closes) // 1000) + kept_seconds


def _refuse(policy: Policy, limit: int, ballot: Ballot) -> Outcome | None:
    if not ballot.steps:
        return None
    round = ballot.steps[-1].choice
    if policy is Policy.FIRST:
        return Outcome(kind=OutcomeKind.STANDS, previous=round)
    most = limit if policy is Policy.EACH else MESSAGES_PER_BALLOT
    if len(ballot.steps) >= most:
        return Outcome(kind=OutcomeKind.LIMIT, previous=round, left=0)
    return None


def _add(round: Round, ballot: Ballot | None, vote: Vote) -> Ballot:
    poll = round.poll
    pk, sk = round.ballot_key(vote.voter, vote.sid)
    picks = {vote.choice: 1}
    if ballot is not None and poll.policy is Policy.EACH:
        picks = {**ballot.picks, vote.choice: ballot.picks.get(vote.choice, 0) + 1}
    held = ballot if ballot and ballot.steps else None
    return Ballot(
        pk=pk,
        sk=sk,
        board=ballot.board if ballot else round.board,
        round=round.number,
        picks=picks,
        steps=(*(ballot.steps if ballot else ()), AcceptedText(vote.sid, vote.choice)),
        cast_at_ms=held.cast_at_ms if held else vote.at_ms,
        changed_at_ms=vote.at_ms,
        expires_at_s=expiry_of(round, vote.at_ms),
        writes=ballot.writes + 1 if ballot else 1,
        times=_times(held, vote.at_ms) if poll.tells_closing else (),
        barred=ballot.barred if ballot else (),
        forgotten=ballot.forgotten if ballot else (),
        forgotten_at_ms=ballot.forgotten_at_ms if ballot else None,
    )


def _times(ballot: Ballot | None, at_ms: int) -> tuple[int, ...]:
    """Texts that came before the poll's replies told the time count as the first one."""
    if ballot is None:
        return (0,)
    known = ballot.times or (0,) * len(ballot.steps)
    return (*known, min(max(0, at_ms - ballot.cast_at_ms) // 1000, MOST_SECONDS))


def _outcome_at(round: Round, ballot: Ballot, index: int) -> Outcome:
    """What the text at that place of the ballot was told, from the places before it."""
    choice = ballot.steps[index].choice
    at_ms = ballot.cast_at_ms + ballot.times[index] * 1000 if ballot.times else None
    if round.poll.policy is Policy.EACH:
        left = max(0, round.poll.limit - index - 1)
        return Outcome(kind=OutcomeKind.ACCEPTED, choice=choice, left=left, at_ms=at_ms)
    if index == 0:
        return Outcome(kind=OutcomeKind.ACCEPTED, choice=choice, at_ms=at_ms)
    previous = ballot.steps[index - 1].choice
    kind = OutcomeKind.SAME if previous == choice else OutcomeKind.CHANGED
    return Outcome(kind=kind, choice=choice, previous=previous, at_ms=at_ms)
