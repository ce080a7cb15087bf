"""The operator's word on a round: open, close, archive, reset. Pure; standard library only.

Each is idempotent: said twice, it changes nothing the second time.
"""

from dataclasses import replace
from datetime import UTC, datetime

from services.voting.errors import RoundFinalError, RoundNotEndedError
from services.voting.poll import Phase, Round, State
from services.voting.timing import LANDING_MS, LANDING_SECONDS

DAY_MS = 86_400_000

NOTICE_MS = 7 * DAY_MS
"""Time to certify and export a round that ended long ago, before its ballots expire."""


def opened(round: Round, now_ms: int) -> Round:
    """The round open from now on, until a closing time that is yet to come.

    Raises:
        RoundFinalError: it is certified, or its ballots may have expired.
    """
    if round.phase_at(now_ms) is Phase.OPEN:
        return round
    if reason := why_final(round, now_ms):
        raise RoundFinalError(round.poll.id, round.number, reason)
    return _put(round, State.OPEN, now_ms)


def closed(round: Round, now_ms: int) -> Round:
    """The round closed; one that the clock has closed keeps its time."""
    if round.phase_at(now_ms) in {Phase.CLOSED, Phase.ARCHIVED}:
        return round
    return _put(round, State.CLOSED, now_ms)


def archived(round: Round, now_ms: int) -> Round:
    """The round heard no more; nothing of it is deleted."""
    if round.state is State.ARCHIVED:
        return round
    return _put(round, State.ARCHIVED, now_ms)


def next_round(round: Round, now_ms: int) -> Round:
    """A new round, in the state of the old one: what was closed stays so until it is opened."""
    return replace(
        round,
        number=round.number + 1,
        began_at_ms=now_ms,
        changed_at_ms=now_ms,
        heard_until_ms=0,
        expires_from_ms=None,
        certified_at_ms=None,
        previous=replace(closed(round, now_ms), changed_at_ms=now_ms),
    )


def _put(round: Round, state: State, now_ms: int) -> Round:
    heard_ms = round.last_open_ms(now_ms)
    return replace(round, state=state, state_at_ms=now_ms, heard_until_ms=heard_ms)


def why_final(round: Round, now_ms: int) -> str | None:
    """Why a round can never take a text again, or None if it can."""
    if round.certified_at_ms is not None:
        return f"was certified on {_moment(round.certified_at_ms)}"
    if round.expires_from_ms is not None and round.is_expiring_at(now_ms):
        return f"has ballots that expire since {_moment(round.expires_from_ms)}"
    return None


def with_expiry(round: Round, now_ms: int) -> Round:
    """The round as it must be stored now, before a ballot is written under its closing time.

    A ballot expires `retention_days` after its round can take no more texts, so a ballot of a
    round with a closing time may carry that expiry from the moment the round is stored. What
    was promised earlier is never put off.
    """
    closes = round.poll.closes_at_ms
    if closes is None or closes <= round.began_at_ms:
        return round
    earliest = max(closes, now_ms) + round.poll.retention_days * DAY_MS
    known = round.expires_from_ms
    return replace(round, expires_from_ms=earliest if known is None else min(known, earliest))


def ended_at_ms(round: Round, now_ms: int) -> int | None:
    """Since when a round takes no text, or None while it is open or waits.

    Also the last change of the round counts: before it, the round may have been open.
    """
    if round.phase_at(now_ms) in {Phase.OPEN, Phase.WAITING}:
        return None
    ends = [round.state_at_ms, round.changed_at_ms]
    turns = (round.known_close_ms, round.expires_from_ms)
    ends += [turn for turn in turns if turn is not None and turn <= now_ms]
    return max(ends)


def has_settled(round: Round, now_ms: int) -> bool:
    """Whether the round has ended, and no text that it accepted can still become a ballot."""
    ended = ended_at_ms(round, now_ms)
    return ended is not None and now_ms - ended >= LANDING_MS


def is_quiet(round: Round, now_ms: int) -> bool:
    """Whether no text can become a ballot of the round now, nor for as long as one may take.

    Only then may a round without a ballot be given other shards: a first vote may not be on
    its way.
    """
    if round.phase_at(now_ms) is Phase.WAITING:
        opens = round.poll.opens_at_ms or 0
        waited = now_ms - max(round.changed_at_ms, round.state_at_ms)
        return waited >= LANDING_MS and opens - now_ms >= LANDING_MS
    return has_settled(round, now_ms)


def expiry_after_end(ended: Round, now_ms: int) -> int:
    """When the ballots of an ended round may expire, at the earliest.

    Raises:
        RoundNotEndedError: texts may still become ballots of it.
    """
    ended_ms = ended_at_ms(ended, now_ms)
    if ended_ms is None or not has_settled(ended, now_ms):
        raise RoundNotEndedError(ended.poll.id, ended.number, LANDING_SECONDS)
    if ended.expires_from_ms is not None:
        return ended.expires_from_ms
    # To the second, upwards: a ballot's expiry is in seconds.
    at_ms = max(ended_ms + ended.poll.retention_days * DAY_MS, now_ms + NOTICE_MS)
    return -(-at_ms // 1000) * 1000


def _moment(at_ms: int) -> str:
    return f"{datetime.fromtimestamp(at_ms / 1000, UTC):%Y-%m-%d %H:%M} UTC"
