"""Merging of tally rows that cannot change any more into the base row of their round.

A stream shard lives for about four hours, and each has a tally row, so a board would grow for as
long as its poll is open. A row whose stream shard is gone is added into the base row, which names
it; whoever sums a board leaves out the rows that the base row names. So a reader may see the base
row before or after the merge, with or without the merged row: the sum is the same. The row itself
is deleted a day later, and its name is dropped another day later.
"""

from collections.abc import Container, Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Final

from services.voting.tally import Totals, add_up

HOUR_MS: Final = 3_600_000
IDLE_MS: Final = 48 * HOUR_MS
"""A row is merged if its newest vote is older. A stream keeps its records for 24 hours."""
PHASE_MS: Final = 24 * HOUR_MS
"""Least time between a merge, the deletion of the row, and the end of its name."""

RowName = tuple[str, str]
"""Stream label and stream shard; they name a tally row within a board and round."""

CORRECTION: Final[RowName] = ("correction", "recount")
"""The name of the correction row. Repairs write it, so it is never merged."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LiveShards:
    """The stream shards that may still deliver records.

    `listed` are those that DynamoDB lists for the stream with this label (DynamoDB Streams,
    "DescribeStream"): a shard is listed until its last record is trimmed. A label is the UTC time
    at which a stream was enabled. The records of the stream before it can be read for 24 hours
    longer; of a label that is later, or no time, nothing is known.
    """

    label: str
    listed: frozenset[str]
    now_ms: int

    def __contains__(self, name: object) -> bool:
        """Whether a shard, given as (stream label, stream shard), may deliver records."""
        label, shard = name if isinstance(name, tuple) else ("", "")
        if label == self.label:
            return shard in self.listed
        of_row_ms, current_ms = _enabled_at_ms(label), _enabled_at_ms(self.label)
        if of_row_ms is None or current_ms is None or of_row_ms > current_ms:
            return True
        return self.now_ms - current_ms < IDLE_MS


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredRow:
    """A tally row or correction row as it is stored, under the sort key `place`.

    `version` grows with each write: the number of folded records, or of corrections. `is_closed`
    is set on a row under the key of an older version that is only kept so that the older version
    cannot write it.
    """

    name: RowName
    place: str
    totals: Totals
    version: int
    is_closed: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class MergedRow:
    """What a base row says of a row that it includes: when it was merged, and in which version."""

    at_ms: int
    version: int
    deleted_at_ms: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class BaseRow:
    """The sums of the merged rows of a round. `revision` is the number of its writes."""

    totals: Totals = field(default_factory=lambda: Totals(picks={}))
    merged: Mapping[RowName, MergedRow] = field(default_factory=dict)
    revision: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class MergePlan:
    """What one write changes: `base` replaces the base row if all `merged` rows are as read.

    `merged` are added to it, `deleted` are deleted. `changed` are rows that have changed after
    they were merged, which must not happen; they are kept.
    """

    base: BaseRow
    merged: tuple[StoredRow, ...] = ()
    deleted: tuple[StoredRow, ...] = ()
    changed: tuple[RowName, ...] = ()


def counted_rows(rows: Iterable[StoredRow], base: BaseRow) -> list[StoredRow]:
    """The rows that count beside the base row: one for each name that it does not include.

    Of a row that is stored under two keys, the newer version counts.
    """
    newest: dict[RowName, StoredRow] = {}
    for row in rows:
        if row.name in base.merged:
            continue
        before = newest.get(row.name)
        if before is None or before.version < row.version:
            newest[row.name] = row
    return list(newest.values())


def sum_rows(rows: Iterable[StoredRow], base: BaseRow) -> Totals:
    """The totals of a round on a board."""
    return add_up([base.totals, *(row.totals for row in counted_rows(rows, base))])


def sum_versions(rows: Iterable[StoredRow], base: BaseRow) -> int:
    """The number of writes that a sum includes: of two readings, the one with more is newer.

    A merge does not change it: a merged row counts with its folded records, which are its version.
    """
    return base.totals.folded + sum(row.version for row in counted_rows(rows, base))


def plan_merge(
    rows: Iterable[StoredRow],
    base: BaseRow,
    *,
    live_shards: Container[RowName],
    now_ms: int,
    most: int,
) -> MergePlan | None:
    """Plan the next write of a round's base row, of at most `most` rows; None if there is none.

    `live_shards` are the stream shards that may still deliver records.
    """
    stored = list(rows)
    merged = [r for r in counted_rows(stored, base) if _is_over(r, live_shards, now_ms)][:most]
    named = dict(base.merged)
    changed, deleted = [], list[StoredRow]()
    for name, entry in base.merged.items():
        kept = [row for row in stored if row.name == name]
        if any(_has_changed(row, entry) for row in kept):
            changed.append(name)
        elif kept and now_ms - entry.at_ms >= PHASE_MS and len(merged) + len(deleted) < most:
            deleted += kept
            named[name] = replace(entry, deleted_at_ms=now_ms)
        elif not kept and entry.deleted_at_ms is None:
            named[name] = replace(entry, deleted_at_ms=now_ms)
        elif not kept and now_ms - (entry.deleted_at_ms or 0) >= PHASE_MS:
            del named[name]
    for row in merged:
        named[row.name] = MergedRow(at_ms=now_ms, version=row.version)
    if named == base.merged and not changed:
        return None
    totals = add_up([base.totals, *(row.totals for row in merged)])
    after = BaseRow(totals=totals, merged=named, revision=base.revision + 1)
    return MergePlan(
        base=base if named == base.merged else after,
        merged=tuple(merged),
        deleted=tuple(deleted),
        changed=tuple(changed),
    )


def _is_over(row: StoredRow, live_shards: Container[RowName], now_ms: int) -> bool:
    """Whether no record can change the row any more."""
    return (
        row.name != CORRECTION
        and not row.is_closed
        and row.name not in live_shards
        and row.version > 0
        and now_ms - row.totals.as_of_ms >= IDLE_MS
    )


def _has_changed(row: StoredRow, entry: MergedRow) -> bool:
    """Whether a merged row was written, or is there again after its deletion."""
    if row.is_closed:
        return False
    return entry.deleted_at_ms is not None or row.version != entry.version


def _enabled_at_ms(label: str) -> int | None:
    """The time in a stream label, such as `2030-05-04T20:15:00.000`."""
    try:
        return int(datetime.fromisoformat(label).replace(tzinfo=UTC).timestamp() * 1000)
    except ValueError:
        return None
