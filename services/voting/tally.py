"""From changes of ballots to totals: the part of the fold that is pure.

A stream record moves the tally by `picks(NewImage) - picks(OldImage)`. What makes it exact
is not here but in the one conditional write that applies a `Delta`; this module gives it
what it needs: the deltas of a batch by row, and the watermark arithmetic. Standard library
only.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

SEQUENCE_DIGITS = 40


def pad_sequence(number: str) -> str:
    """A stream sequence number (21 to 40 digits) as text that sorts as numbers do.

    Only comparable within one stream shard (DynamoDB Streams, "StreamRecord").
    """
    return number.zfill(SEQUENCE_DIGITS)


@dataclass(frozen=True, slots=True, kw_only=True)
class TallyRow:
    """Which row: one for each board, round and stream shard, with a watermark of its own."""

    board: str
    round: int
    stream_label: str
    stream_shard: str


class Change(NamedTuple):
    """One stream record, read. `picks` maps choices to what the record adds or takes.

    `removed` is 1 where the record tells that an item was deleted.

    A named tuple, because one is made for every record and takes a third of the time that a
    frozen dataclass takes.
    """

    board: str
    round: int
    sequence: str
    picks: Mapping[str, int]
    voters: int
    bad: int
    as_of_ms: int
    removed: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Delta:
    """What a run of changes does to one tally row. Sequences are padded, `first <= last`."""

    picks: Mapping[str, int]
    voters: int
    folded: int
    bad: int
    first: str
    last: str
    as_of_ms: int
    removed: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Totals:
    """A board's sums over its tally rows.

    `folded` counts the stream records that the rows hold, and those that a repair has written
    off as lost. `removed` counts those of them that told of a deleted item.
    """

    picks: Mapping[str, int]
    voters: int = 0
    folded: int = 0
    bad: int = 0
    as_of_ms: int = 0
    removed: int = 0


def difference(before: Mapping[str, int], after: Mapping[str, int]) -> dict[str, int]:
    """`after - before` by choice; choices that do not move are left out."""
    moved = dict(after)
    for choice, count in before.items():
        moved[choice] = moved.get(choice, 0) - count
    return {choice: count for choice, count in moved.items() if count}


def group(changes: Iterable[Change]) -> dict[tuple[str, int], list[Change]]:
    """The changes by (board, round), each in sequence and without repeats."""
    rows: dict[tuple[str, int], dict[str, Change]] = defaultdict(dict)
    for change in changes:
        rows[change[:2]][change.sequence] = change
    return {row: [by[key] for key in sorted(by)] for row, by in rows.items()}


def total(changes: Sequence[Change]) -> Delta:
    """Sum changes that are in sequence. Raises: IndexError where there are none."""
    picks: dict[str, int] = defaultdict(int)
    voters = bad = as_of_ms = removed = 0
    for _, _, _, moved, came, unread, at_ms, gone in changes:
        for choice, count in moved.items():
            picks[choice] += count
        voters += came
        bad += unread
        removed += gone
        if at_ms > as_of_ms:  # noqa: PLR1730 - twice as fast as max()
            as_of_ms = at_ms
    return Delta(
        picks={choice: count for choice, count in picks.items() if count},
        voters=voters,
        folded=len(changes),
        bad=bad,
        first=changes[0].sequence,
        last=changes[-1].sequence,
        as_of_ms=as_of_ms,
        removed=removed,
    )


def after_watermark(changes: Sequence[Change], watermark: str) -> list[Change]:
    """The changes that a row with this watermark does not hold yet."""
    return [change for change in changes if change.sequence > watermark]


def add_up(rows: Iterable[Totals]) -> Totals:
    """The board's totals: a row alone may be negative, their sum is the truth."""
    picks: dict[str, int] = {}
    voters = folded = bad = as_of_ms = removed = 0
    for row in rows:
        for choice, count in row.picks.items():
            picks[choice] = picks.get(choice, 0) + count
        voters += row.voters
        folded += row.folded
        bad += row.bad
        as_of_ms = max(as_of_ms, row.as_of_ms)
        removed += row.removed
    return Totals(
        picks=picks, voters=voters, folded=folded, bad=bad, as_of_ms=as_of_ms, removed=removed
    )
