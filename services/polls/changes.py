"""Checks of a new poll file against the current round: what must not change."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime

from services.polls.moments import format_time
from services.voting.errors import Problem
from services.voting.poll import Policy, Poll, Round
from services.voting.timing import SETTLING_SECONDS

_FIXED: Sequence[tuple[str, Callable[[Poll], object]]] = (
    ("shards", lambda poll: poll.shards),
    ("policy", lambda poll: poll.policy.value),
    ("visibility", lambda poll: poll.visibility),
)
"""Settings that are fixed once a round has ballots."""


def check_change(before: Poll, after: Poll, round_number: int) -> Iterator[Problem]:
    """Problems with changes that are not allowed once a round has begun."""
    remedy_format = (
        f"round {round_number} has begun: put back %s, or first: voteapp poll reset {after.id}"
    )
    for key, value_of in _FIXED:
        if value_of(before) != value_of(after):
            remedy = remedy_format % repr(value_of(before))
            yield Problem(key=key, value=value_of(after), remedy=remedy)
    if after.policy is Policy.EACH and after.limit < before.limit:
        yield Problem(
            key="limit", value=after.limit, remedy=remedy_format % f"at least {before.limit}"
        )
    old_keys, new_keys = ([choice.key for choice in poll.choices] for poll in (before, after))
    if new_keys[: len(old_keys)] != old_keys:
        remedy = remedy_format % f"the order {', '.join(old_keys)} (new choices go to the end)"
        yield Problem(key="choices", value=", ".join(new_keys), remedy=remedy)


def check_final(round: Round, after: Poll, reason: str | None) -> Iterator[Problem]:
    """Problems with changes of a final round; `reason` is why it is final, None if it is not."""
    if reason is None:
        return
    before = round.poll
    remedy = (
        f"round {round.number} {reason} and is final: put it back, or first: "
        f"voteapp poll reset {after.id}"
    )
    closes, closed = after.closes_at_ms, before.closes_at_ms
    if closes != closed and (closes is None or closes > (closed or 0)):
        yield Problem(key="closes_at", value=_close(after), remedy=remedy)
    if _names(before) != _names(after):
        keys = ", ".join(choice.key for choice in after.choices)
        yield Problem(key="choices", value=keys, remedy=remedy)


def check_extension(after: Poll, expires_from_ms: int | None) -> Iterator[Problem]:
    """Problems with a closing time at which the first ballots have expired already."""
    closes = after.closes_at_ms
    if expires_from_ms is not None and closes is not None and closes > expires_from_ms:
        day = f"{datetime.fromtimestamp(expires_from_ms / 1000, UTC):%Y-%m-%d %H:%M} UTC"
        remedy = (
            f"ballots of this round expire from {day} on: close before, or first: "
            f"voteapp poll reset {after.id}"
        )
        yield Problem(key="closes_at", value=_close(after), remedy=remedy)


def with_wait_remedy(problem: Problem) -> Problem:
    """The same problem for a round without ballots, to which a first vote may be in flight."""
    remedy = (
        f"the poll is open, opens soon or closed just now, and a first vote may be on its way: "
        f"close it, wait {SETTLING_SECONDS} seconds, then change this"
    )
    return replace(problem, remedy=remedy)


def _close(poll: Poll) -> str | None:
    """The closing time in the zone of the file."""
    closes = poll.closes_at_ms
    return None if closes is None else format_time(closes, poll.closes_utc_offset_minutes)


def _names(poll: Poll) -> list[tuple[str, str]]:
    return [(choice.key, choice.label) for choice in poll.choices]
