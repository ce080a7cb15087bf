"""All polls of a deployment, and which of them a text is for. Standard library only."""

from dataclasses import dataclass

from services.voting.message import (
    Nearest,
    find_choice,
    is_reserved,
    near_choices,
    without_keyword,
)
from services.voting.poll import Phase, Round

_PRECEDENCE = {Phase.OPEN: 0, Phase.WAITING: 1, Phase.CLOSED: 2}


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """What a text says: its round and choice; no round means that no poll answers there.

    `near` is a choice that the text nearly names. `others` are the further rounds open on
    the number, where the text names no choice. `elsewhere` are the rounds that hear the same
    words but are not the one: the text may have been accepted there when it first came.
    """

    round: Round | None = None
    choice: str | None = None
    near: str | None = None
    reserved: bool = False
    others: tuple[Round, ...] = ()
    elsewhere: tuple[Round, ...] = ()


@dataclass(frozen=True, slots=True)
class Directory:
    """The current round of every poll. `unreadable` are the ids of rows that are no poll."""

    rounds: tuple[Round, ...] = ()
    unreadable: tuple[str, ...] = ()

    def answering(self, number: str, now_ms: int) -> list[Round]:
        """The rounds on an E.164 number: open before waiting before closed.

        Of those alike, a poll that names the number comes before one that takes all.
        """
        there = [r for r in self.rounds if not r.poll.numbers or number in r.poll.numbers]
        phases = {r.poll.id: r.phase_at(now_ms) for r in there}
        live = [r for r in there if phases[r.poll.id] is not Phase.ARCHIVED]
        return sorted(
            live, key=lambda r: (_PRECEDENCE[phases[r.poll.id]], not r.poll.numbers, r.poll.id)
        )

    def read(self, number: str, body: str, now_ms: int, nearest: Nearest | None = None) -> Reading:
        """Which round and choice a text names; one round may need no keyword, more may.

        A text that names nothing belongs to the first round on the number, so that its
        sender can be told the choices. One that two open rounds hear names nothing.
        """
        if is_reserved(body):
            return Reading(reserved=True)
        rounds = self.answering(number, now_ms)
        if not rounds:
            return Reading()
        for one in rounds:
            rest = without_keyword(body, one.poll.keyword) if one.poll.keyword else None
            if rest is not None:
                return _within(one, rest, nearest)
        named = [(r, key) for r in rounds if (key := find_choice(body, r.poll.lexicon)) is not None]
        if len(named) == 1:
            return Reading(round=named[0][0], choice=named[0][1])
        open_rounds = [r for r in rounds if r.phase_at(now_ms) is Phase.OPEN]
        if not named:
            return _unclear(open_rounds or rounds[:1], body, nearest)
        return _contested(named, open_rounds)


def _within(one: Round, rest: str, nearest: Nearest | None) -> Reading:
    """A text that begins with the keyword of a poll is for that poll alone."""
    choice = find_choice(rest, one.poll.lexicon)
    return Reading(round=one, choice=choice) if choice else _unclear([one], rest, nearest)


def _contested(named: list[tuple[Round, str]], open_rounds: list[Round]) -> Reading:
    """Words that several rounds hear: of the one that is open, or of none."""
    (first, choice), *_ = named
    hearing = tuple(one for one, _ in named)
    if sum(one in open_rounds for one in hearing) <= 1:
        return Reading(round=first, choice=choice, elsewhere=hearing[1:])
    return Reading(round=open_rounds[0], others=tuple(open_rounds[1:]), elsewhere=hearing)


def _unclear(rounds: list[Round], body: str, nearest: Nearest | None) -> Reading:
    """No choice; but one is nearly named if only one round has only one that is near."""
    if nearest is not None:
        near = [(r, key) for r in rounds for key in near_choices(body, r.poll.lexicon, nearest)]
        if len(near) == 1:
            ((one, key),) = near
            return Reading(round=one, near=key)
    return Reading(round=rounds[0], others=tuple(rounds[1:]))
