"""Where else a text may have been accepted when it first came. Standard library only.

A text that is delivered again is read anew. Shortly after a poll opens, closes, is reset,
archived or changed, the same words can lead to another round than the first time.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from services.voting.directory import may_name
from services.voting.poll import Phase, Round, State
from services.voting.timing import LANDING_MS, REDELIVERED_MS


@dataclass(frozen=True, slots=True, kw_only=True)
class Earlier:
    """Rounds that may hold a text. `in_flight`: a write to one of them may still be on its way."""

    rounds: tuple[Round, ...] = ()
    in_flight: bool = False


_NONE = Earlier()


def earlier_rounds(rounds: Iterable[Round], number: str, body: str, now_ms: int) -> Earlier:
    """The rounds that may have accepted a text to a number in the last five minutes.

    None in nearly all cases: only where a poll of the number turned in that time can a text
    read otherwise than when it first came, and only a round that hears its words, or did
    before its file changed, can have accepted it.
    """
    here = [one for one in rounds if _may_concern(one, number, now_ms)]
    turned_ms = max((_turned_at_ms(one, now_ms) for one in here), default=0)
    if now_ms - turned_ms > REDELIVERED_MS:
        return _NONE
    before = (one for each in here for one in _open_before(each, turned_ms, now_ms))
    found = tuple(one for one in before if _changed_lately(one, now_ms) or may_name(one, body))
    return Earlier(rounds=found, in_flight=now_ms - turned_ms <= LANDING_MS)


def may_land(one: Round, now_ms: int) -> bool:
    """Whether a text that the round accepted may still be on its way to its ballot."""
    return now_ms - one.last_open_ms(now_ms) <= LANDING_MS


def _may_concern(one: Round, number: str, now_ms: int) -> bool:
    """Whether the round answers on the number, or did before a change of its file just now."""
    on_number = not one.poll.numbers or number in one.poll.numbers
    return on_number or _changed_lately(one, now_ms)


def _changed_lately(one: Round, now_ms: int) -> bool:
    """Whether the round may have had another file when a text first came."""
    return one.changed_at_ms > one.began_at_ms and now_ms - one.changed_at_ms <= REDELIVERED_MS


def _turned_at_ms(one: Round, now_ms: int) -> int:
    """When a text to the round could last begin to read otherwise."""
    clock = (one.poll.opens_at_ms, one.poll.closes_at_ms, one.expires_from_ms)
    turns = [at_ms for at_ms in clock if at_ms is not None and at_ms <= now_ms]
    return max(one.state_at_ms, one.changed_at_ms, one.began_at_ms, *turns)


def _open_before(one: Round, turned_ms: int, now_ms: int) -> Iterator[Round]:
    """The round and those before it, each if it took texts before that turn, and lately."""
    each: Round | None = one
    while each is not None:
        is_open = each.phase_at(now_ms) is Phase.OPEN
        ended_ms = each.heard_until_ms if is_open else each.last_open_ms(now_ms)
        opened_before = is_open and _opened_at_ms(each) < turned_ms
        if opened_before or now_ms - ended_ms <= REDELIVERED_MS:
            yield each
        each = each.previous


def _opened_at_ms(one: Round) -> int:
    """When an open round began to take texts, this time."""
    opens = one.poll.opens_at_ms if one.state is State.AUTO else None
    return max(one.state_at_ms, one.began_at_ms, opens or 0)
