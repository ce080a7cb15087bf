"""How large a board becomes that is open for a month, in bytes as DynamoDB counts them."""

from typing import Any

from services.adapters.dynamodb.tally_items import base_item
from services.voting.merging import BaseRow, LiveShards, StoredRow, plan_merge
from services.voting.tally import Totals

HOUR_MS = 3_600_000
ENABLED_MS = 1_904_156_100_000
LABEL = "2030-05-04T20:15:00.000"
SHARDS = 4
"""Stream shards at a time. Each is replaced after four hours and listed for 24 hours more."""
COUNTS = {"RED": 123_456, "GREEN": 123_456, "BLUE": 123_456, "YELLOW": 123_456}


def size(value: Any) -> int:
    """Bytes of an item or of a value: names, texts, numbers of two digits a byte, and overheads."""
    match value:
        case {"S": str(text)}:
            return len(text)
        case {"N": str(digits)}:
            return len(digits) // 2 + 2
        case {"M": dict(held)}:
            return 3 + sum(1 + len(name) + size(one) for name, one in held.items())
        case dict():
            return sum(len(name) + size(one) for name, one in value.items())
    raise TypeError(value)


def shard_id(number: int) -> str:
    """As long as the ids of DynamoDB Streams are."""
    return f"shardId-{number:020}-{number:08x}"


def a_row(number: int, hour: int) -> StoredRow:
    """The row of a stream shard that ended in this hour."""
    return StoredRow(
        name=(LABEL, shard_id(number)), place=f"{number}", version=400_000,
        totals=Totals(
            picks=COUNTS, voters=400_000, folded=400_000, as_of_ms=ENABLED_MS + hour * HOUR_MS
        ),
    )  # fmt: skip


def item_of(row: StoredRow) -> dict[str, Any]:
    """Its item, with the watermark."""
    item = base_item("open#colors", 1, BaseRow(totals=row.totals))
    del item["merged"], item["revision"]
    sk = f"00001#tally#{LABEL}#{row.name[1]}"
    return {**item, "sk": {"S": sk}, "wm": {"S": "0" * 40}}


def closed_item(row: StoredRow) -> dict[str, Any]:
    """What keeps older versions from writing the row."""
    sk = f"tally#1#{LABEL}#{row.name[1]}"
    return {
        "pk": {"S": "open#colors"}, "sk": {"S": sk}, "folded": {"N": "0"}, "wm": {"N": "0"}
    }  # fmt: skip


def board_after(days: int, *, merges: bool) -> tuple[int, int]:
    """Rows and bytes of a board that was open for so many days."""
    rows: list[StoredRow] = []
    base = BaseRow()
    for hour in range(0, 24 * days, 4):
        rows += [a_row(1_000 * hour + n, hour + 4) for n in range(SHARDS)]
        if merges and hour % 24 == 0:
            now_ms = ENABLED_MS + hour * HOUR_MS
            listed = {
                row.name[1] for row in rows if now_ms - row.totals.as_of_ms < 24 * HOUR_MS
            }  # fmt: skip
            shards = LiveShards(label=LABEL, listed=frozenset(listed), now_ms=now_ms)
            while plan := plan_merge(rows, base, live_shards=shards, now_ms=now_ms, most=45):
                rows = [row for row in rows if row not in plan.deleted]
                base = plan.base
    items = [item_of(row) for row in rows]
    if merges:
        items += [*map(closed_item, rows), base_item("open#colors", 1, base)]
    return len(rows), sum(map(size, items))


def test_a_board_that_is_merged_does_not_grow() -> None:
    """After a month it is as large as after a week: under 1 KB a stream shard of two days."""
    week, month = (board_after(days, merges=True) for days in (7, 30))
    shards_of_two_days = SHARDS * 6 * 2

    assert week[0] == month[0] == 2 * shards_of_two_days
    assert abs(week[1] - month[1]) < 100
    assert month[1] < shards_of_two_days * 1024


def test_a_board_that_is_not_merged_grows_with_time() -> None:
    """Which is why it is merged."""
    assert board_after(30, merges=False)[1] > 4 * board_after(30, merges=True)[1]
