"""A crowd of simulated phones: who texts what next, the same for the same seed.

Also what the count must come to, from the texts alone and by other means than the system
under test: for each phone, the choice of its last text. So no phone texts more votes than its
ballot holds: those beyond would be refused.
"""

import math
import random
from collections import Counter, deque
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Final

from services.tools.phones.sms import Kind, Text
from services.voting.poll import MESSAGES_PER_BALLOT, Policy, Poll

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
left to people: `services.tools.phones.handsets`."""

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

    `choices` maps keys, in ballot order, to the word and the label that people may text. No
    phone texts more than `votes_per_phone` votes; None sets no limit. Once all phones have,
    what they text is no vote.
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
        self._random = random.Random(seed)  # noqa: S311 - a show, not a secret
        self._offset = self._random.randrange(PHONES)
        self._votes_per_phone = votes_per_phone
        self._forget_everybody()

    def _forget_everybody(self) -> None:
        self._sent: list[Text] = []
        self._texted: Counter[str] = Counter()
        self._again: deque[str] = deque()
        self._phones = 0
        self._is_used_up = False

    def change_poll(self, poll: Poll) -> None:
        """Text the choices of the poll as it is now."""
        self._choices, self._votes_per_phone = texted_choices(poll), votes_per_phone(poll)

    def begin_round(self, poll: Poll) -> None:
        """Begin anew: nobody has voted in this round of the poll, and everybody may."""
        self.change_poll(poll)
        self._forget_everybody()

    def text_again(self, texts: Iterable[Text]) -> None:
        """Have the phones of these texts vote before all others.

        Nobody knows whether these texts are in their ballots. They are never delivered again.
        """
        for text in texts:
            self._texted[text.sender] += 1
            if text.sender not in self._again:
                self._again.append(text.sender)
        self._sent = [text for text in self._sent if text.sender not in self._again]

    def next(self) -> Text:
        """The next text, of a kind drawn by weight."""
        while self._again:
            if self._has_room(sender := self._again.popleft()):
                return self._vote(Kind.CHANGED, sender, self._favourite())
        kinds, weights = zip(*WEIGHTS.items(), strict=True)
        return self.make(self._random.choices(kinds, weights)[0])

    def make(self, kind: Kind) -> Text:
        """A text of one kind; of another where there is no phone to send it.

        Where nobody has texted yet, or who was to change a vote has no vote left, a new voter;
        where there is no phone with a vote left, words that are no choice.
        """
        match kind:
            case Kind.NEW:
                text = self._new_voter()
            case Kind.CHANGED:
                text = self._changed_vote()
            case Kind.REDELIVERED:
                text = self._redelivery()
            case Kind.FORGED:
                text = self._text(kind, self._new_phone(), *self._words(self._favourite()))
            case Kind.UNKNOWN:
                text = self._other(kind, GARBAGE)
            case Kind.RESERVED:
                text = self._other(kind, RESERVED)
        return text

    def _new_voter(self) -> Text:
        sender = self._free_phone()
        if sender is None:
            return self._other(Kind.UNKNOWN, GARBAGE)
        return self._vote(Kind.NEW, sender, self._favourite())

    def _changed_vote(self) -> Text:
        before = self._random.choice(self._sent) if self._sent else None
        if before is None or not self._has_room(before.sender):
            return self._new_voter()
        others = [key for key in self._choices if key != before.choice]
        return self._vote(Kind.CHANGED, before.sender, self._random.choice(others))

    def _redelivery(self) -> Text:
        if not self._sent:
            return self._new_voter()
        return replace(self._random.choice(self._sent), kind=Kind.REDELIVERED)

    def _remember(self, text: Text) -> None:
        """So that its phone can text again; only so many are remembered."""
        if len(self._sent) < REMEMBERED:
            self._sent.append(text)
        else:
            self._sent[self._random.randrange(REMEMBERED)] = text

    def _has_room(self, sender: str) -> bool:
        """Whether a phone may text one vote more."""
        return self._votes_per_phone is None or self._texted[sender] < self._votes_per_phone

    def _free_phone(self) -> str | None:
        """A phone that has a vote left, those first that have not texted; None if none has."""
        for _ in range(0 if self._is_used_up else PHONES):
            if self._has_room(sender := self._new_phone()):
                return sender
        self._is_used_up = True
        return None

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
        """A text that votes; its phone is remembered."""
        text = self._text(kind, sender, *self._words(choice))
        self._texted[sender] += 1
        self._remember(text)
        return text

    def _words(self, choice: str) -> tuple[str, str]:
        """What somebody may text for a choice, and its key."""
        word, label = self._choices[choice]
        place = list(self._choices).index(choice) + 1
        manner = self._random.choice(MANNERS)
        return manner.format(word=word, lower=word.lower(), label=label, place=place), choice

    def _other(self, kind: Kind, bodies: Sequence[str]) -> Text:
        sender = self._random.choice(self._sent).sender if self._sent else self._new_phone()
        return self._text(kind, sender, self._random.choice(bodies), None)

    def _text(self, kind: Kind, sender: str, body: str, choice: str | None) -> Text:
        sid = f"SM{self._random.getrandbits(128):032x}"
        return Text(kind=kind, sid=sid, sender=sender, to=self._to, body=body, choice=choice)


def texted_choices(poll: Poll) -> dict[str, tuple[str, str]]:
    """The choices of a poll as a crowd texts them: word and label by key."""
    return {choice.key: (choice.word, choice.label) for choice in poll.choices}


def votes_per_phone(poll: Poll) -> int:
    """How many texts of one phone a ballot of the poll takes, where it takes more than one."""
    return poll.limit if poll.policy is Policy.EACH else MESSAGES_PER_BALLOT


def expected(texts: Sequence[Text]) -> Counter[str]:
    """Votes by choice after these texts, in the order in which each phone's were answered.

    A redelivery, a forgery and words that are no choice change nothing.
    """
    latest = {text.sender: text.choice for text in texts if text.kind in {Kind.NEW, Kind.CHANGED}}
    return Counter(choice for choice in latest.values() if choice)
