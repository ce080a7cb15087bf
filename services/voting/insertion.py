"""How a text that arrived late by another way is inserted into the ballot of its phone.

The other ways are the fallback queue and Twilio's message log. A text takes its place by the
time at which Twilio received it. The texts that the ballot holds keep their order and stay
accepted: a reply has told their voters so. One pure function serves both ways.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import NamedTuple

from services.voting.ballot import (
    MAX_OFFSET_SECONDS,
    AcceptedText,
    Ballot,
    Vote,
    empty_ballot,
    late_expiry_of,
    sid_fingerprint,
)
from services.voting.poll import MESSAGES_PER_BALLOT, Policy, Round


class InsertionKind(StrEnum):
    """What became of a late text."""

    INSERTED = "inserted"
    PRESENT = "present"
    """The ballot holds the text already."""
    STANDS = "stands"
    """The phone has a vote, and the first one stands."""
    LIMIT = "limit"
    """The ballot holds as many texts as it may."""
    FORGOTTEN = "forgotten"
    """The voter's votes were forgotten after Twilio had received the text."""
    BARRED = "barred"
    """The text belongs to another round."""


class Moment(NamedTuple):
    """When Twilio received a text: epoch milliseconds, then its place among texts of that time."""

    at_ms: int
    place: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class LateVote:
    """A vote of a late text, and when Twilio received the text."""

    vote: Vote
    moment: Moment


@dataclass(frozen=True, slots=True, kw_only=True)
class Insertion:
    """The ballot to store, or None if nothing changes, and what became of each text by its id."""

    ballot: Ballot | None
    kinds: Mapping[str, InsertionKind]


def insert(
    round: Round,
    ballot: Ballot | None,
    late: Sequence[LateVote],
    *,
    now_ms: int,
    received: Callable[[str], Moment | None] = lambda _: None,
    ignores_bars: bool = False,
) -> Insertion:
    """Insert the late votes of one ballot key. Idempotent per MessageSid.

    `received` returns when Twilio received a text that the ballot holds, if that is known: else
    the time that the ballot stores is used. `ignores_bars` inserts also texts that the
    ballot bars: for a caller that knows that no other round has them.
    """
    before, kinds = ballot, {}
    moments = {text.sid: received(text.sid) for text in ballot.texts} if ballot else {}
    known = {sid: moment for sid, moment in moments.items() if moment is not None}
    for one in sorted(late, key=lambda one: one.moment):
        kind = _refusal(round, ballot, one, ignores_bars=ignores_bars)
        kinds[one.vote.sid] = kind or InsertionKind.INSERTED
        if kind is None:
            ballot = _with_text(round, ballot, one, known, now_ms)
            known[one.vote.sid] = one.moment
    if ballot is before or ballot is None:
        return Insertion(ballot=None, kinds=kinds)
    # However many texts were inserted, it is one write.
    return Insertion(ballot=replace(ballot, writes=before.writes + 1 if before else 1), kinds=kinds)


def _refusal(
    round: Round, ballot: Ballot | None, late: LateVote, *, ignores_bars: bool
) -> InsertionKind | None:
    if ballot is None:
        return None
    sid, policy = late.vote.sid, round.poll.policy
    if any(text.sid == sid for text in ballot.texts):
        return InsertionKind.PRESENT
    fingerprint = sid_fingerprint(sid)
    if fingerprint in ballot.forgotten or late.moment.at_ms <= (ballot.forgotten_at_ms or 0):
        return InsertionKind.FORGOTTEN
    if fingerprint in ballot.barred and not ignores_bars:
        return InsertionKind.BARRED
    if ballot.texts and policy is Policy.FIRST:
        return InsertionKind.STANDS
    most = round.poll.limit if policy is Policy.EACH else MESSAGES_PER_BALLOT
    return InsertionKind.LIMIT if len(ballot.texts) >= most else None


def _with_text(
    round: Round, ballot: Ballot | None, late: LateVote, known: Mapping[str, Moment], now_ms: int
) -> Ballot:
    vote = late.vote
    ballot = ballot or empty_ballot(round, vote)
    text = AcceptedText(vote.sid, vote.choice)
    place = _place(ballot, late, known)
    texts = (*ballot.texts[:place], text, *ballot.texts[place:])
    arrivals = _arrivals(ballot)
    arrivals.insert(place, late.moment.at_ms)
    return replace(
        ballot,
        picks=_picks(round, ballot, vote.choice, is_latest=text is texts[-1]),
        texts=texts,
        times=tuple(_offset(arrivals[0], at_ms) for at_ms in arrivals),
        cast_at_ms=arrivals[0],
        changed_at_ms=now_ms,
        expires_at_s=late_expiry_of(round, now_ms),
        barred=tuple(mark for mark in ballot.barred if mark != sid_fingerprint(vote.sid)),
    )


def _place(ballot: Ballot, late: LateVote, known: Mapping[str, Moment]) -> int:
    """Where the text goes: before the first one that Twilio received after it."""
    stored = [Moment(at_ms) for at_ms in _arrivals(ballot)]
    for place, (text, moment) in enumerate(zip(ballot.texts, stored, strict=True)):
        if known.get(text.sid, moment) > late.moment:
            return place
    return len(ballot.texts)


def _arrivals(ballot: Ballot) -> list[int]:
    """The arrival of each text at the webhook, in epoch milliseconds.

    A ballot without times is of an earlier version: its texts count as if they had all arrived at
    its last change, so that a late text does not replace a newer one.
    """
    if not ballot.times:
        return [ballot.changed_at_ms] * len(ballot.texts)
    return [ballot.cast_at_ms + offset * 1000 for offset in ballot.times]


def _offset(first_ms: int, at_ms: int) -> int:
    return min(max(0, at_ms - first_ms) // 1000, MAX_OFFSET_SECONDS)


def _picks(round: Round, ballot: Ballot, choice: str, *, is_latest: bool) -> Mapping[str, int]:
    if round.poll.policy is Policy.EACH:
        return {**ballot.picks, choice: ballot.picks.get(choice, 0) + 1}
    return {choice: 1} if is_latest else ballot.picks
