"""Which rows are merged, deleted and forgotten, and that no reader ever sees another sum."""

from collections.abc import Iterable
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.voting.merging import (
    BaseRow,
    LiveShards,
    MergedRow,
    MergePlan,
    StoredRow,
    counted_rows,
    plan_merge,
    sum_rows,
)
from services.voting.tally import Totals

HOUR_MS = 3_600_000
NOW = 100 * 24 * HOUR_MS
LABEL = "2030-05-04T20:15:00.000"
ENABLED_MS = 1_904_156_100_000


def a_row(
    shard: str = "one", votes: int = 3, *, idle_hours: float = 48, label: str = LABEL,
    is_closed: bool = False, place: str = "",
) -> StoredRow:  # fmt: skip
    """A tally row, by default one that is due."""
    as_of_ms = NOW - int(idle_hours * HOUR_MS)
    return StoredRow(
        name=(label, shard),
        place=place or shard,
        totals=Totals(picks={"RED": votes}, voters=votes, folded=votes, as_of_ms=as_of_ms),
        version=votes,
        is_closed=is_closed,
    )


def plan(
    rows: Iterable[StoredRow], base: BaseRow | None = None, *, live: tuple[str, ...] = (),
    now_ms: int = NOW, most: int = 45,
) -> MergePlan | None:  # fmt: skip
    """The next write, while these shards are listed."""
    shards = {(LABEL, shard) for shard in live}
    return plan_merge(rows, base or BaseRow(), live_shards=shards, now_ms=now_ms, most=most)


def merged(
    row: StoredRow, *, hours_ago: float = 0, deleted_hours_ago: float | None = None
) -> BaseRow:
    """A base row that includes this row alone."""
    gone = None if deleted_hours_ago is None else NOW - int(deleted_hours_ago * HOUR_MS)
    entry = MergedRow(at_ms=NOW - int(hours_ago * HOUR_MS), version=row.version, deleted_at_ms=gone)
    return BaseRow(totals=row.totals, merged={row.name: entry}, revision=1)


def test_rows_that_are_over_are_added_into_the_base_row_and_named() -> None:
    """All sums, the newest time, and the version that was read."""
    one = a_row("one")
    two = replace(
        a_row("two"),
        totals=Totals(
            picks={"RED": -1, "BLUE": 2}, voters=1, folded=4, bad=1, as_of_ms=7, removed=2
        ),
        version=4,
    )
    first = plan([one])
    assert first
    both = plan([one, two], first.base, now_ms=NOW + 1)
    assert both

    assert both.merged == (two,)
    assert both.base == BaseRow(
        totals=Totals(
            picks={"RED": 2, "BLUE": 2}, voters=4, folded=7, bad=1,
            as_of_ms=NOW - 48 * HOUR_MS, removed=2,
        ),
        merged={
            one.name: MergedRow(at_ms=NOW, version=3), two.name: MergedRow(at_ms=NOW + 1, version=4)
        },
        revision=2,
    )  # fmt: skip


@pytest.mark.parametrize(
    "row",
    [
        a_row("listed"),
        a_row(idle_hours=47.999),
        a_row("recount", label="correction"),
        a_row(votes=0),
        a_row(is_closed=True),
    ],
    ids=["listed", "young", "correction", "without a record", "closed"],
)
def test_a_row_that_may_change_is_not_merged(row: StoredRow) -> None:
    """While its shard is listed or it is young; a correction never."""
    assert plan([row], live=("listed",)) is None


def test_of_a_row_under_two_keys_the_newer_version_is_merged_and_both_are_deleted() -> None:
    """The row of an older version is closed, and older."""
    old, new = a_row(votes=2, is_closed=True, place="old"), a_row(votes=3, place="new")
    first = plan([old, new])
    assert first
    second = plan([old, new], first.base, now_ms=NOW + 24 * HOUR_MS)
    assert second

    assert first.merged == (new,)
    assert first.base.totals.folded == 3
    assert (second.deleted, second.changed) == ((old, new), ())


@pytest.mark.parametrize(("hours", "deleted"), [(23.999, 0), (24, 1)])
def test_a_merged_row_is_deleted_a_day_later(hours: float, deleted: int) -> None:
    """Readers that do not see the base row yet still find it; the sums stay."""
    row = a_row()
    base = merged(row, hours_ago=hours)
    found = plan([row], base)

    assert (len(found.deleted) if found else 0) == deleted
    if found:
        assert found.base.totals == base.totals
        assert found.base.merged[row.name].deleted_at_ms == NOW


@pytest.mark.parametrize(("hours", "is_named"), [(23.999, True), (24, False)])
def test_the_name_of_a_deleted_row_is_dropped_a_day_later(hours: float, *, is_named: bool) -> None:
    """Pages keep a row that vanished for a while."""
    row = a_row()
    found = plan([], merged(row, hours_ago=24, deleted_hours_ago=hours))

    assert (found is None) == is_named
    if found:
        assert found.base.merged == {}
        assert found.base.totals == row.totals


def test_a_row_that_somebody_else_deleted_keeps_its_name_for_a_day() -> None:
    """As if it had been deleted just now."""
    row = a_row()
    found = plan([], merged(row, hours_ago=100))
    assert found

    assert found.base.merged[row.name].deleted_at_ms == NOW


@pytest.mark.parametrize("deleted_hours_ago", [None, 100])
def test_a_merged_row_that_changed_or_came_back_is_kept_and_reported(
    deleted_hours_ago: float | None,
) -> None:
    """It must not happen, and needs a person; its name is kept, so that nothing counts twice."""
    row = a_row(votes=3)
    base = merged(row, hours_ago=100, deleted_hours_ago=deleted_hours_ago)
    found = plan([a_row(votes=4)], base)
    assert found

    assert (found.deleted, found.changed, found.base) == ((), (row.name,), base)


def test_a_write_has_at_most_so_many_rows() -> None:
    """The rest is for the next write."""
    rows = [a_row(f"{n}") for n in range(5)]
    first = plan(rows, most=2)
    assert first
    second = plan(rows, first.base, most=2, now_ms=NOW + 24 * HOUR_MS)
    assert second

    assert len(first.merged) == 2
    assert (len(second.merged), len(second.deleted)) == (2, 0)


def test_rows_that_a_base_row_names_do_not_count() -> None:
    """In any version; of two copies of another row, the newer one counts."""
    one, two, older = a_row("one"), a_row("two", votes=5), a_row("two", votes=4)

    assert counted_rows([one, older, two], merged(one)) == [two]
    assert sum_rows([one, two, older], merged(one)).picks == {"RED": 8}


@given(
    st.lists(
        st.tuples(st.integers(1, 5), st.sampled_from([0, 30, 47, 48, 49, 90]), st.booleans()),
        max_size=6,
    ),
    st.lists(st.sampled_from([1, 12, 24, 25, 48]), max_size=8),
    st.integers(1, 3),
)
def test_no_reader_sees_another_sum_at_any_step(
    drawn: list[tuple[int, int, bool]], nights: list[int], most: int
) -> None:
    """Whichever copy of the base row a reader has, with the rows from before or after the write."""
    rows = [
        a_row(f"{n}", votes, idle_hours=idle) for n, (votes, idle, _) in enumerate(drawn)
    ]  # fmt: skip
    live = tuple(f"{n}" for n, (_, _, is_live) in enumerate(drawn) if is_live)
    truth, base, now_ms = sum(votes for votes, _, _ in drawn), BaseRow(), NOW
    for hours in nights:
        now_ms += hours * HOUR_MS
        found = plan(rows, base, live=live, now_ms=now_ms, most=most)
        if found is None:
            continue
        after = [row for row in rows if row not in found.deleted]
        for seen in ([base, rows], [base, after], [found.base, rows], [found.base, after]):
            totals = sum_rows(seen[1], seen[0])  # type: ignore[arg-type]
            assert (totals.folded, sum(totals.picks.values())) == (truth, truth)
        assert not found.changed
        rows, base = after, found.base


@pytest.mark.parametrize(
    ("label", "shard", "hours", "is_live"),
    [
        (LABEL, "one", 1000, True),
        (LABEL, "other", 0, False),
        ("2030-05-04T20:14:59.999", "one", 47.999, True),
        ("2030-05-04T20:14:59.999", "one", 48, False),
        ("2030-05-04T20:15:00.001", "one", 1000, True),
        ("unlabelled", "one", 1000, True),
    ],
)
def test_which_shards_may_still_deliver_records(
    label: str, shard: str, hours: float, *, is_live: bool
) -> None:
    """Those that are listed; those of the stream before it for two days; those that are unknown."""
    shards = LiveShards(
        label=LABEL, listed=frozenset({"one"}), now_ms=ENABLED_MS + int(hours * HOUR_MS)
    )

    assert ((label, shard) in shards) == is_live


def test_nothing_is_known_beside_a_stream_whose_label_is_no_time() -> None:
    """As an emulator may label it."""
    shards = LiveShards(label="latest", listed=frozenset({"one"}), now_ms=10**15)

    assert (LABEL, "one") in shards
    assert ("latest", "two") not in shards
    assert "latest" in shards
