"""Changes of a poll between two deliveries of one text."""

from collections.abc import Callable
from dataclasses import replace

from services.voting import lifecycle
from services.voting.poll import Policy, Poll, Round
from tests.support.polls import NOON, a_poll

HOUR = 3_600_000
BEGAN = NOON - HOUR
"""Nothing has changed since then."""

RoundChange = Callable[[Round], Round]
"""What becomes of a round at noon."""


def old_round(poll: Poll | None = None, **changes: object) -> Round:
    """A round that began an hour ago."""
    round = Round(poll=poll or a_poll(), began_at_ms=BEGAN, changed_at_ms=BEGAN)
    return replace(round, **changes)  # type: ignore[arg-type]


def next_with(**changes: object) -> RoundChange:
    """A reset, followed at once by a changed poll file."""

    def change(round: Round) -> Round:
        after = lifecycle.next_round(round, NOON)
        poll = replace(after.poll, **changes)  # type: ignore[arg-type]
        return replace(after, poll=poll, changed_at_ms=NOON)

    return change


def after_two_resets(round: Round) -> Round:
    """Reset a round twice within a millisecond."""
    return lifecycle.next_round(lifecycle.next_round(round, NOON - 1), NOON)


ROUND_CHANGES: dict[str, RoundChange] = {
    "reset": lambda r: lifecycle.next_round(r, NOON),
    "reset, then other shards": next_with(shards=128),
    "reset, then every text a ballot": next_with(policy=Policy.UNLIMITED),
    "reset, then the order turned round": next_with(choices=a_poll().choices[::-1]),
    "reset, then another keyword": next_with(keyword="tree"),
    "reset twice": after_two_resets,
    "archived": lambda r: lifecycle.archived(r, NOON),
    "closed": lambda r: lifecycle.closed(r, NOON),
    "closed and opened again": lambda r: lifecycle.opened(lifecycle.closed(r, NOON - 1), NOON),
    "closed by a deploy": lambda r: replace(
        r,
        poll=replace(r.poll, closes_at_ms=NOON - HOUR),
        changed_at_ms=NOON,
        was_open_until_ms=NOON,
    ),
}
