"""What an operator can do to a round: open, close, extend, archive, reset.

Opening, closing and archiving are idempotent: a repetition returns the same round.
"""

from dataclasses import replace
from datetime import UTC, datetime

from services.voting.errors import (
    RoundFinalError,
    RoundNotEndedError,
    RoundNotExtendableError,
)
from services.voting.poll import ALL_NUMBERS, Phase, Round, State
from services.voting.timing import REDELIVERED_MS, SETTLING_MS, SETTLING_SECONDS

DAY_MS = 86_400_000
MINUTE_MS = 60_000

NOTICE_MS = 7 * DAY_MS
"""Minimum time to certify and export an ended round before its ballots expire."""


def opened(round: Round, now_ms: int) -> Round:
    """The round, open from now on until its closing time, if that is in the future.

    Raises:
        RoundFinalError: it is certified, or its ballots may have expired.
    """
    if round.phase_at(now_ms) is Phase.OPEN:
        return round
    if reason := why_final(round, now_ms):
        raise RoundFinalError(round.poll.id, round.number, reason)
    return _with_state(round, State.OPEN, now_ms)


def closed(round: Round, now_ms: int) -> Round:
    """The round, closed; a round that has closed at its closing time is returned unchanged."""
    if round.phase_at(now_ms) in {Phase.CLOSED, Phase.ARCHIVED}:
        return round
    return _with_state(round, State.CLOSED, now_ms)


def extended_close_ms(round: Round, minutes: int, now_ms: int) -> int:
    """The closing time of a round that is extended: so much later, or from now if it has closed.

    Raises:
        RoundFinalError: it is certified, or its ballots may have expired.
        RoundNotExtendableError: it has no closing time, or an operator has closed or archived it.
    """
    poll_id, number = round.id
    if reason := why_final(round, now_ms):
        raise RoundFinalError(poll_id, number, reason)
    if round.state in {State.CLOSED, State.ARCHIVED}:
        reason = f"was {round.state} by command: voteapp poll open {poll_id}"
        raise RoundNotExtendableError(poll_id, number, reason)
    if (closes := round.known_close_ms) is None:
        reason = f"has no closing time: it stays open until voteapp poll close {poll_id}"
        raise RoundNotExtendableError(poll_id, number, reason)
    later = max(closes, now_ms) + minutes * MINUTE_MS
    if round.expires_from_ms is not None and later > round.expires_from_ms:
        reason = f"cannot close later than {_moment(round.expires_from_ms)}: its ballots expire"
        raise RoundNotExtendableError(poll_id, number, reason)
    return later


def archived(round: Round, now_ms: int) -> Round:
    """The round, archived: it gets no more texts; nothing of it is deleted."""
    if round.state is State.ARCHIVED:
        return round
    return _with_state(round, State.ARCHIVED, now_ms)


def next_round(round: Round, now_ms: int) -> Round:
    """The next round, in the state of this one: a closed round is followed by a closed one.

    It does not begin before the last change of this one, even if an operator's clock goes back.
    """
    now_ms = max(now_ms, round.changed_at_ms)
    return replace(
        round,
        number=round.number + 1,
        began_at_ms=now_ms,
        changed_at_ms=now_ms,
        was_open_until_ms=0,
        expires_from_ms=None,
        certified_at_ms=None,
        previous=replace(closed(round, now_ms), changed_at_ms=now_ms),
    )


def with_former_numbers(after: Round, before: Round, now_ms: int) -> Round:
    """A round whose file has changed, with the numbers that it was on in the last minutes."""
    known = numbers_known(before, now_ms)
    moved = after.poll.numbers != before.poll.numbers
    if not moved or known.former_numbers is None:
        return replace(after, former_numbers=known.former_numbers)
    lately = known.former_numbers if now_ms - before.moved_at_ms <= REDELIVERED_MS else ()
    own = before.poll.numbers or (ALL_NUMBERS,)
    former = tuple(sorted({*lately, *own}))
    return replace(after, former_numbers=former, moved_at_ms=now_ms)


def numbers_known(round: Round, now_ms: int) -> Round:
    """A round of an older version that has not changed for minutes: nor have its numbers."""
    is_unknown = round.former_numbers is None
    if is_unknown and now_ms - round.changed_at_ms > REDELIVERED_MS:
        return replace(round, former_numbers=())
    return round


def _with_state(round: Round, state: State, now_ms: int) -> Round:
    open_until_ms = round.last_open_ms(now_ms)
    return replace(round, state=state, state_at_ms=now_ms, was_open_until_ms=open_until_ms)


def why_final(round: Round, now_ms: int) -> str | None:
    """Why a round can never accept a text again, or None if it can."""
    if round.certified_at_ms is not None:
        return f"was certified on {_moment(round.certified_at_ms)}"
    if round.expires_from_ms is not None and round.is_expiring_at(now_ms):
        return f"has ballots that expire since {_moment(round.expires_from_ms)}"
    return None


def with_expiry(round: Round, now_ms: int) -> Round:
    """The round with its `expires_from_ms`, to be stored before ballots get an expiry from it.

    Once a round with a closing time is stored, its ballots may expire `retention_days` after the
    close. An earlier `expires_from_ms` is kept.
    """
    closes = round.poll.closes_at_ms
    if closes is None or closes <= round.began_at_ms:
        return round
    earliest = max(closes, now_ms) + round.poll.retention_days * DAY_MS
    known = round.expires_from_ms
    return replace(round, expires_from_ms=earliest if known is None else min(known, earliest))


def ended_at_ms(round: Round, now_ms: int) -> int | None:
    """Since when a round has accepted no texts, or None if it is open or waiting.

    Not before the last change of the round: until then, it may have been open.
    """
    if round.phase_at(now_ms) in {Phase.OPEN, Phase.WAITING}:
        return None
    ends = [round.state_at_ms, round.changed_at_ms]
    times = (round.known_close_ms, round.expires_from_ms)
    ends += [at_ms for at_ms in times if at_ms is not None and at_ms <= now_ms]
    return max(ends)


def has_settled(round: Round, now_ms: int) -> bool:
    """Whether the round has ended, and no write of a text that it accepted is in flight."""
    ended = ended_at_ms(round, now_ms)
    return ended is not None and now_ms - ended >= SETTLING_MS


def is_quiet(round: Round, now_ms: int) -> bool:
    """Whether no ballot of the round can be written now or within `SETTLING_MS`.

    Only then may the shards of a round without ballots change: no first vote is in flight.
    """
    if round.phase_at(now_ms) is Phase.WAITING:
        opens = round.poll.opens_at_ms or 0
        unchanged_ms = now_ms - max(round.changed_at_ms, round.state_at_ms)
        return unchanged_ms >= SETTLING_MS and opens - now_ms >= SETTLING_MS
    return has_settled(round, now_ms)


def expiry_after_end(ended: Round, now_ms: int) -> int:
    """The earliest time at which the ballots of an ended round may expire.

    Raises:
        RoundNotEndedError: texts may still be counted in it.
    """
    ended_ms = ended_at_ms(ended, now_ms)
    if ended_ms is None or not has_settled(ended, now_ms):
        raise RoundNotEndedError(ended.poll.id, ended.number, SETTLING_SECONDS)
    if ended.expires_from_ms is not None:
        return ended.expires_from_ms
    # Round up to a full second: the expiry of a ballot is in seconds.
    at_ms = max(ended_ms + ended.poll.retention_days * DAY_MS, now_ms + NOTICE_MS)
    return -(-at_ms // 1000) * 1000


def _moment(at_ms: int) -> str:
    return f"{datetime.fromtimestamp(at_ms / 1000, UTC):%Y-%m-%d %H:%M} UTC"
