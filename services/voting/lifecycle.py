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


def opened(standing: Round, now_ms: int) -> Round:
    """The round open from now on, until a closing time that is yet to come.

    Raises:
        RoundFinalError: it is certified, or its ballots may have expired.
    """
    if standing.phase_at(now_ms) is Phase.OPEN:
        return standing
    if reason := why_final(standing, now_ms):
        raise RoundFinalError(standing.poll.id, standing.number, reason)
    return _put(standing, State.OPEN, now_ms)


def closed(standing: Round, now_ms: int) -> Round:
    """The round closed; one that the clock has closed keeps its time."""
    if standing.phase_at(now_ms) in {Phase.CLOSED, Phase.ARCHIVED}:
        return standing
    return _put(standing, State.CLOSED, now_ms)


def archived(standing: Round, now_ms: int) -> Round:
    """The round heard no more; nothing of it is deleted."""
    if standing.state is State.ARCHIVED:
        return standing
    return _put(standing, State.ARCHIVED, now_ms)


def next_round(standing: Round, now_ms: int) -> Round:
    """A new round, in the state of the old one: what was closed stays so until it is opened."""
    return replace(
        standing,
        number=standing.number + 1,
        began_at_ms=now_ms,
        changed_at_ms=now_ms,
        heard_until_ms=0,
        expires_from_ms=None,
        certified_at_ms=None,
        previous=replace(closed(standing, now_ms), changed_at_ms=now_ms),
    )


def _put(standing: Round, state: State, now_ms: int) -> Round:
    heard_ms = standing.last_open_ms(now_ms)
    return replace(standing, state=state, state_at_ms=now_ms, heard_until_ms=heard_ms)


def why_final(standing: Round, now_ms: int) -> str | None:
    """Why a round can never take a text again, or None if it can."""
    if standing.certified_at_ms is not None:
        return f"was certified on {_moment(standing.certified_at_ms)}"
    if standing.expires_from_ms is not None and standing.is_expiring_at(now_ms):
        return f"has ballots that expire since {_moment(standing.expires_from_ms)}"
    return None


def with_expiry(standing: Round, now_ms: int) -> Round:
    """The round as it must be stored now, before a ballot is written under its closing time.

    A ballot expires `retention_days` after its round can take no more texts, so a ballot of a
    round with a closing time may carry that expiry from the moment the round is stored. What
    was promised earlier is never put off.
    """
    closes = standing.poll.closes_at_ms
    if closes is None or closes <= standing.began_at_ms:
        return standing
    earliest = max(closes, now_ms) + standing.poll.retention_days * DAY_MS
    known = standing.expires_from_ms
    return replace(standing, expires_from_ms=earliest if known is None else min(known, earliest))


def ended_at_ms(standing: Round, now_ms: int) -> int | None:
    """Since when a round takes no text, or None while it is open or waits.

    Also the last change of the round counts: before it, the round may have been open.
    """
    if standing.phase_at(now_ms) in {Phase.OPEN, Phase.WAITING}:
        return None
    ends = [standing.state_at_ms, standing.changed_at_ms]
    turns = (standing.known_close_ms, standing.expires_from_ms)
    ends += [turn for turn in turns if turn is not None and turn <= now_ms]
    return max(ends)


def has_settled(standing: Round, now_ms: int) -> bool:
    """Whether the round has ended, and no text that it accepted can still become a ballot."""
    ended = ended_at_ms(standing, now_ms)
    return ended is not None and now_ms - ended >= LANDING_MS


def is_quiet(standing: Round, now_ms: int) -> bool:
    """Whether no text can become a ballot of the round now, nor for as long as one may take.

    Only then may a round without a ballot be given other shards: a first vote may not be on
    its way.
    """
    if standing.phase_at(now_ms) is Phase.WAITING:
        opens = standing.poll.opens_at_ms or 0
        waited = now_ms - max(standing.changed_at_ms, standing.state_at_ms)
        return waited >= LANDING_MS and opens - now_ms >= LANDING_MS
    return has_settled(standing, now_ms)


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
