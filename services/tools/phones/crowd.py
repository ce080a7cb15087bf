"""Generates the texts of a crowd of simulated phones; the same seed gives the same texts.

`expected_counts` computes the expected count from the texts alone: for each phone, the choice
of its last text. So no phone texts more votes than its ballot holds, because the webhook would
refuse the others.
"""

import math
import random
from collections import Counter, deque
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Final

from services.tools.phones.sms import SimulatedText, TextKind
from services.voting.poll import MESSAGES_PER_BALLOT, Policy, Poll

WEIGHTS: Final[Mapping[TextKind, int]] = {
    TextKind.NEW: 62,
    TextKind.CHANGED: 15,
    TextKind.REDELIVERED: 10,
    TextKind.UNKNOWN: 11,
    TextKind.RESERVED: 2,
}
"""Share of each kind of text, in percent."""

PHONES: Final = 90_000
"""Number of fictional numbers: +1 555 010 0000 to 018 9999. The numbers from 019 0000 on belong
to the phone page: `services.tools.phones.handsets`."""

GARBAGE: Final = (
    "who is winning?", "purple", "hello", "redd", "the red one or the blue one", "", "👍",
    "is this still open", "RED GREEN", "42", "lol", "call me", "vote",
)  # fmt: skip
RESERVED: Final = ("STOP", "HELP", "START", "Unsubscribe", "INFO")
PHRASES: Final = ("{word}", "{lower}", "{label}", "Vote for {label}", " {word}!!", "{place}")
"""Ways to text a choice."""

MAX_REMEMBERED: Final = 5_000
_SWING_TEXTS: Final = 400
"""About this many texts are sent until the favourite choice changes."""


class Crowd:
    """Generates texts to one number, for a poll where the latest text counts.

    `choices` maps keys, in ballot order, to a word and a label. No phone texts more than
    `votes_per_phone` votes; None means no limit. When all phones have reached the limit, the
    texts are no votes.
    """

    def __init__(
        self,
        choices: Mapping[str, tuple[str, str]],
        *,
        to: str,
        seed: int,
        votes_per_phone: int | None = MESSAGES_PER_BALLOT,
    ) -> None:
        self._choices = choices
        self._to = to
        self._random = random.Random(seed)  # noqa: S311 - not a secret
        self._offset = self._random.randrange(PHONES)
        self._votes_per_phone = votes_per_phone
        self._forget_phones()

    def _forget_phones(self) -> None:
        self._sent: list[SimulatedText] = []
        self._texted: Counter[str] = Counter()
        self._again: deque[str] = deque()
        self._phones = 0
        self._is_used_up = False

    def change_poll(self, poll: Poll) -> None:
        """Text the choices of this version of the poll from now on."""
        self._choices, self._votes_per_phone = texted_choices(poll), votes_per_phone(poll)

    def begin_round(self, poll: Poll) -> None:
        """Forget all votes, so that every phone may vote in the new round."""
        self.change_poll(poll)
        self._forget_phones()

    def text_again(self, texts: Iterable[SimulatedText]) -> None:
        """Make the phones of these texts vote before all others.

        Use it for texts that may or may not have counted. They are not redelivered.
        """
        for text in texts:
            self._texted[text.sender] += 1
            if text.sender not in self._again:
                self._again.append(text.sender)
        self._sent = [text for text in self._sent if text.sender not in self._again]

    def next(self) -> SimulatedText:
        """Return the next text, of a random kind."""
        while self._again:
            if self._has_votes_left(sender := self._again.popleft()):
                return self._vote(TextKind.CHANGED, sender, self._favourite())
        kinds, weights = zip(*WEIGHTS.items(), strict=True)
        return self.make(self._random.choices(kinds, weights)[0])

    def make(self, kind: TextKind) -> SimulatedText:
        """Return a text of one kind, or of another kind if no phone can send it.

        Without earlier texts, or if the phone has no vote left, the text is that of a new voter;
        if no phone has a vote left, it is of kind UNKNOWN.
        """
        match kind:
            case TextKind.NEW:
                text = self._new_voter()
            case TextKind.CHANGED:
                text = self._changed_vote()
            case TextKind.REDELIVERED:
                text = self._redelivery()
            case TextKind.FORGED:
                text = self._text(kind, self._new_phone(), *self._words(self._favourite()))
            case TextKind.UNKNOWN:
                text = self._other(kind, GARBAGE)
            case TextKind.RESERVED:
                text = self._other(kind, RESERVED)
        return text

    def _new_voter(self) -> SimulatedText:
        sender = self._free_phone()
        if sender is None:
            return self._other(TextKind.UNKNOWN, GARBAGE)
        return self._vote(TextKind.NEW, sender, self._favourite())

    def _changed_vote(self) -> SimulatedText:
        before = self._random.choice(self._sent) if self._sent else None
        if before is None or not self._has_votes_left(before.sender):
            return self._new_voter()
        others = [key for key in self._choices if key != before.choice]
        return self._vote(TextKind.CHANGED, before.sender, self._random.choice(others))

    def _redelivery(self) -> SimulatedText:
        if not self._sent:
            return self._new_voter()
        return replace(self._random.choice(self._sent), kind=TextKind.REDELIVERED)

    def _remember(self, text: SimulatedText) -> None:
        if len(self._sent) < MAX_REMEMBERED:
            self._sent.append(text)
        else:
            self._sent[self._random.randrange(MAX_REMEMBERED)] = text

    def _has_votes_left(self, sender: str) -> bool:
        return self._votes_per_phone is None or self._texted[sender] < self._votes_per_phone

    def _free_phone(self) -> str | None:
        """Return a phone with a vote left, first those that have not texted; None without any."""
        for _ in range(0 if self._is_used_up else PHONES):
            if self._has_votes_left(sender := self._new_phone()):
                return sender
        self._is_used_up = True
        return None

    def _new_phone(self) -> str:
        """Return the next number; each is returned once before any is returned again."""
        self._phones += 1
        return f"+155501{(self._offset + self._phones * 7919) % PHONES:05d}"

    def _favourite(self) -> str:
        """Return a random choice; the most likely one changes slowly."""
        angle = 2 * math.pi * self._phones / _SWING_TEXTS
        pulls = [
            1.4 + math.sin(angle / (place + 2) + place * 2) for place in range(len(self._choices))
        ]
        return self._random.choices(list(self._choices), pulls)[0]

    def _vote(self, kind: TextKind, sender: str, choice: str) -> SimulatedText:
        text = self._text(kind, sender, *self._words(choice))
        self._texted[sender] += 1
        self._remember(text)
        return text

    def _words(self, choice: str) -> tuple[str, str]:
        """Return a text for a choice, and the choice's key."""
        word, label = self._choices[choice]
        place = list(self._choices).index(choice) + 1
        phrase = self._random.choice(PHRASES)
        return phrase.format(word=word, lower=word.lower(), label=label, place=place), choice

    def _other(self, kind: TextKind, bodies: Sequence[str]) -> SimulatedText:
        sender = self._random.choice(self._sent).sender if self._sent else self._new_phone()
        return self._text(kind, sender, self._random.choice(bodies), None)

    def _text(self, kind: TextKind, sender: str, body: str, choice: str | None) -> SimulatedText:
        sid = f"SM{self._random.getrandbits(128):032x}"
        return SimulatedText(
            kind=kind, sid=sid, sender=sender, to=self._to, body=body, choice=choice
        )


def texted_choices(poll: Poll) -> dict[str, tuple[str, str]]:
    """Return word and label of each choice, by key."""
    return {choice.key: (choice.word, choice.label) for choice in poll.choices}


def votes_per_phone(poll: Poll) -> int:
    """Return how many texts of one phone a ballot holds under `each`, `last` or `unlimited`."""
    return poll.limit if poll.policy is Policy.EACH else MESSAGES_PER_BALLOT


def expected_counts(texts: Sequence[SimulatedText]) -> Counter[str]:
    """Return the votes by choice after these texts; each phone's texts must be in order.

    Redeliveries, forgeries and texts that are no choice change nothing.
    """
    latest = {
        text.sender: text.choice for text in texts if text.kind in {TextKind.NEW, TextKind.CHANGED}
    }
    return Counter(choice for choice in latest.values() if choice)
