"""A poll as its file defines it, and a round of voting on it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum

from services.voting import schema
from services.voting.gsm import unsupported_characters
from services.voting.message import RESERVED, normalise
from services.voting.sharding import DEFAULT_SHARDS, shard_of

MESSAGES_PER_BALLOT = 20
"""Maximum number of texts of a ballot: it stores their MessageSids and stays under 1 KB."""
ALL_NUMBERS = "*"
"""Stands for every number in `Round.former_numbers`."""


class Policy(StrEnum):
    """How the texts of one phone become votes."""

    LAST = "last"
    """One vote a phone; the latest text counts."""
    FIRST = "first"
    """One vote a phone; the first text stands."""
    EACH = "each"
    """Every text is a vote, up to the poll's limit a phone."""
    UNLIMITED = "unlimited"
    """Every text is a ballot of its own, as in the 2015 VoteApp."""


class State(StrEnum):
    """The state that an operator sets; `AUTO` means that opening and closing times decide."""

    AUTO = "auto"
    OPEN = "open"
    CLOSED = "closed"
    ARCHIVED = "archived"


class Phase(StrEnum):
    """Whether a round accepts texts at a given time, and if not, why."""

    WAITING = "waiting"
    OPEN = "open"
    CLOSED = "closed"
    ARCHIVED = "archived"


class ReplyMode(StrEnum):
    """Which texts get a reply: all, only those that were not counted, or none."""

    ALL = "all"
    ERRORS = "errors"
    NONE = "none"


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """A choice of a poll. `words` are further names, besides key and label."""

    key: str
    label: str
    words: tuple[str, ...] = ()
    colour: Mapping[str, str] = field(default_factory=dict)

    @property
    def word(self) -> str:
        """The word that the screen tells people to text."""
        return self.words[0].upper() if self.words else self.key

    @property
    def reply_word(self) -> str:
        """The word that replies tell people to text: the key if the word is not in GSM-7."""
        return self.key if unsupported_characters(self.word) else self.word

    @property
    def reply_label(self) -> str:
        """The label in replies: the key if the label is not in GSM-7."""
        return self.key if unsupported_characters(self.label) else self.label


@dataclass(frozen=True, slots=True, kw_only=True)
class Poll:
    """A valid poll file. Times are epoch milliseconds; empty `numbers` means all numbers."""

    id: str
    question: str
    choices: tuple[Choice, ...]
    numbers: tuple[str, ...] = ()
    keyword: str = ""
    policy: Policy = Policy.LAST
    limit: int = 1
    opens_at_ms: int | None = None
    closes_at_ms: int | None = None
    visibility: schema.Visibility = "open"
    shards: int = DEFAULT_SHARDS
    retention_days: int = 30
    reply_mode: ReplyMode = ReplyMode.ALL
    reply_texts: Mapping[str, str] = field(default_factory=dict)
    percent_from: int = 0
    phones: str = ""
    """Name of the file with the allow list of phones; empty if all phones may vote."""
    opens_utc_offset_minutes: int | None = None
    """UTC offset of `opens_at`, used for times in replies; None if it is absent or ends in Z."""
    closes_utc_offset_minutes: int | None = None
    """UTC offset of `closes_at`; it differs if daylight saving changes in between."""
    definition: str = field(default="", repr=False, compare=False)
    """The TOML text of the poll file."""
    lexicon: Mapping[str, str] = field(init=False, repr=False, compare=False)
    """Keys of choices by normalised name."""
    first_word: str = field(init=False, repr=False, compare=False)
    """The keyword, normalised."""

    def __post_init__(self) -> None:
        object.__setattr__(self, "lexicon", _lexicon(self.choices))
        object.__setattr__(self, "first_word", normalise(self.keyword))

    def is_on(self, number: str) -> bool:
        """Whether the poll takes texts to an E.164 number."""
        return not self.numbers or number in self.numbers

    def choice(self, key: str) -> Choice:
        """The choice with that key. Raises: KeyError."""
        for choice in self.choices:
            if choice.key == key:
                return choice
        raise KeyError(key)


def are_labels_names(choices: Sequence[Choice]) -> bool:
    """Whether voters may text the labels: not if one of them is a word of the carriers."""
    return all(normalise(choice.label) not in RESERVED for choice in choices)


def names_of(choice: Choice, *, with_label: bool) -> tuple[str, ...]:
    """What may be texted for a choice, apart from its place."""
    label = (choice.label,) if with_label else ()
    return (choice.key, *label, *choice.words)


def _lexicon(choices: tuple[Choice, ...]) -> dict[str, str]:
    """Keys by name and by ordinal; a name such as "2" wins over the ordinal.

    Beside the label "Yes", which carriers answer themselves, no label is a name: texts of NO would
    be counted, and texts of YES never.
    """
    ordinals = {str(place): choice.key for place, choice in enumerate(choices, start=1)}
    named = {
        normalise(name): choice.key
        for choice in choices
        for name in names_of(choice, with_label=are_labels_names(choices))
    }
    return ordinals | named


@dataclass(frozen=True, slots=True, kw_only=True)
class Round:
    """One round of voting on a poll. A reset starts the next round, whose keys differ."""

    poll: Poll
    number: int = 1
    state: State = State.AUTO
    state_at_ms: int = 0
    began_at_ms: int = 0
    """When the poll was created, or a reset started this round."""
    changed_at_ms: int = 0
    """When an operator or a deploy last changed anything of the round."""
    was_open_until_ms: int = 0
    """When the round was last open before an operator or a deploy last changed it."""
    expires_from_ms: int | None = None
    """The earliest possible expiry of a ballot; stored before any ballot gets an expiry."""
    certified_at_ms: int | None = None
    former_numbers: tuple[str, ...] | None = ()
    """The numbers that the poll was on shortly before `moved_at_ms`, or `ALL_NUMBERS`.

    None if nobody knows, because an older version stored the round."""
    moved_at_ms: int = 0
    """When the poll last changed its numbers."""
    previous: "Round | None" = field(default=None, repr=False, compare=False)
    """The round before the reset; set only for a few minutes after it."""

    def phase_at(self, now_ms: int) -> Phase:
        """The phase at a given time.

        A final round accepts no texts. Otherwise the state that the operator set wins over the
        times, but a closing time after the operator's opening still closes the round.
        """
        if self.state is State.ARCHIVED:
            return Phase.ARCHIVED
        if self.state is State.CLOSED or self.is_final_at(now_ms):
            return Phase.CLOSED
        closes, opens = self.known_close_ms, self.poll.opens_at_ms
        if closes is not None and closes <= now_ms:
            return Phase.CLOSED
        waits = self.state is State.AUTO and opens is not None and now_ms < opens
        return Phase.WAITING if waits else Phase.OPEN

    @property
    def known_close_ms(self) -> int | None:
        """The time at which the round closes without an operator; None if it does not."""
        closes = self.poll.closes_at_ms
        reopened = self.state is State.OPEN and closes is not None and self.state_at_ms >= closes
        return None if reopened else closes

    def is_final_at(self, now_ms: int) -> bool:
        """Whether the round can never accept texts again: certified, or its ballots expire."""
        return self.certified_at_ms is not None or self.is_expiring_at(now_ms)

    def is_expiring_at(self, now_ms: int) -> bool:
        """Whether ballots of the round may have expired by now."""
        return self.expires_from_ms is not None and self.expires_from_ms <= now_ms

    def last_open_ms(self, now_ms: int) -> int:
        """The last known time at which the round was open; 0 if it never was."""
        if self.phase_at(now_ms) is Phase.OPEN:
            return now_ms
        times = (self.known_close_ms, self.expires_from_ms)
        ends = [
            at_ms for at_ms in times if at_ms is not None and self.began_at_ms < at_ms <= now_ms
        ]
        return max(self.was_open_until_ms, *ends, 0)

    def was_active_after(self, since_ms: int) -> bool:
        """Whether the round was not archived at some time after the given one."""
        return self.state is not State.ARCHIVED or self.state_at_ms > since_ms

    @property
    def closed_at_ms(self) -> int | None:
        """When a closed or archived round was closed, by the operator or at its closing time."""
        if self.state is State.CLOSED:
            return self.state_at_ms
        archived_ms = self.state_at_ms if self.state is State.ARCHIVED else None
        ends = (self.known_close_ms, self.expires_from_ms, archived_ms)
        return min((end for end in ends if end is not None), default=None)

    @property
    def id(self) -> tuple[str, int]:
        """The poll's id and the number of the round: equal for all states of the same round."""
        return self.poll.id, self.number

    @property
    def board(self) -> str:
        """Partition key of the board of this round."""
        return schema.board_pk(self.poll.id, self.poll.visibility)

    def ballot_key(self, voter: str, sid: str) -> tuple[str, str]:
        """Partition and sort key of the ballot that a text of this voter belongs to."""
        shard = shard_of(voter, self.poll.shards)
        sid_in_key = sid if self.poll.policy is Policy.UNLIMITED else None
        pk = schema.ballot_pk(self.poll.id, self.number, shard)
        return pk, schema.ballot_sk(voter, sid_in_key)
