"""All polls of a deployment, and which of them a text is for. Standard library only."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from services.voting.message import (
    RESERVED,
    Nearest,
    candidate_names,
    find_named,
    near_choices,
    without_keyword,
)
from services.voting.poll import Phase, Round

_PRECEDENCE = {Phase.OPEN: 0, Phase.WAITING: 1, Phase.CLOSED: 2}


@dataclass(frozen=True, slots=True, kw_only=True)
class TextMatch:
    """What a text says: its round and choice; no round means that no poll answers there.

    `near` is a choice that the text nearly names. `others` are the further rounds open on
    the number, where the text names no choice.
    """

    round: Round | None = None
    choice: str | None = None
    near: str | None = None
    reserved: bool = False
    others: tuple[Round, ...] = ()


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

    def read(
        self, number: str, body: str, now_ms: int, nearest: Nearest | None = None
    ) -> TextMatch:
        """Find the round and the choice that a text names.

        A whole word of an open poll counts for that poll, unless two open polls hear it:
        then it names nothing. Next come texts that begin with the keyword of an open poll,
        then the same for polls that wait or are closed. Any other text belongs to the first
        round on the number, so that its sender can be told the choices.
        """
        candidates = candidate_names(body)
        if candidates[0] in RESERVED:
            return TextMatch(reserved=True)
        rounds = self.answering(number, now_ms)
        if not rounds:
            return TextMatch()
        open_rounds = [r for r in rounds if r.phase_at(now_ms) is Phase.OPEN]
        other_rounds = rounds[len(open_rounds) :]
        reading = _by_name(open_rounds, candidates)
        if reading is None:
            attempts = _attempts(open_rounds, other_rounds, candidates, nearest)
            reading = next(reading for reading in attempts if reading is not None)
        return reading


def may_name(one: Round, body: str) -> bool:
    """Whether a text names a choice of the round, whatever phase that is in."""
    candidates = candidate_names(body)
    rest = without_keyword(candidates[0], one.poll.keyword)
    with_keyword = () if rest is None else candidate_names(rest)
    return find_named((*candidates, *with_keyword), one.poll.lexicon) is not None


def _attempts(
    open_rounds: Sequence[Round],
    other_rounds: Sequence[Round],
    candidates: Sequence[str],
    nearest: Nearest | None,
) -> Iterator[TextMatch | None]:
    """Read a text that is no whole word of an open poll in every way, in order of precedence.

    Rounds that are not open do not contest a word: the first that hears it answers.
    """
    said = candidates[0]
    yield _by_keyword(open_rounds, said, nearest)
    yield from (_by_name([one], candidates) for one in other_rounds)
    yield from (_by_keyword([one], said, nearest) for one in other_rounds)
    yield _unclear(open_rounds or other_rounds[:1], said, nearest)


def _by_name(rounds: Sequence[Round], candidates: Sequence[str]) -> TextMatch | None:
    """The round that has a choice of that name; no choice if several have."""
    named = [(r, key) for r in rounds if (key := find_named(candidates, r.poll.lexicon))]
    if not named:
        return None
    if len(named) > 1:
        return TextMatch(round=rounds[0], others=tuple(rounds[1:]))
    ((one, choice),) = named
    return TextMatch(round=one, choice=choice)


def _by_keyword(rounds: Sequence[Round], said: str, nearest: Nearest | None) -> TextMatch | None:
    """A text that begins with a keyword is for the rounds with that keyword alone."""
    led = [(r, rest) for r in rounds if (rest := without_keyword(said, r.poll.keyword)) is not None]
    if not led:
        return None
    _, rest = led[0]
    with_keyword = [one for one, _ in led]
    return _by_name(with_keyword, candidate_names(rest)) or _unclear(with_keyword, rest, nearest)


def _unclear(rounds: Sequence[Round], body: str, nearest: Nearest | None) -> TextMatch:
    """No choice. One is suggested if exactly one choice of all rounds is nearly named."""
    if nearest is not None:
        near = [(r, key) for r in rounds for key in near_choices(body, r.poll.lexicon, nearest)]
        if len(near) == 1:
            ((one, key),) = near
            return TextMatch(round=one, near=key)
    return TextMatch(round=rounds[0], others=tuple(rounds[1:]))
