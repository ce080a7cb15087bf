"""Where everything is kept: both tables and every key in them.

The only place where a key or an attribute is spelled. `infra/storage.py` and
`services/adapters/dynamodb/provisioning.py` translate the two tables; a parity test holds one
against the other. Imports the standard library only.
"""

from dataclasses import dataclass
from typing import Final, Literal

STREAM_VIEW: Final = "NEW_AND_OLD_IMAGES"
PARTITION_KEY: Final = "pk"
SORT_KEY: Final = "sk"


@dataclass(frozen=True, slots=True, kw_only=True)
class TableSchema:
    """One DynamoDB table: two string keys, a stream, and perhaps a time to live."""

    name: Literal["Votes", "Aggregates"]
    ttl_attribute: str | None


VOTES: Final = TableSchema(name="Votes", ttl_attribute="expires_at")
AGGREGATES: Final = TableSchema(name="Aggregates", ttl_attribute=None)

# --- Votes: one item a ballot ------------------------------------------------------

BALLOT_ATTRIBUTES: Final = (
    "picks", "n", "sids", "trail", "board", "round", "cast_at", "changed_at", "writes",
)  # fmt: skip

BALLOT_TIMES: Final = "times"
"""Only on ballots of polls whose replies tell how long voting goes on."""
BALLOT_EXPIRY: Final = "expires_at"
"""Only on ballots of rounds whose end is known."""
BALLOT_BARRED: Final = "barred"
BALLOT_FORGOTTEN: Final = "forgotten"
BALLOT_FORGOTTEN_AT: Final = "forgotten_at"


def ballot_pk(poll_id: str, round_number: int, shard: int) -> str:
    """Partition key of the ballots of one shard: `colors:1#7`."""
    return f"{poll_id}:{round_number}#{shard}"


def ballot_sk(voter: str, sid: str | None = None) -> str:
    """Sort key of a ballot: the voter, and the MessageSid where every text is a ballot."""
    return voter if sid is None else f"{voter}#{sid}"


# --- Aggregates: everything that is read -------------------------------------------

DIRECTORY_PK: Final = "directory"
DIRECTORY_END: Final = "~"
"""In the directory's partition: sorts behind every poll; what else it holds comes after."""

FACE_SK: Final = "poll"
OPEN_BOARDS: Final = "open#*"
"""The partition keys a guest may read, as an IAM pattern."""


def listed_sk(poll_id: str, mark: str) -> str:
    """Sort key, in the directory's partition, of a phone on a poll's list, by its keyed hash."""
    return f"{DIRECTORY_END}phone#{poll_id}#{mark}"


PAST_ROUNDS: Final = f"{DIRECTORY_END}round#"
"""In the directory's partition: what the sort keys of rounds that have ended begin with."""


def past_round_sk(poll_id: str, round_number: int) -> str:
    """Sort key, in the directory's partition, of a round as it was when it ended."""
    return f"{PAST_ROUNDS}{poll_id}#{round_number:05}"


def past_round_of(sk: str) -> tuple[str, int]:
    """The poll and the round of such a sort key."""
    _, poll_id, number = sk.split("#")
    return poll_id, int(number)


UNREADABLE_BOARD: Final = "unreadable"
"""Where records are counted that do not even name a board; no guest may read it."""

Visibility = Literal["open", "sealed"]
VISIBILITIES: Final[tuple[Visibility, ...]] = ("open", "sealed")


def board_pk(poll_id: str, visibility: Visibility) -> str:
    """Partition key of a board: `open#colors` is public, `sealed#colors` is not."""
    return f"{visibility}#{poll_id}"


def boards_of(poll_id: str) -> tuple[str, ...]:
    """Both boards of a poll; a round is counted on one of them."""
    return tuple(board_pk(poll_id, visibility) for visibility in VISIBILITIES)


def tally_prefix(round_number: int) -> str:
    """What the sort keys of all tally rows of a round begin with."""
    return f"tally#{round_number}#"


def tally_sk(round_number: int, stream_label: str, stream_shard: str) -> str:
    """Sort key of the one tally row that a stream shard writes in a round."""
    return f"{tally_prefix(round_number)}{stream_label}#{stream_shard}"


def correction_sk(round_number: int) -> str:
    """Sort key of the row that a repair writes: a tally row like any other, so it is summed."""
    return f"{tally_prefix(round_number)}correction#recount"


TALLY_REMOVED: Final = "removed"
"""On a tally row: REMOVE records folded. On the correction row: those it makes up for, negative."""
CORRECTION_MISSING: Final = "missing"
"""On the correction row: records that a lost stream will never deliver."""


def is_correction(sk: str) -> bool:
    """Whether a tally row is the one that a repair writes."""
    return sk.endswith("#correction#recount")


def watermark_row(sk: str) -> tuple[str, str]:
    """Stream label and stream shard of a tally row's sort key."""
    _, _, stream_label, stream_shard = sk.split("#", 3)
    return stream_label, stream_shard


def certified_sk(round_number: int) -> str:
    """Sort key of a round's certified result."""
    return f"certified#{round_number}"


COUNT_PREFIX: Final = "c#"


def count_attribute(choice: str) -> str:
    """Attribute that holds the votes of a choice in a tally or a certified row."""
    return f"{COUNT_PREFIX}{choice}"


FACE_ATTRIBUTES: Final = (
    "question", "choices", "number", "opens_at", "closes_at", "state", "state_at",
    "round", "policy", "visibility", "percent_from",
)  # fmt: skip
TALLY_ATTRIBUTES: Final = ("voters", "folded", "bad", "wm", "as_of")
CERTIFIED_ATTRIBUTES: Final = ("ballots", "voters", "certified_at", "digest")

GUEST_ATTRIBUTES: Final = tuple(
    dict.fromkeys(
        (
            PARTITION_KEY,
            SORT_KEY,
            *FACE_ATTRIBUTES,
            *TALLY_ATTRIBUTES,
            *CERTIFIED_ATTRIBUTES,
            f"{COUNT_PREFIX}*",
        ),
    ),
)
"""What a guest may ask a board for, as IAM patterns on `dynamodb:Attributes`."""
