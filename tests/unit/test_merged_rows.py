"""The nightly merge on a real table: conditional, repeatable, and beside others."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import pytest

from lambdas.merger import handler as merger
from services.adapters import log
from services.adapters.dynamodb.corrections import DynamoCorrections
from services.adapters.dynamodb.directory import DynamoDirectory
from services.adapters.dynamodb.merged_rows import DynamoMergedRows, MergedRound
from services.adapters.dynamodb.stream_shards import NoShardsError, live_shards
from services.adapters.dynamodb.tallies import DynamoTallies
from services.polls.definition import parse_poll
from services.voting.errors import RowMergedError, StoreUnavailableError
from services.voting.fold import fold
from services.voting.merging import LiveShards
from services.voting.recount import Difference
from services.voting.tally import Change, Totals, pad_sequence
from tests.support.polls import COLORS_TOML
from tests.support.recorded import Recorded, recorded_tables

BOARD = "open#colors"
LABEL = "2030-05-04T20:15:00.000"
HOUR_MS = 3_600_000
NOW = 1_904_156_100_000 + 1_000 * HOUR_MS
OLD = NOW - 48 * HOUR_MS


@pytest.fixture(scope="module")
def shared() -> Iterator[Recorded]:
    """Tables for all tests of this module."""
    with recorded_tables() as tables:
        yield tables


@pytest.fixture
def tables(shared: Recorded) -> Recorded:
    """Three rows of round 1: two are over, the third is listed. A correction, and round 2."""
    tables = shared.restore()
    for shard in ("one", "two", "listed"):
        deliver(tables, shard, 1, 3)
    deliver(tables, "one", 1, 2, round_number=2)
    off = Difference(board=BOARD, picks={"RED": 10}, voters=1, removed=-2)
    DynamoCorrections(tables.client, "Aggregates").apply(off, 1, expected=0, at_ms=OLD)
    tables.requests.clear()
    return tables


def deliver(
    tables: Recorded, shard: str, first: int, last: int, *, round_number: int = 1, at_ms: int = OLD
) -> None:
    """Fold votes for red of one stream shard."""
    run = [
        Change(BOARD, round_number, pad_sequence(str(n)), {"RED": 1}, 1, 0, at_ms, n == 1)
        for n in range(first, last + 1)
    ]
    tallies = DynamoTallies(tables.client, "Aggregates")
    fold(run, tallies, stream_label=LABEL, stream_shard=shard)


def shards_at(hours: float = 0) -> LiveShards:
    """The shards that are listed so many hours later."""
    now_ms = NOW + int(hours * HOUR_MS)
    return LiveShards(label=LABEL, listed=frozenset({"listed"}), now_ms=now_ms)


def merge(tables: Recorded, hours: float = 0) -> list[MergedRound]:
    """A run so many hours later."""
    return list(DynamoMergedRows(tables.client, "Aggregates").merge_board(BOARD, shards_at(hours)))


def totals(tables: Recorded) -> Totals:
    """What readers see of round 1."""
    return DynamoTallies(tables.client, "Aggregates").totals(BOARD, 1)


def keys(tables: Recorded) -> set[str]:
    """The sort keys of round 1, without what is kept for older versions."""
    items = tables.client.query(
        TableName="Aggregates", KeyConditionExpression="pk = :pk AND begins_with(sk, :sk)",
        ExpressionAttributeValues={":pk": {"S": BOARD}, ":sk": {"S": "00001#"}},
    )["Items"]  # fmt: skip
    return {item["sk"]["S"].removeprefix("00001#") for item in items}


ALL = Totals(picks={"RED": 19}, voters=10, folded=9, as_of_ms=OLD, removed=1)
KEPT = {"base", "tally#correction#recount", f"tally#{LABEL}#listed"}
TWO = {f"tally#{LABEL}#one", f"tally#{LABEL}#two"}


def test_rows_are_merged_then_deleted_then_forgotten(tables: Recorded) -> None:
    """A night apart each; the sum is the same at any time, and another run changes nothing."""
    nights = [0, 0, 23, 24, 24, 47, 48, 72]
    seen = []
    for hours in nights:
        done = merge(tables, hours)
        seen.append(([(one.round, one.merged, one.deleted) for one in done], keys(tables)))
        assert totals(tables) == ALL
    bases = [tables.item("Aggregates", BOARD, f"0000{number}#base") or {} for number in (1, 2)]

    assert seen == [
        ([(1, 2, 0), (2, 1, 0)], KEPT | TWO), ([], KEPT | TWO), ([], KEPT | TWO),
        ([(1, 0, 2), (2, 0, 1)], KEPT), ([], KEPT), ([], KEPT), ([], KEPT), ([], KEPT),
    ]  # fmt: skip
    assert [(base["merged"], base["revision"]) for base in bases] == [({"M": {}}, {"N": "3"})] * 2


def test_the_base_row_names_its_rows_as_the_page_reads_them(tables: Recorded) -> None:
    """By stream label and shard; attributes as on a tally row."""
    merge(tables)
    base = tables.item("Aggregates", BOARD, "00001#base")
    entry = {"M": {"at": {"N": str(NOW)}, "folded": {"N": "3"}}}

    assert base == {
        "pk": {"S": BOARD}, "sk": {"S": "00001#base"}, "c#RED": {"N": "6"}, "voters": {"N": "6"},
        "folded": {"N": "6"}, "bad": {"N": "0"}, "removed": {"N": "2"}, "as_of": {"N": str(OLD)},
        "merged": {"M": {f"{LABEL}#one": entry, f"{LABEL}#two": entry}}, "revision": {"N": "1"},
    }  # fmt: skip


def test_what_older_versions_may_not_write_goes_with_the_row(tables: Recorded) -> None:
    """The closed row under the old key."""
    merge(tables)
    merge(tables, 24)

    assert tables.item("Aggregates", BOARD, f"tally#1#{LABEL}#one") is None
    assert tables.item("Aggregates", BOARD, f"tally#1#{LABEL}#listed") is not None


def test_a_certificate_under_the_key_of_an_older_version_is_moved_as_well(
    tables: Recorded,
) -> None:
    """On its own board; every row of which is read as it is now."""
    former = {"pk": {"S": BOARD}, "sk": {"S": "certified#1"}, "digest": {"S": "ab"}}
    tables.client.put_item(TableName="Aggregates", Item=former)
    tables.requests.clear()
    merge(tables)
    certificate = tables.item("Aggregates", BOARD, "00001#certified")

    assert certificate is not None
    assert certificate["digest"] == {"S": "ab"}
    assert all(asked["ConsistentRead"] is True for asked in tables.sent("Query"))


def test_a_row_of_an_older_version_is_merged_where_it_is(tables: Recorded) -> None:
    """It is never written again, so it needs no other key."""
    item = tables.item("Aggregates", BOARD, f"00001#tally#{LABEL}#two")
    assert item
    former = {**item, "sk": {"S": "tally#1#2030-05-04T20:14:00.000#old"}}
    tables.client.put_item(TableName="Aggregates", Item=former)
    (first, _) = merge(tables)
    more = replace(ALL, picks={"RED": 22}, voters=13, folded=12, removed=2)

    assert (first.merged, totals(tables)) == (3, more)
    merge(tables, 24)
    assert tables.item("Aggregates", BOARD, former["sk"]["S"]) is None
    assert totals(tables) == more


RIVALS: dict[str, Callable[[Recorded], object]] = {
    "the aggregator": lambda t: deliver(t, "one", 4, 4),
    "the aggregator, listed": lambda t: deliver(t, "listed", 4, 4),
    "another run": merge,
    "a repair": lambda t: DynamoCorrections(t.client, "Aggregates").apply(
        Difference(board=BOARD, picks={"RED": 1}, voters=0), 1, expected=1, at_ms=NOW
    ),
}


@pytest.mark.parametrize("rival", RIVALS)
def test_whatever_happens_between_reading_and_writing_is_counted_once(
    tables: Recorded, rival: str
) -> None:
    """The write fails if a row is not as it was read, and is planned anew."""
    tables.rivals["TransactWriteItems"] = lambda: RIVALS[rival](tables)
    merge(tables)
    red = 19 + (rival != "another run")

    assert totals(tables).picks == {"RED": red}
    merge(tables, 24)
    merge(tables, 48)
    assert totals(tables).picks == {"RED": red}


def test_a_row_that_changes_before_its_deletion_is_kept_and_named(tables: Recorded) -> None:
    """It cannot happen while the stream lists its shards; if it does, somebody must know."""
    merge(tables)
    deliver(tables, "one", 4, 4)
    (changed, _) = merge(tables, 24)
    still = merge(tables, 200)

    assert changed == MergedRound(round=1, merged=0, deleted=1, changed=((LABEL, "one"),))
    assert [one.changed for one in still] == [((LABEL, "one"),)]
    assert f"tally#{LABEL}#one" in keys(tables)
    assert totals(tables) == ALL


def test_a_row_that_changes_in_the_moment_of_its_deletion_is_kept(tables: Recorded) -> None:
    """The deletion is conditional on the row as it was read."""
    merge(tables)
    tables.rivals["TransactWriteItems"] = lambda: deliver(tables, "one", 4, 4)
    (done, _) = merge(tables, 24)

    assert (done.deleted, done.changed) == (1, ((LABEL, "one"),))
    assert f"tally#{LABEL}#one" in keys(tables)


def test_a_record_of_a_deleted_row_is_not_counted_on_a_new_one(tables: Recorded) -> None:
    """The old key was deleted, too; the base row still names the row."""
    merge(tables)
    merge(tables, 24)
    with pytest.raises(RowMergedError):
        deliver(tables, "one", 3, 5)

    assert totals(tables) == ALL


def test_a_base_row_that_others_keep_writing_ends_the_run(tables: Recorded) -> None:
    """After five attempts; the next night tries again."""

    def write_first(model: Any, **_: Any) -> None:
        item = tables.item("Aggregates", BOARD, "00001#base") or {
            "pk": {"S": BOARD}, "sk": {"S": "00001#base"}, "folded": {"N": "0"},
            "merged": {"M": {}}, "revision": {"N": "0"},
        }  # fmt: skip
        item["revision"] = {"N": str(int(item["revision"]["N"]) + 1)}
        if model.name == "TransactWriteItems":
            tables.client.put_item(TableName="Aggregates", Item=item)

    events = tables.client.meta.events
    events.register("provide-client-params.dynamodb.TransactWriteItems", write_first)
    try:
        with pytest.raises(StoreUnavailableError):
            DynamoMergedRows(tables.client, "Aggregates").merge_round(BOARD, 1, shards_at())
    finally:
        events.unregister("provide-client-params.dynamodb.TransactWriteItems", write_first)

    assert len(tables.sent("TransactWriteItems")) == 5


class Streams:
    """DescribeStream in two pages, of which the first may be the last."""

    def __init__(self, *pages: list[str]) -> None:
        self.pages = pages

    def describe_stream(self, **asked: str) -> dict[str, Any]:
        """The page after the named shard."""
        place = int(asked.get("ExclusiveStartShardId", "0"))
        page: dict[str, Any] = {"Shards": [{"ShardId": shard} for shard in self.pages[place]]}
        if place + 1 < len(self.pages):
            page["LastEvaluatedShardId"] = str(place + 1)
        return {"StreamDescription": page}


def test_all_pages_of_shards_are_read() -> None:
    """A shard on the second page is live, too."""
    streams: Any = Streams(["a"], [], ["b"])
    shards = live_shards(streams, f"arn:aws:dynamodb:table/Votes/stream/{LABEL}", NOW)

    assert shards == LiveShards(label=LABEL, listed=frozenset({"a", "b"}), now_ms=NOW)


def test_the_shard_that_an_emulator_does_not_name_is_live() -> None:
    """Its rows are under the name that the environment gives."""
    streams: Any = Streams(["a"])
    shards = live_shards(streams, f"arn/stream/{LABEL}", NOW, also="local")

    assert shards.listed == {"a", "local"}


def test_a_stream_without_shards_merges_nothing() -> None:
    """An empty answer must not look as if every shard were gone."""
    streams: Any = Streams([])

    with pytest.raises(NoShardsError, match=f"arn/stream/{LABEL}"):
        live_shards(streams, f"arn/stream/{LABEL}", NOW)


class SomeBoards:
    """Merges that fail on one board."""

    def merge_board(self, board: str, shards: LiveShards) -> Iterator[MergedRound]:
        """One round with a row that changed."""
        del shards
        if board == "open#bad":
            raise StoreUnavailableError("merging")
        yield MergedRound(round=1, merged=2, deleted=3, changed=((LABEL, "one"),))


LOGGED = {
    "open#good": [
        ("merge.row_changed", {"board": "open#good", "round": 1, "rows": [f"{LABEL}#one"]}),
        ("merge.done", {"board": "open#good", "round": 1, "added": 2, "deleted": 3}),
    ],
    "open#bad": [
        ("merge.failed", {
            "board": "open#bad", "error": "StoreUnavailableError",
            "detail": "merging: the store did not answer in time",
        }),
    ],
}  # fmt: skip


@pytest.mark.parametrize(("board", "done"), [("open#bad", False), ("open#good", True)])
def test_each_board_is_logged(monkeypatch: pytest.MonkeyPatch, board: str, *, done: bool) -> None:
    """An alarm rings at `merge.row_changed`."""
    events: list[Any] = []
    monkeypatch.setattr(log, "event", lambda name, **more: events.append((name, more)))
    boards: Any = SomeBoards()

    assert merger.merge(boards, board, shards_at()) is done
    assert events == LOGGED[board]


@pytest.fixture
def deployed(tables: Recorded, monkeypatch: pytest.MonkeyPatch) -> str:
    """A poll, the merger's environment, and a row of a shard that the stream does not list.

    Returns the sort key of the row.
    """
    directory = DynamoDirectory(client=tables.client, table="Polls", aggregates="Aggregates")
    directory.apply([parse_poll(COLORS_TOML, source="colors.toml")])
    arn = tables.client.describe_table(TableName="Votes")["Table"]["LatestStreamArn"]
    for name, value in {
        "AGGREGATES_TABLE": "Aggregates", "POLLS_TABLE": "Polls", "STREAM_ARN": arn,
        "AWS_DEFAULT_REGION": "us-east-1",
    }.items():  # fmt: skip
        monkeypatch.setenv(name, value)
    monkeypatch.setattr(merger, "sync_client", lambda: tables.client)
    sk = f"00007#tally#{arn.rpartition('/stream/')[2]}#gone"
    tables.client.put_item(
        TableName="Aggregates",
        Item={"pk": {"S": "sealed#colors"}, "sk": {"S": sk}, "folded": {"N": "1"}},
    )
    return sk


def test_a_run_merges_the_boards_of_all_polls(tables: Recorded, deployed: str) -> None:
    """By the shards that the stream lists."""
    merger.handler({}, None)
    base = tables.item("Aggregates", "sealed#colors", "00007#base")

    assert base
    assert list(base["merged"]["M"]) == [deployed.removeprefix("00007#tally#")]


def test_a_row_of_the_shard_that_the_environment_names_is_not_merged(
    tables: Recorded, deployed: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The aggregator of an emulator writes it, and the stream does not list it."""
    monkeypatch.setenv("STREAM_SHARD_ID", "gone")
    merger.handler({}, None)

    assert tables.item("Aggregates", "sealed#colors", "00007#base") is None
    assert tables.item("Aggregates", "sealed#colors", deployed) is not None


def test_a_board_that_fails_fails_the_run_after_the_others(
    tables: Recorded, deployed: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """So that an alarm rings; the message names all that failed."""
    del deployed
    merge_one = merger.merge
    monkeypatch.setattr(
        merger, "merge", lambda rows, board, shards: (
            board == "sealed#colors" and merge_one(rows, board, shards)
        ),
    )  # fmt: skip
    with pytest.raises(
        merger.MergeFailedError, match=r"^open#colors, unreadable: rows could not be merged: "
    ) as failure:
        merger.handler({}, None)

    assert failure.value.boards == ["open#colors", "unreadable"]
    assert tables.item("Aggregates", "sealed#colors", "00007#base")
