"""A crowd of simulated phones: who texts what next, the same for the same seed.

Also keeps what the count must come to, from the texts alone and by other means than the
system under test: for each phone, the choice of its last text.
"""

import math
import random
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Final

from services.local.texts import Kind, Text

WEIGHTS: Final[Mapping[Kind, int]] = {
    Kind.NEW: 62,
    Kind.CHANGED: 15,
    Kind.REDELIVERED: 10,
    Kind.UNKNOWN: 11,
    Kind.RESERVED: 2,
}
"""What a modest evening is like, in percent."""

PHONES: Final = 90_000
"""Fictional numbers of the crowd: +1 555 010 0000 to 018 9999. Those from 019 0000 on are
left to people: `services.local.handsets`."""

GARBAGE: Final = (
    "who is winning?", "purple", "hello", "redd", "the red one or the blue one", "", "👍",
    "is this still open", "RED GREEN", "42", "lol", "call me", "vote",
)  # fmt: skip
RESERVED: Final = ("STOP", "HELP", "START", "Unsubscribe", "INFO")
MANNERS: Final = ("{word}", "{lower}", "{label}", "Vote for {label}", " {word}!!", "{place}")
"""How people write a choice."""

REMEMBERED: Final = 5_000
_SWING_TEXTS: Final = 400
"""About so many texts pass until the crowd's favourite changes."""


class Crowd:
    """An endless supply of texts to one number, for a poll where the latest text counts.

    `choices` maps keys, in ballot order, to the word and the label that people may text.
    """

    def __init__(self, choices: Mapping[str, tuple[str, str]], *, to: str, seed: int) -> None:
        self._choices = choices
        self._to = to
        self._random = random.Random(seed)  # noqa: S311 - a show, not a secret
        self._offset = self._random.randrange(PHONES)
        self._sent: list[Text] = []
        self._phones = 0

    def next(self) -> Text:
        """The next text, of a kind drawn by weight."""
        kinds, weights = zip(*WEIGHTS.items(), strict=True)
        return self.make(self._random.choices(kinds, weights)[0])

    def make(self, kind: Kind) -> Text:
        """A text of one kind; of the first kind where there is nobody yet to text again."""
        if kind in {Kind.CHANGED, Kind.REDELIVERED} and not self._sent:
            kind = Kind.NEW
        match kind:
            case Kind.NEW:
                text = self._vote(kind, self._new_phone(), self._favourite())
                self._remember(text)
            case Kind.CHANGED:
                before = self._random.choice(self._sent)
                others = [key for key in self._choices if key != before.choice]
                text = self._vote(kind, before.sender, self._random.choice(others))
                self._remember(text)
            case Kind.REDELIVERED:
                text = replace(self._random.choice(self._sent), kind=kind)
            case Kind.FORGED:
                text = self._vote(kind, self._new_phone(), self._favourite())
            case Kind.UNKNOWN:
                text = self._other(kind, GARBAGE)
            case Kind.RESERVED:
                text = self._other(kind, RESERVED)
        return text

    def _remember(self, text: Text) -> None:
        """So that its phone can text again; only so many are remembered."""
        if len(self._sent) < REMEMBERED:
            self._sent.append(text)
        else:
            self._sent[self._random.randrange(REMEMBERED)] = text

    def _new_phone(self) -> str:
        """A number nobody has texted from, until all have."""
        self._phones += 1
        return f"+155501{(self._offset + self._phones * 7919) % PHONES:05d}"

    def _favourite(self) -> str:
        """A choice; which one is most likely swings slowly."""
        angle = 2 * math.pi * self._phones / _SWING_TEXTS
        pulls = [
            1.4 + math.sin(angle / (place + 2) + place * 2) for place in range(len(self._choices))
        ]
        return self._random.choices(list(self._choices), pulls)[0]

    def _vote(self, kind: Kind, sender: str, choice: str) -> Text:
        word, label = self._choices[choice]
        place = list(self._choices).index(choice) + 1
        manner = self._random.choice(MANNERS)
        body = manner.format(word=word, lower=word.lower(), label=label, place=place)
        return self._text(kind, sender, body, choice)

    def _other(self, kind: Kind, bodies: Sequence[str]) -> Text:
        sender = self._random.choice(self._sent).sender if self._sent else self._new_phone()
        return self._text(kind, sender, self._random.choice(bodies), None)

    def _text(self, kind: Kind, sender: str, body: str, choice: str | None) -> Text:
        sid = f"SM{self._random.getrandbits(128):032x}"
        return Text(kind=kind, sid=sid, sender=sender, to=self._to, body=body, choice=choice)


def expected(texts: Sequence[Text]) -> Counter[str]:
    """Votes by choice after these texts, in the order in which each phone's were answered.

    A redelivery, a forgery and words that are no choice change nothing.
    """
    latest = {text.sender: text.choice for text in texts if text.kind in {Kind.NEW, Kind.CHANGED}}
    return Counter(choice for choice in latest.values() if choice)
