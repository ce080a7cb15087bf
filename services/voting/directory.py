"""All polls of a deployment, and which of them a text is for."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from services.voting.message import Nearest, ParsedText
from services.voting.poll import Phase, Round

_PRECEDENCE = {Phase.OPEN: 0, Phase.WAITING: 1, Phase.CLOSED: 2}


@dataclass(frozen=True, slots=True, kw_only=True)
class TextMatch:
    """The round and the choice that a text names; `round` is None if the number has no poll.

    `near` is a choice that is one edit away from the text. If the text names no choice, `others`
    are the other open rounds on the number.
    """

    round: Round | None = None
    choice: str | None = None
    near: str | None = None
    reserved: bool = False
    others: tuple[Round, ...] = ()


@dataclass(frozen=True, slots=True)
class Directory:
    """The current round of every poll. `unreadable`: ids of polls whose rows cannot be parsed."""

    rounds: tuple[Round, ...] = ()
    unreadable: tuple[str, ...] = ()

    def answering(self, number: str, now_ms: int) -> list[Round]:
        """The rounds on an E.164 number, sorted: open, then waiting, then closed.

        In the same phase, polls that list the number come before polls on all numbers.
        """
        on_number = [r for r in self.rounds if r.poll.is_on(number)]
        phases = {r.poll.id: r.phase_at(now_ms) for r in on_number}
        answering = [r for r in on_number if phases[r.poll.id] is not Phase.ARCHIVED]
        return sorted(
            answering, key=lambda r: (_PRECEDENCE[phases[r.poll.id]], not r.poll.numbers, r.poll.id)
        )

    def match_text(
        self, number: str, text: ParsedText, now_ms: int, nearest: Nearest | None = None
    ) -> TextMatch:
        """Find the round and the choice that a text names.

        If the whole text is a name of a choice in exactly one open poll, it counts there; if two
        open polls have that name, it names no choice. Next come texts that begin with the
        keyword of an open poll, then the same for polls that wait or are closed. Any other text
        belongs to the first round on the number, whose reply lists the choices.
        """
        if text.is_reserved:
            return TextMatch(reserved=True)
        rounds = self.answering(number, now_ms)
        if not rounds:
            return TextMatch()
        open_rounds = [r for r in rounds if r.phase_at(now_ms) is Phase.OPEN]
        other_rounds = rounds[len(open_rounds) :]
        match = _by_name(open_rounds, text)
        if match is None:
            attempts = _attempts(open_rounds, other_rounds, text, nearest)
            match = next(attempt for attempt in attempts if attempt is not None)
        return match


def may_name(one: Round, text: ParsedText) -> bool:
    """Whether a text names a choice of the round, regardless of its phase."""
    lexicon, rest = one.poll.lexicon, text.after_keyword(one.poll.first_word)
    return bool(text.choice_in(lexicon) or (rest and rest.choice_in(lexicon)))


def _attempts(
    open_rounds: Sequence[Round],
    other_rounds: Sequence[Round],
    text: ParsedText,
    nearest: Nearest | None,
) -> Iterator[TextMatch | None]:
    """Match a text that is no name in an open poll in all other ways, in order of precedence.

    Of several rounds that are not open and have the name, the first one answers.
    """
    yield _by_keyword(open_rounds, text, nearest)
    yield from (_by_name([one], text) for one in other_rounds)
    yield from (_by_keyword([one], text, nearest) for one in other_rounds)
    yield _without_choice(open_rounds or other_rounds[:1], text, nearest)


def _by_name(rounds: Sequence[Round], text: ParsedText) -> TextMatch | None:
    """The round that has a choice of that name; without a choice if several rounds have one."""
    named = [(r, key) for r in rounds if (key := text.choice_in(r.poll.lexicon))]
    if not named:
        return None
    if len(named) > 1:
        return TextMatch(round=rounds[0], others=tuple(rounds[1:]))
    ((one, choice),) = named
    return TextMatch(round=one, choice=choice)


def _by_keyword(
    rounds: Sequence[Round], text: ParsedText, nearest: Nearest | None
) -> TextMatch | None:
    """Match a text that begins with a keyword against the rounds with that keyword only."""
    found = [
        (r, rest) for r in rounds if (rest := text.after_keyword(r.poll.first_word)) is not None
    ]
    if not found:
        return None
    _, rest = found[0]
    with_keyword = [one for one, _ in found]
    return _by_name(with_keyword, rest) or _without_choice(with_keyword, rest, nearest)


def _without_choice(
    rounds: Sequence[Round], text: ParsedText, nearest: Nearest | None
) -> TextMatch:
    """A match without a choice; suggests one if exactly one in all rounds is one edit away."""
    if nearest is not None:
        near = [(r, key) for r in rounds for key in text.near_choices(r.poll.lexicon, nearest)]
        if len(near) == 1:
            ((one, key),) = near
            return TextMatch(round=one, near=key)
    return TextMatch(round=rounds[0], others=tuple(rounds[1:]))
