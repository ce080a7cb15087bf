"""Rows under the keys of older versions: every count is right at each step of the move."""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import count
from typing import Any

import pytest
from botocore.exceptions import ClientError

from services.adapters.dynamodb.certificates import DynamoCertificates
from services.adapters.dynamodb.corrections import DynamoCorrections
from services.adapters.dynamodb.former_rows import FormerRows
from services.adapters.dynamodb.tallies import DynamoTallies
from services.voting import schema
from services.voting.certificate import Certificate
from services.voting.errors import RowMergedError, StoreUnavailableError
from services.voting.fold import Folded, fold
from services.voting.recount import Difference
from services.voting.tally import Change, pad_sequence
from tests.support.polls import a_round
from tests.support.recorded import Recorded, recorded_tables

BOARD = "open#colors"
NEW, OLD = "00001#tally#label#one", "tally#1#label#one"
HOUR_MS = 3_600_000


@pytest.fixture(scope="module")
def shared() -> Iterator[Recorded]:
    """Tables for all tests of this module."""
    with recorded_tables() as tables:
        yield tables


@pytest.fixture
def tables(shared: Recorded) -> Recorded:
    """Empty tables."""
    return shared.restore()


@pytest.fixture
def tallies(tables: Recorded) -> DynamoTallies:
    """The port that the aggregator uses."""
    return DynamoTallies(tables.client, "Aggregates")


def changes(first: int, last: int) -> list[Change]:
    """A vote for red in each record."""
    return [
        Change(BOARD, 1, pad_sequence(str(n)), {"RED": 1}, 1, 0, n) for n in range(first, last + 1)
    ]


def deliver(tallies: DynamoTallies, run: list[Change]) -> Folded:
    """Fold a run of one stream shard."""
    return fold(run, tallies, stream_label="label", stream_shard="one")


def old_row(votes: int, wm: int, sk: str = OLD, **more: Any) -> dict[str, Any]:
    """A tally row as an older version has written it."""
    return {
        "pk": {"S": BOARD}, "sk": {"S": sk}, "c#RED": {"N": str(votes)}, "bad": {"N": "0"},
        "voters": {"N": str(votes)}, "folded": {"N": str(votes)}, "as_of": {"N": "5"},
        "wm": {"S": pad_sequence(str(wm))}, **more,
    }  # fmt: skip


def put(tables: Recorded, *items: dict[str, Any]) -> None:
    """Store items of the board."""
    for item in items:
        tables.client.put_item(TableName="Aggregates", Item=item)


def item(tables: Recorded, sk: str) -> dict[str, Any] | None:
    """An item of the board."""
    return tables.item("Aggregates", BOARD, sk)


@dataclass
class OldAggregator:
    """The write of an older version, as it was released."""

    client: Any

    def apply(self, first: int, last: int) -> str | None:
        """Add a vote for each record, or return the stored watermark."""
        try:
            self.client.update_item(
                TableName="Aggregates",
                Key={"pk": {"S": BOARD}, "sk": {"S": OLD}},
                UpdateExpression="ADD #red :n, voters :n, folded :n SET wm = :last",
                ConditionExpression="attribute_not_exists(wm) OR wm < :first",
                ExpressionAttributeNames={"#red": "c#RED"},
                ExpressionAttributeValues={
                    ":n": {"N": str(last - first + 1)},
                    ":first": {"S": pad_sequence(str(first))},
                    ":last": {"S": pad_sequence(str(last))},
                },
                ReturnValuesOnConditionCheckFailure="ALL_OLD",
            )
        except ClientError as error:
            old: Any = error.response
            return str(old["Item"]["wm"]["S"])
        return None


def test_rows_of_older_versions_are_summed(tables: Recorded, tallies: DynamoTallies) -> None:
    """Of this round alone: `tally#1` is a prefix of `tally#11`, too."""
    put(tables, old_row(4, 4), old_row(2, 9, "tally#1#label#two"), old_row(8, 9, "tally#11#a#b"))

    assert tallies.totals(BOARD, 1).picks == {"RED": 6}
    assert tallies.totals(BOARD, 11).picks == {"RED": 8}
    assert tallies.watermarks(BOARD, 1) == {
        ("label", "one"): pad_sequence("4"), ("label", "two"): pad_sequence("9"),
    }  # fmt: skip


@pytest.mark.parametrize(("old", "new"), [(4, 6), (6, 4), (5, 5)])
def test_a_row_under_both_keys_counts_once(
    tables: Recorded, tallies: DynamoTallies, old: int, new: int
) -> None:
    """The one with more folded records, with its watermark."""
    put(tables, old_row(old, old), old_row(new, new, NEW))

    assert tallies.totals(BOARD, 1).picks == {"RED": max(old, new)}
    assert tallies.totals(BOARD, 1).folded == max(old, new)
    assert tallies.watermarks(BOARD, 1) == {("label", "one"): pad_sequence(str(max(old, new)))}


def test_the_first_write_takes_over_what_an_older_version_counted(
    tables: Recorded, tallies: DynamoTallies
) -> None:
    """Its counts, its watermark, and attributes that this batch does not change."""
    put(tables, old_row(4, 4, removed={"N": "2"}) | {"c#BLUE": {"N": "-1"}})

    assert deliver(tallies, changes(3, 7)) == Folded(folded=3, duplicates=2, bad=0)
    assert item(tables, NEW) == old_row(7, 7, NEW, as_of={"N": "7"}, removed={"N": "2"}) | {
        "c#BLUE": {"N": "-1"}
    }
    assert tallies.totals(BOARD, 1).picks == {"RED": 7, "BLUE": -1}


def test_a_batch_that_an_older_version_folded_is_dropped(
    tables: Recorded, tallies: DynamoTallies
) -> None:
    """Without a write: the row is moved by the first new record."""
    put(tables, old_row(4, 4))

    assert deliver(tallies, changes(1, 4)) == Folded(folded=0, duplicates=4, bad=0)
    assert item(tables, NEW) is None
    assert item(tables, OLD) == old_row(4, 4)


@pytest.mark.parametrize("before", [0, 4])
def test_an_older_version_fails_on_a_row_that_was_moved_and_changes_nothing(
    tables: Recorded, tallies: DynamoTallies, before: int
) -> None:
    """After a rollback the count stands still, and goes on with the next deploy."""
    old = OldAggregator(tables.client)
    if before:
        old.apply(1, before)
    deliver(tallies, changes(before + 1, 6))
    # DynamoDB: values of different types do not match. moto fails where it compares them.
    with pytest.raises((KeyError, TypeError)):
        old.apply(7, 9)
    deliver(tallies, changes(7, 9))

    assert tallies.totals(BOARD, 1).picks == {"RED": 9}
    assert tallies.totals(BOARD, 1).folded == 9


def test_an_old_write_that_lands_before_the_move_is_taken_over(
    tables: Recorded, tallies: DynamoTallies
) -> None:
    """The move is conditional on the old row as it was read."""
    put(tables, old_row(4, 4))
    tables.rivals["TransactWriteItems"] = lambda: OldAggregator(tables.client).apply(5, 6)

    assert deliver(tallies, changes(5, 8)) == Folded(folded=2, duplicates=2, bad=0)
    assert tallies.totals(BOARD, 1).picks == {"RED": 8}


def test_a_row_that_an_older_version_keeps_writing_is_given_up_until_the_next_batch(
    tables: Recorded, tallies: DynamoTallies
) -> None:
    """The stream delivers the records again; nothing of them was counted."""
    old, numbers = OldAggregator(tables.client), count(1)

    def write_first(**_: Any) -> None:
        number = next(numbers)
        old.apply(number, number)

    events = tables.client.meta.events
    events.register("provide-client-params.dynamodb.TransactWriteItems", write_first)
    try:
        with pytest.raises(StoreUnavailableError, match=r"^the first write of a tally row: "):
            deliver(tallies, changes(101, 102))
    finally:
        events.unregister("provide-client-params.dynamodb.TransactWriteItems", write_first)

    assert tallies.totals(BOARD, 1).picks == {"RED": next(numbers) - 1}


def test_of_two_first_writes_one_creates_the_row(tables: Recorded, tallies: DynamoTallies) -> None:
    """The other finds its records folded."""
    rival = DynamoTallies(tables.client, "Aggregates")
    tables.rivals["TransactWriteItems"] = lambda: deliver(rival, changes(1, 3))

    assert deliver(tallies, changes(1, 4)) == Folded(folded=1, duplicates=3, bad=0)
    assert tallies.totals(BOARD, 1).picks == {"RED": 4}


@pytest.mark.parametrize("moment", ["before", "copied", "closed"])
def test_a_reader_needs_no_isolation_from_a_move(
    tables: Recorded, tallies: DynamoTallies, moment: str
) -> None:
    """It reads the new keys, then the old ones; the move happens in between, or after."""
    put(tables, old_row(4, 4))
    seen: list[str] = []

    def move(params: dict[str, Any], **_: Any) -> None:
        seen.append(params["ExpressionAttributeValues"][":sk"]["S"])
        if (moment, len(seen)) in {("copied", 2), ("closed", 1)}:
            tables.client.meta.events.unregister("provide-client-params.dynamodb.Query", move)
            deliver(tallies, changes(5, 6))

    tables.client.meta.events.register("provide-client-params.dynamodb.Query", move)
    totals = tallies.totals(BOARD, 1).picks
    tables.client.meta.events.unregister("provide-client-params.dynamodb.Query", move)

    assert totals == {"RED": 6 if moment == "closed" else 4}


def test_a_row_that_was_deleted_is_not_begun_anew(tables: Recorded, tallies: DynamoTallies) -> None:
    """Its watermark is gone: records that were counted would count again."""
    deliver(tallies, changes(1, 4))
    tables.client.delete_item(TableName="Aggregates", Key={"pk": {"S": BOARD}, "sk": {"S": NEW}})
    with pytest.raises(RowMergedError, match="stream shard one"):
        deliver(tallies, changes(3, 6))

    assert item(tables, NEW) is None


def test_a_correction_of_an_older_version_is_corrected_further(
    tables: Recorded, tallies: DynamoTallies
) -> None:
    """It is copied first; the copy counts, and an expected version is compared with it."""
    store = DynamoCorrections(tables.client, "Aggregates")
    put(tables, old_row(1, 1), {
        "pk": {"S": BOARD}, "sk": {"S": "tally#1#correction#recount"}, "c#RED": {"N": "2"},
        "folded": {"N": "3"}, "voters": {"N": "2"}, "log": {"L": []},
    })  # fmt: skip
    off = Difference(board=BOARD, picks={"RED": 5}, voters=5)

    assert store.count(BOARD, 1) == 3
    assert tallies.totals(BOARD, 1).picks == {"RED": 3}
    assert not store.apply(off, 1, expected=2, at_ms=9)
    assert store.apply(off, 1, expected=3, at_ms=9)
    assert not store.apply(off, 1, expected=3, at_ms=9)
    assert store.count(BOARD, 1) == 4
    assert tallies.totals(BOARD, 1).picks == {"RED": 8}


CERTIFIED = {
    "pk": {"S": BOARD}, "sk": {"S": "certified#1"}, "c#RED": {"N": "2"}, "ballots": {"N": "2"},
    "voters": {"N": "2"}, "certified_at": {"N": "5"}, "digest": {"S": "ab"},
}  # fmt: skip


def test_a_certificate_of_an_older_version_stays_the_only_one(tables: Recorded) -> None:
    """It is found, and no other is written beside it."""
    store = DynamoCertificates(client=tables.client, table="Aggregates", polls="Polls")
    put(tables, CERTIFIED)
    found = store.find("colors", 1)
    other = Certificate(
        poll="colors", round=1, picks={}, ballots=0, voters=0, certified_at_ms=9, digest="cd"
    )

    assert found
    assert (found.digest, found.ballots) == ("ab", 2)
    assert not store.write(other, a_round(), current=True)
    assert item(tables, "00001#certified") is None


def test_certificates_and_corrections_are_copied_and_deleted_a_day_later(
    tables: Recorded,
) -> None:
    """In between they are there twice, with the same content. Repeating changes nothing."""
    correction = old_row(2, 2, "tally#1#correction#recount")
    del correction["wm"]
    put(tables, CERTIFIED, correction, old_row(4, 4))
    former = FormerRows(tables.client, "Aggregates")
    seen = []
    for hours in (0, 0, 23, 24, 24):
        former.settle(BOARD, items(tables), 1_000 * HOUR_MS + hours * HOUR_MS)
        seen.append(len(items(tables)))

    assert seen == [5, 5, 5, 3, 3]
    assert {one["sk"]["S"] for one in items(tables)} == {
        "00001#certified", "00001#tally#correction#recount", OLD,
    }  # fmt: skip
    assert item(tables, "00001#certified") == {
        **CERTIFIED, "sk": {"S": "00001#certified"}, "moved_at": {"N": "3600000000"},
    }  # fmt: skip


def test_a_correction_that_an_older_version_writes_after_the_copy_is_kept(
    tables: Recorded, tallies: DynamoTallies
) -> None:
    """It has more corrections than the copy, so it counts, and is not deleted."""
    sk = "tally#1#correction#recount"
    put(tables, old_row(2, 2, sk))
    former = FormerRows(tables.client, "Aggregates")
    former.settle(BOARD, items(tables), 0)
    put(tables, old_row(3, 3, sk))
    former.settle(BOARD, items(tables), 48 * HOUR_MS)

    assert item(tables, sk) is not None
    assert tallies.totals(BOARD, 1).picks == {"RED": 3}


def items(tables: Recorded) -> list[dict[str, Any]]:
    """All items of the board."""
    found: list[dict[str, Any]] = tables.client.query(
        TableName="Aggregates", KeyConditionExpression="pk = :pk",
        ExpressionAttributeValues={":pk": {"S": BOARD}},
    )["Items"]  # fmt: skip
    return found


@pytest.mark.parametrize(
    ("new", "old"),
    [
        ("00003#tally#label#shard#x", "tally#3#label#shard#x"),
        ("00003#tally#correction#recount", "tally#3#correction#recount"),
        ("00042#certified", "certified#42"),
        ("1893456000#tally#label#shard", "tally#1893456000#label#shard"),
    ],
)
def test_old_and_new_keys_name_the_same_row(new: str, old: str) -> None:
    """In both directions, also for the round numbers of self-tests."""
    assert schema.former_sk(new) == old
    assert schema.sk_from_former(old) == new


def test_the_rows_of_a_round_sort_before_the_poll_view_and_before_newer_rounds() -> None:
    """So that one query from the round's prefix on reads them, and no older round."""
    keys = [
        schema.certified_sk(2), schema.tally_sk(2, "2030", "s"), schema.base_sk(3),
        schema.certified_sk(3), schema.correction_sk(3), schema.tally_sk(3, "2030", "s"),
        schema.base_sk(10), schema.POLL_VIEW_SK, "tally#1#2030#s",
    ]  # fmt: skip

    assert sorted(keys) == [
        keys[0], keys[1], keys[2], keys[3], keys[5], keys[4], *keys[6:],
    ]  # fmt: skip
    assert [key for key in keys if key >= schema.round_prefix(3)] == keys[2:]
