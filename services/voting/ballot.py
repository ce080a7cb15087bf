"""How a vote changes a ballot.

A pure function of the round, the voter's ballot so far (or None) and the vote.
"""

from base64 import urlsafe_b64encode
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from hashlib import sha256

from services.voting.poll import MESSAGES_PER_BALLOT, Policy, Round
from services.voting.timing import SETTLING_SECONDS

SECONDS_PER_DAY = 86_400

MAX_OFFSET_SECONDS = 64**4 - 1
"""Largest offset from the first text that a ballot can store: 194 days."""


class OutcomeKind(StrEnum):
    """What became of a text. The values are the keys of the reply texts in a poll file."""

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
    """Redelivered after its vote was forgotten, or its redelivery was counted in another round."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What became of a text.

    `choice` and `previous` are keys of choices, `left` is the number of votes left to the phone.
    `at_ms` is when the text first arrived, if the ballot has its time: a redelivered text gets the
    same reply.
    """

    kind: OutcomeKind
    choice: str | None = None
    previous: str | None = None
    left: int | None = None
    at_ms: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Vote:
    """A vote that one text casts. `voter` is the pseudonym of the phone."""

    voter: str
    sid: str
    choice: str
    at_ms: int


@dataclass(frozen=True, slots=True)
class AcceptedText:
    """A text that was accepted into a ballot."""

    sid: str
    choice: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Ballot:
    """One voter's votes in a round, and the texts that cast them, in the order of acceptance.

    `writes` counts the writes of the item; it is the version of the optimistic lock.
    `expires_at_s` is None as long as the end of the round is unknown. `forgotten` and `barred`
    are fingerprints (`sid_fingerprint`) of texts that must not be counted in this ballot: their
    votes were forgotten, or they belong to another round.
    """

    pk: str
    sk: str
    board: str
    round: int
    picks: Mapping[str, int]
    texts: tuple[AcceptedText, ...]
    cast_at_ms: int
    changed_at_ms: int
    expires_at_s: int | None
    writes: int = 1
    times: tuple[int, ...] = ()
    """Seconds from the first text to each; empty in older ballots, whose polls did not need it."""
    barred: tuple[str, ...] = ()
    forgotten: tuple[str, ...] = ()
    forgotten_at_ms: int | None = None


def empty_ballot(round: Round, vote: Vote) -> Ballot:
    """The ballot that a vote belongs to, before its first text."""
    pk, sk = round.ballot_key(vote.voter, vote.sid)
    return Ballot(
        pk=pk,
        sk=sk,
        board=round.board,
        round=round.number,
        picks={},
        texts=(),
        cast_at_ms=0,
        changed_at_ms=0,
        expires_at_s=None,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """The outcome of a vote, and the ballot to store, or None if nothing changes."""

    outcome: Outcome
    ballot: Ballot | None = None


def cast(round: Round, ballot: Ballot | None, vote: Vote) -> Decision:
    """Decide on one vote.

    Idempotent per MessageSid: a text that the ballot already contains changes nothing and gets
    its first outcome again, regardless of later texts.
    """
    recorded = recorded_outcome(round, ballot, vote.sid)
    if recorded is not None:
        return Decision(outcome=recorded)
    if ballot is not None and ballot.barred and sid_fingerprint(vote.sid) in ballot.barred:
        return Decision(outcome=Outcome(kind=OutcomeKind.BARRED))
    if ballot is not None:
        refusal = _refuse(round.poll.policy, round.poll.limit, ballot)
        if refusal is not None:
            return Decision(outcome=refusal)
    after = _add(round, ballot, vote)
    return Decision(outcome=_outcome_at(round, after, len(after.texts) - 1), ballot=after)


def recorded_outcome(round: Round, ballot: Ballot | None, sid: str) -> Outcome | None:
    """The outcome of a text that is or was part of the ballot, else None."""
    if ballot is None:
        return None
    for index, text in enumerate(ballot.texts):
        if text.sid == sid:
            return _outcome_at(round, ballot, index)
    if ballot.forgotten and sid_fingerprint(sid) in ballot.forgotten:
        return Outcome(kind=OutcomeKind.BARRED)
    return None


def sid_fingerprint(sid: str) -> str:
    """Four characters by which a ballot recognises a text without storing its MessageSid.

    24 bits of the SHA-256: another text has the same fingerprint once in 16 million.
    """
    return urlsafe_b64encode(sha256(sid.encode()).digest()[:3]).decode()


def expiry_of(round: Round, at_ms: int) -> int | None:
    """When a ballot that is written now expires, in epoch seconds; None if the close is unknown.

    `retention_days` after its round stops accepting texts, and never before: a voter whose
    ballot has expired could vote again.
    """
    closes = round.known_close_ms
    if closes is None:
        return None
    retention_seconds = round.poll.retention_days * SECONDS_PER_DAY + SETTLING_SECONDS
    return -(-max(at_ms, closes) // 1000) + retention_seconds


def late_expiry_of(round: Round, at_ms: int) -> int | None:
    """The expiry of a ballot that is written after its round may have ended.

    Not before the round's `expires_from_ms`, and None without one: the closing time of a round that
    an operator opened after it, and closed, is no end that anything else knows of.
    """
    if round.expires_from_ms is None:
        return None
    earliest = -(-round.expires_from_ms // 1000) + SETTLING_SECONDS
    return max(earliest, expiry_of(round, at_ms) or 0)


def _refuse(policy: Policy, limit: int, ballot: Ballot) -> Outcome | None:
    if not ballot.texts:
        return None
    latest = ballot.texts[-1].choice
    if policy is Policy.FIRST:
        return Outcome(kind=OutcomeKind.STANDS, previous=latest)
    max_texts = limit if policy is Policy.EACH else MESSAGES_PER_BALLOT
    if len(ballot.texts) >= max_texts:
        return Outcome(kind=OutcomeKind.LIMIT, previous=latest, left=0)
    return None


def _add(round: Round, ballot: Ballot | None, vote: Vote) -> Ballot:
    poll = round.poll
    pk, sk = round.ballot_key(vote.voter, vote.sid)
    picks = {vote.choice: 1}
    if ballot is not None and poll.policy is Policy.EACH:
        picks = {**ballot.picks, vote.choice: ballot.picks.get(vote.choice, 0) + 1}
    with_texts = ballot if ballot and ballot.texts else None
    return Ballot(
        pk=pk,
        sk=sk,
        board=ballot.board if ballot else round.board,
        round=round.number,
        picks=picks,
        texts=(*(ballot.texts if ballot else ()), AcceptedText(vote.sid, vote.choice)),
        cast_at_ms=with_texts.cast_at_ms if with_texts else vote.at_ms,
        changed_at_ms=vote.at_ms,
        expires_at_s=expiry_of(round, vote.at_ms),
        writes=ballot.writes + 1 if ballot else 1,
        times=_times(with_texts, vote.at_ms),
        barred=ballot.barred if ballot else (),
        forgotten=ballot.forgotten if ballot else (),
        forgotten_at_ms=ballot.forgotten_at_ms if ballot else None,
    )


def _times(ballot: Ballot | None, at_ms: int) -> tuple[int, ...]:
    """Texts without a recorded time get offset 0."""
    if ballot is None:
        return (0,)
    known = ballot.times or (0,) * len(ballot.texts)
    return (*known, min(max(0, at_ms - ballot.cast_at_ms) // 1000, MAX_OFFSET_SECONDS))


def _outcome_at(round: Round, ballot: Ballot, index: int) -> Outcome:
    """The outcome of the text at an index of the ballot, given the texts before it."""
    choice = ballot.texts[index].choice
    at_ms = ballot.cast_at_ms + ballot.times[index] * 1000 if ballot.times else None
    if round.poll.policy is Policy.EACH:
        left = max(0, round.poll.limit - index - 1)
        return Outcome(kind=OutcomeKind.ACCEPTED, choice=choice, left=left, at_ms=at_ms)
    if index == 0:
        return Outcome(kind=OutcomeKind.ACCEPTED, choice=choice, at_ms=at_ms)
    previous = ballot.texts[index - 1].choice
    kind = OutcomeKind.SAME if previous == choice else OutcomeKind.CHANGED
    return Outcome(kind=kind, choice=choice, previous=previous, at_ms=at_ms)
