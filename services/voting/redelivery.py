"""Which other rounds may have accepted a redelivered text at its first delivery.

A redelivered text is matched again. Shortly after a poll opens, closes, is reset, archived or
changed, the same text can match another round than at the first delivery.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from services.voting.directory import may_name
from services.voting.message import ParsedText
from services.voting.poll import ALL_NUMBERS, Round
from services.voting.timing import REDELIVERED_MS, SETTLING_MS


@dataclass(frozen=True, slots=True, kw_only=True)
class EarlierRounds:
    """Rounds that may have accepted a text, and whether such a write may still be in flight."""

    rounds: tuple[Round, ...] = ()
    has_pending_writes: bool = False


_NONE = EarlierRounds()


def earlier_rounds(
    rounds: Iterable[Round], number: str, text: ParsedText, now_ms: int
) -> EarlierRounds:
    """The rounds that may have accepted a text to a number in the last five minutes.

    Usually there are none: a text can match another round than before only if a poll on the
    number changed its phase or its file in that time. Only a round whose choices the text names,
    or whose file has changed since, can have accepted it.
    """
    candidates = [one for one in rounds if _may_concern(one, number, now_ms)]
    changed_ms = max((_last_change_ms(one, now_ms) for one in candidates), default=0)
    if now_ms - changed_ms > REDELIVERED_MS:
        return _NONE
    lately = (one for each in candidates for one in _open_lately(each, now_ms))
    found = tuple(one for one in lately if _changed_lately(one, now_ms) or may_name(one, text))
    return EarlierRounds(rounds=found, has_pending_writes=now_ms - changed_ms <= SETTLING_MS)


def may_have_pending_writes(one: Round, now_ms: int) -> bool:
    """Whether the write of a text that the round accepted may still be in flight."""
    return now_ms - one.last_open_ms(now_ms) <= SETTLING_MS


def _may_concern(one: Round, number: str, now_ms: int) -> bool:
    """Whether the round is on the number, or may have been before a recent change of its file.

    Where an older version stored the round, nobody knows: then any change may have moved it.
    """
    if one.poll.is_on(number):
        return True
    former = one.former_numbers
    if former is None:
        return _changed_lately(one, now_ms)
    was_on = number in former or ALL_NUMBERS in former
    return was_on and now_ms - one.moved_at_ms <= REDELIVERED_MS


def _changed_lately(one: Round, now_ms: int) -> bool:
    """Whether the file of the round may have been another one at a first delivery."""
    return one.changed_at_ms > one.began_at_ms and now_ms - one.changed_at_ms <= REDELIVERED_MS


def _last_change_ms(one: Round, now_ms: int) -> int:
    """When a text to the round could last start to match differently."""
    clock = (one.poll.opens_at_ms, one.poll.closes_at_ms, one.expires_from_ms)
    past = [at_ms for at_ms in clock if at_ms is not None and at_ms <= now_ms]
    return max(one.state_at_ms, one.changed_at_ms, one.began_at_ms, *past)


def _open_lately(one: Round, now_ms: int) -> Iterator[Round]:
    """The round and its predecessors that accepted texts recently.

    Also a round that has just opened: a webhook with an older directory may not have known of
    another poll that opened shortly before it.
    """
    each: Round | None = one
    while each is not None:
        if now_ms - each.last_open_ms(now_ms) <= REDELIVERED_MS:
            yield each
        each = each.previous
