"""A poll as its file defines it, and a round of it as it stands. Standard library only."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from services.voting import schema
from services.voting.gsm import outside
from services.voting.message import normalise
from services.voting.sharding import DEFAULT_SHARDS, shard_of

MESSAGES_PER_BALLOT = 20
"""A ballot remembers the MessageSid of every text it accepted, and stays under 1 KB."""


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
    """The operator's word on a round: let the times decide, or one of the others."""

    AUTO = "auto"
    OPEN = "open"
    CLOSED = "closed"
    ARCHIVED = "archived"


class Phase(StrEnum):
    """Where a round is at a moment."""

    WAITING = "waiting"
    OPEN = "open"
    CLOSED = "closed"
    ARCHIVED = "archived"


class ReplyMode(StrEnum):
    """Which texts are answered: all, only those that were not counted, or none."""

    ALL = "all"
    ERRORS = "errors"
    NONE = "none"


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """One thing to vote for. `words` are what people may text beside key and label."""

    key: str
    label: str
    words: tuple[str, ...] = ()
    colour: Mapping[str, str] = field(default_factory=dict)

    @property
    def word(self) -> str:
        """What the screen tells people to text."""
        return self.words[0].upper() if self.words else self.key

    @property
    def spoken_word(self) -> str:
        """What a reply tells people to text: the word, where a carrier has its letters."""
        return self.key if outside(self.word) else self.word

    @property
    def spoken_label(self) -> str:
        """What a reply calls the choice: the label, where a carrier has its letters."""
        return self.key if outside(self.label) else self.label


@dataclass(frozen=True, slots=True, kw_only=True)
class Poll:
    """A poll file, checked. Times are epoch milliseconds; `numbers` empty means all."""

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
    """Name of the file with the phones that may vote; empty for all."""
    opens_utc_offset_minutes: int | None = None
    """UTC offset of `opens_at` in the file; None if it is absent or ends in Z."""
    closes_utc_offset_minutes: int | None = None
    """UTC offset of `closes_at`; another one if daylight saving begins or ends in between."""
    definition: str = field(default="", repr=False, compare=False)
    """The TOML text the poll was read from."""
    lexicon: Mapping[str, str] = field(init=False, repr=False, compare=False)
    """Normalised text -> key of the choice it names."""

    def __post_init__(self) -> None:
        object.__setattr__(self, "lexicon", _lexicon(self.choices))

    @property
    def tells_closing(self) -> bool:
        """Whether what a counted text is told depends on when it came."""
        return any("{closes_in}" in text for text in self.reply_texts.values())

    def choice(self, key: str) -> Choice:
        """The choice of that key. Raises: KeyError."""
        for choice in self.choices:
            if choice.key == key:
                return choice
        raise KeyError(key)


def _lexicon(choices: tuple[Choice, ...]) -> dict[str, str]:
    """Ordinals first, so that a word of the poll's own wins over "2"."""
    ordinals = {str(place): choice.key for place, choice in enumerate(choices, start=1)}
    named = {
        normalise(name): choice.key
        for choice in choices
        for name in (choice.key, choice.label, *choice.words)
    }
    return ordinals | named


@dataclass(frozen=True, slots=True, kw_only=True)
class Round:
    """One voting on a poll. A reset starts the next round, in a key space of its own."""

    poll: Poll
    number: int = 1
    state: State = State.AUTO
    state_at_ms: int = 0
    began_at_ms: int = 0
    """When the poll was made, or a reset began this round."""
    changed_at_ms: int = 0
    """When an operator or a deploy last changed anything of the round."""
    heard_until_ms: int = 0
    """When the round was last open before an operator or a deploy changed it."""
    expires_from_ms: int | None = None
    """The earliest expiry that a ballot of the round may carry; stored before one carries it."""
    certified_at_ms: int | None = None
    previous: "Round | None" = field(default=None, repr=False, compare=False)
    """The round before the reset, known only for a few minutes after it."""

    def phase_at(self, now_ms: int) -> Phase:
        """The phase at a moment.

        A round that is final takes no text. Else the operator's word wins over the times,
        except that a closing time later than an operator's opening still closes.
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
        """The closing time that will close the round, if nobody closes it before."""
        closes = self.poll.closes_at_ms
        reopened = self.state is State.OPEN and closes is not None and self.state_at_ms >= closes
        return None if reopened else closes

    def is_final_at(self, now_ms: int) -> bool:
        """Whether the round can never take a text again: certified, or its ballots expire."""
        return self.certified_at_ms is not None or self.is_expiring_at(now_ms)

    def is_expiring_at(self, now_ms: int) -> bool:
        """Whether a ballot of the round may be gone by now."""
        return self.expires_from_ms is not None and self.expires_from_ms <= now_ms

    def last_open_ms(self, now_ms: int) -> int:
        """When a text could last be accepted, by what is known; 0 if never."""
        if self.phase_at(now_ms) is Phase.OPEN:
            return now_ms
        turns = (self.known_close_ms, self.expires_from_ms)
        ends = [turn for turn in turns if turn is not None and self.began_at_ms < turn <= now_ms]
        return max(self.heard_until_ms, *ends, 0)

    def is_live_since(self, since_ms: int) -> bool:
        """Whether the round was heard at any time after that moment."""
        return self.state is not State.ARCHIVED or self.state_at_ms > since_ms

    @property
    def closed_at_ms(self) -> int | None:
        """When a closed round was closed, by the operator or by the clock."""
        if self.state is State.CLOSED:
            return self.state_at_ms
        ends = (self.known_close_ms, self.expires_from_ms)
        return min((end for end in ends if end is not None), default=None)

    @property
    def board(self) -> str:
        """Partition key of the board this round is counted on."""
        return schema.board_pk(self.poll.id, self.poll.visibility)

    def ballot_key(self, voter: str, sid: str) -> tuple[str, str]:
        """Partition and sort key of the ballot that a text of this voter belongs to."""
        shard = shard_of(voter, self.poll.shards)
        own = sid if self.poll.policy is Policy.UNLIMITED else None
        return schema.ballot_pk(self.poll.id, self.number, shard), schema.ballot_sk(voter, own)
