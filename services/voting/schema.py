"""The three DynamoDB tables, and all keys and attributes in them.

Keys and attributes are spelled only here. `infra/storage.py` and
`services/adapters/dynamodb/provisioning.py` translate the tables; a parity test compares their
results.
"""

from dataclasses import dataclass
from typing import Final, Literal

STREAM_VIEW: Final = "NEW_AND_OLD_IMAGES"
PARTITION_KEY: Final = "pk"
SORT_KEY: Final = "sk"


@dataclass(frozen=True, slots=True, kw_only=True)
class TableSchema:
    """A DynamoDB table with two string keys, and optionally a stream and a TTL attribute."""

    name: Literal["Votes", "Aggregates", "Polls"]
    ttl_attribute: str | None = None
    has_stream: bool = True


# --- Votes: one item per ballot ----------------------------------------------------

PICKS: Final = "picks"
"""Votes by choice. The boards are their sums."""
TEXT_COUNT: Final = "n"
SIDS: Final = "sids"
TRAIL: Final = "trail"
BOARD: Final = "board"
ROUND: Final = "round"
CAST_AT: Final = "cast_at"
CHANGED_AT: Final = "changed_at"
WRITES: Final = "writes"
BALLOT_ATTRIBUTES: Final = (
    PICKS, TEXT_COUNT, SIDS, TRAIL, BOARD, ROUND, CAST_AT, CHANGED_AT, WRITES,
)  # fmt: skip
"""Attributes that every ballot has."""

CHOICES: Final = "choices"
"""Ballot: keys of choices that are not in `picks`, only if a text named one. Poll view: all."""
TIMES: Final = "times"
"""Not on older ballots, nor on those without texts."""
EXPIRES_AT: Final = "expires_at"
"""Only on ballots of rounds with a known closing time."""
BARRED: Final = "barred"
FORGOTTEN: Final = "forgotten"
FORGOTTEN_AT: Final = "forgotten_at"

VOTES: Final = TableSchema(name="Votes", ttl_attribute=EXPIRES_AT)
AGGREGATES: Final = TableSchema(name="Aggregates")
POLLS: Final = TableSchema(name="Polls", has_stream=False)


def ballot_pk(poll_id: str, round_number: int, shard: int) -> str:
    """Partition key of the ballots of one shard: `colors:1#7`."""
    return f"{poll_id}:{round_number}#{shard}"


def ballot_sk(voter: str, sid: str | None = None) -> str:
    """Sort key of a ballot: the voter, and under `Policy.UNLIMITED` the MessageSid."""
    return voter if sid is None else f"{voter}#{sid}"


# --- Polls: the directory, allow lists, and the operator's log ------------------------------

DIRECTORY_PK: Final = "directory"
DIRECTORY_END: Final = "~"
"""In the directory's partition, sorts after every poll id; all other rows begin with it."""


def allow_list_sk(poll_id: str, phone_id: str) -> str:
    """Sort key, in the directory's partition, of a phone on an allow list, by its keyed hash."""
    return f"{DIRECTORY_END}phone#{poll_id}#{phone_id}"


SPANS: Final = "spans"
"""Allow list item: from when until when the phone was listed; the last may have no end.

Epoch ms. An item without spans was written by an older version, and is listed since ever.
"""

PAST_ROUNDS: Final = f"{DIRECTORY_END}round#"
"""Prefix of the sort keys of rounds that have ended, in the directory's partition."""


def past_round_sk(poll_id: str, round_number: int) -> str:
    """Sort key, in the directory's partition, of a round that has ended."""
    return f"{PAST_ROUNDS}{poll_id}#{round_number:05}"


def past_round_of(sk: str) -> tuple[str, int]:
    """Poll id and round number of a sort key that `past_round_sk` made."""
    _, poll_id, number = sk.split("#")
    return poll_id, int(number)


DEFINITION: Final = "definition"
STATE: Final = "state"
STATE_AT: Final = "state_at"
BEGAN_AT: Final = "began_at"
HEARD_UNTIL: Final = "heard_until"
EXPIRES_FROM: Final = "expires_from"
FORMER_NUMBERS: Final = "former_numbers"
"""A list; rounds of older versions have none."""
MOVED_AT: Final = "moved_at"
CERTIFIED_AT: Final = "certified_at"
ROUND_ATTRIBUTES: Final = (
    DEFINITION, ROUND, STATE, STATE_AT, BEGAN_AT, CHANGED_AT, HEARD_UNTIL,
    EXPIRES_FROM, CERTIFIED_AT, FORMER_NUMBERS, MOVED_AT,
)  # fmt: skip
"""Attributes of a round, on directory rows, past rounds and rows of the operator's log."""
REVISION: Final = "revision"
"""Number of writes of a directory row or a base row, its version for the optimistic lock."""
GONE: Final = "gone"
"""On the directory row of a poll that was archived because its file was removed."""
NUMBER: Final = "number"

OPERATORS_LOGS: Final = "log#*"
"""The partition keys of the operator's logs of all polls, as an IAM pattern."""


def operators_log_pk(poll_id: str) -> str:
    """Partition key of the operator's log of a poll."""
    return f"log#{poll_id}"


def operators_log_sk(at_ms: int, revision: int, what: str = "") -> str:
    """Sort key of a row of an operator's log, in the order of time.

    `revision` is that of the poll's row after the change. `what` keeps apart the events that do
    not change that row.
    """
    return f"{at_ms:013}#{revision:08}" + (f"#{what}" if what else "")


def operators_log_at_ms(sk: str) -> int:
    """The time of a sort key that `operators_log_sk` made."""
    return int(sk.partition("#")[0])


RECONCILIATIONS: Final = "reconciling#*"
"""The partition keys of the reconciliations that write to rounds, as an IAM pattern."""


def reconciliations_pk(poll_id: str) -> str:
    """Partition key of the reconciliations that write to rounds of a poll."""
    return f"reconciling#{poll_id}"


def reconciliations_sk(round_number: int) -> str:
    """Sort key of those that write to one round."""
    return f"{round_number:05}"


BEGUN: Final = "begun"
"""Number of reconciliations of a round that have begun to write."""
RUN_PREFIX: Final = "run#"
"""An attribute for each that is running: until when it may write, in epoch ms."""

WHAT: Final = "what"
BY: Final = "by"
DETAIL: Final = "detail"

# --- Aggregates: what guests and operators read -----------------------------------------

POLL_VIEW_SK: Final = "poll"
OPEN_BOARDS: Final = "open#*"
"""The partition keys a guest may read, as an IAM pattern."""

UNREADABLE_BOARD: Final = "unreadable"
"""Board for unreadable records that name no board; guests may not read it."""

Visibility = Literal["open", "sealed"]
VISIBILITIES: Final[tuple[Visibility, ...]] = ("open", "sealed")


def board_pk(poll_id: str, visibility: Visibility) -> str:
    """Partition key of a board: `open#colors` is public, `sealed#colors` is not."""
    return f"{visibility}#{poll_id}"


def boards_of(poll_id: str) -> tuple[str, ...]:
    """The partition keys of both boards of a poll; a round uses one of them."""
    return tuple(board_pk(poll_id, visibility) for visibility in VISIBILITIES)


def round_prefix(round_number: int) -> str:
    """Prefix of the sort keys of all rows of a round on a board: `00003#`.

    Five digits, so that rounds sort by their number and before the poll view: one query of all
    keys from a round's prefix on returns its rows, those of newer rounds, and the poll view.
    """
    return f"{round_number:05}#"


def tally_prefix(round_number: int) -> str:
    """Prefix of the sort keys of all tally rows of a round."""
    return f"{round_prefix(round_number)}tally#"


def tally_sk(round_number: int, stream_label: str, stream_shard: str) -> str:
    """Sort key of the tally row of a stream shard in a round."""
    return f"{tally_prefix(round_number)}{stream_label}#{stream_shard}"


def correction_sk(round_number: int) -> str:
    """Sort key of the correction row, which repairs write; it is summed like other tally rows."""
    return f"{tally_prefix(round_number)}correction#recount"


def base_sk(round_number: int) -> str:
    """Sort key of the base row: the sums of the tally rows that were merged."""
    return f"{round_prefix(round_number)}base"


REMOVED: Final = "removed"
"""Tally row: number of REMOVE records folded. Correction row: those it offsets, negative."""
MISSING: Final = "missing"
"""Correction row: number of records that a lost stream will never deliver."""

LOG: Final = "log"
"""Correction row: a list of all corrections, each with its time, picks, voters and `missing`."""
LOGGED_AT: Final = "at"


def is_correction(sk: str) -> bool:
    """Whether this is the sort key of a correction row."""
    return sk.endswith("#correction#recount")


def stream_shard_of(sk: str) -> tuple[str, str]:
    """Stream label and stream shard of the sort key of a tally row."""
    _, _, stream_label, stream_shard = sk.split("#", 3)
    return stream_label, stream_shard


def certified_sk(round_number: int) -> str:
    """Sort key of a round's certified result."""
    return f"{round_prefix(round_number)}certified"


MERGED: Final = "merged"
"""Base row: a map of the tally rows that it includes, by `<stream label>#<stream shard>`."""
MERGED_AT: Final = "at"
DELETED_AT: Final = "deleted_at"

# Versions before 4 kept a round's rows under these keys; `former_rows.py` reads and moves them.
FORMER_TALLIES: Final = "tally#"
FORMER_CERTIFICATES: Final = "certified#"


def former_sk(sk: str) -> str:
    """The sort key that older versions gave to a tally row, correction row or certificate."""
    round_number, _, row = sk.partition("#")
    kind, _, rest = row.partition("#")
    return f"{kind}#{int(round_number)}" + (f"#{rest}" if rest else "")


def sk_from_former(sk: str) -> str:
    """The sort key of a row that is stored under the sort key of an older version."""
    kind, round_number, *rest = sk.split("#")
    return "#".join([round_prefix(int(round_number)) + kind, *rest])


COUNT_PREFIX: Final = "c#"


def count_attribute(choice: str) -> str:
    """Attribute with the votes for a choice, on tally and certified rows."""
    return f"{COUNT_PREFIX}{choice}"


QUESTION: Final = "question"
OPENS_AT: Final = "opens_at"
CLOSES_AT: Final = "closes_at"
POLICY: Final = "policy"
VISIBILITY: Final = "visibility"
PERCENT_FROM: Final = "percent_from"
POLL_VIEW_ATTRIBUTES: Final = (
    QUESTION, CHOICES, NUMBER, OPENS_AT, CLOSES_AT, STATE, STATE_AT,
    ROUND, POLICY, VISIBILITY, PERCENT_FROM,
)  # fmt: skip

VOTERS: Final = "voters"
FOLDED: Final = "folded"
BAD: Final = "bad"
WATERMARK: Final = "wm"
AS_OF: Final = "as_of"
TALLY_ATTRIBUTES: Final = (VOTERS, FOLDED, BAD, WATERMARK, AS_OF)

BALLOTS: Final = "ballots"
DIGEST: Final = "digest"
LOGGED_TEXTS: Final = "logged_texts"
UNKNOWN_TEXTS: Final = "unknown_texts"
"""On certificates of rounds that were reconciled with Twilio's log; guests may not read them."""
CERTIFIED_ATTRIBUTES: Final = (BALLOTS, VOTERS, CERTIFIED_AT, DIGEST)

GUEST_ATTRIBUTES: Final = tuple(
    dict.fromkeys(
        (
            PARTITION_KEY,
            SORT_KEY,
            *POLL_VIEW_ATTRIBUTES,
            *TALLY_ATTRIBUTES,
            *CERTIFIED_ATTRIBUTES,
            MERGED,
            REVISION,
            f"{COUNT_PREFIX}*",
        ),
    ),
)
"""Attributes that guests may read, as IAM patterns for `dynamodb:Attributes`."""
