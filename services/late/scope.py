"""Which rounds and which part of Twilio's log a reconciliation reads."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from services.voting.poll import Round
from services.voting.timing import REACHED_MS


@dataclass(frozen=True, slots=True, kw_only=True)
class Scope:
    """What to read for one round.

    `rounds` may hold texts to the same numbers from the same time; the target is one of them.
    `numbers` is empty if the poll accepts texts to every number of the account. Twilio's log is
    read back to `since_ms`.
    """

    target: Round
    rounds: tuple[Round, ...]
    numbers: tuple[str, ...]
    since_ms: int


def scope_of(
    target: Round, polls: Mapping[str, Sequence[Round]], since_ms: int | None = None
) -> Scope:
    """The scope of a round, or of all texts since a time that are for it by its present rules.

    `polls` has the rounds of every poll, the current one last.
    """
    own = polls[target.poll.id]
    ends_ms = _end_ms(target, own)
    since_ms = max(0, target.began_at_ms - REACHED_MS) if since_ms is None else since_ms
    found = [
        round
        for rounds in polls.values()
        for round in rounds
        if _share_a_number(round, target)
        and (ends_ms is None or round.began_at_ms <= ends_ms + REACHED_MS)
        and ((end_ms := _end_ms(round, rounds)) is None or end_ms + REACHED_MS >= since_ms)
    ]
    return Scope(target=target, rounds=tuple(found), numbers=target.poll.numbers, since_ms=since_ms)


def _end_ms(round: Round, rounds: Sequence[Round]) -> int | None:
    """When the next round of the poll began; None for the current one."""
    return next((one.began_at_ms for one in rounds if one.number > round.number), None)


def _share_a_number(one: Round, other: Round) -> bool:
    numbers = (one.poll.numbers, other.poll.numbers)
    return not all(numbers) or bool(set(numbers[0]) & set(numbers[1]))
