"""All polls of a deployment, and which of them a text is for. Standard library only."""

from collections.abc import Iterator
from dataclasses import dataclass

from services.voting.message import find_choice, is_reserved, without_keyword
from services.voting.poll import Phase, Round

_PRECEDENCE = {Phase.OPEN: 0, Phase.WAITING: 1, Phase.CLOSED: 2}


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """What a text says: its round and choice; no round means that no poll answers there."""

    round: Round | None = None
    choice: str | None = None
    reserved: bool = False


@dataclass(frozen=True, slots=True)
class Directory:
    """The current round of every poll."""

    rounds: tuple[Round, ...] = ()

    def answering(self, number: str, now_ms: int) -> list[Round]:
        """The rounds on an E.164 number: open before waiting before closed."""
        there = [r for r in self.rounds if not r.poll.numbers or number in r.poll.numbers]
        phases = {r.poll.id: r.phase_at(now_ms) for r in there}
        live = [r for r in there if phases[r.poll.id] is not Phase.ARCHIVED]
        return sorted(live, key=lambda r: (_PRECEDENCE[phases[r.poll.id]], r.poll.id))

    def read(self, number: str, body: str, now_ms: int) -> Reading:
        """Which round and choice a text names; one round may need no keyword, more may.

        A text that names nothing belongs to the first round on the number, so that its
        sender can be told the choices.
        """
        if is_reserved(body):
            return Reading(reserved=True)
        rounds = self.answering(number, now_ms)
        for found in _readings(rounds, body):
            return found
        return Reading(round=rounds[0]) if rounds else Reading()


def _readings(rounds: list[Round], body: str) -> Iterator[Reading]:
    for one in rounds:
        if (rest := without_keyword(body, one.poll.keyword)) is not None:
            yield Reading(round=one, choice=find_choice(rest, one.poll.lexicon))
    for one in rounds:
        if (choice := find_choice(body, one.poll.lexicon)) is not None:
            yield Reading(round=one, choice=choice)
