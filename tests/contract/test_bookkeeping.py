"""What an audit reads from the boards, on moto and the emulator."""

from itertools import count
from typing import Any

import pytest

from services.adapters.dynamodb.corrections import DynamoCorrections
from services.adapters.dynamodb.provisioning import create_table
from services.adapters.dynamodb.tallies import DynamoTallies
from services.voting.recount import Difference
from services.voting.schema import AGGREGATES
from services.voting.tally import Delta, TallyRow, Totals, pad_sequence

BOTH = pytest.mark.parametrize("endpoint", ["moto", "emulator"], indirect=True)
BOARD = "open#colors"
_serial = count(1)


@pytest.fixture
def tallies(client: Any) -> DynamoTallies:
    """In an empty table."""
    name = f"Boards{next(_serial)}"
    create_table(client, AGGREGATES, name)
    return DynamoTallies(client, name)


def fold(tallies: DynamoTallies, label: str, shard: str, last: int, *, removed: int = 0) -> None:
    """Fold ten records, the last with this sequence number."""
    row = TallyRow(board=BOARD, round=1, stream_label=label, stream_shard=shard)
    delta = Delta(
        picks={"RED": 10}, voters=10, folded=10, bad=0, as_of_ms=5, removed=removed,
        first=pad_sequence(str(last - 9)), last=pad_sequence(str(last)),
    )  # fmt: skip
    assert tallies.apply(row, delta) is None


@BOTH
def test_how_far_each_stream_shard_is_folded(tallies: DynamoTallies) -> None:
    """By stream label and shard; a shard's id may contain a `#`."""
    fold(tallies, "2030-01-01T00:00:00.000", "shardId-1-a", 10)
    fold(tallies, "2030-01-01T00:00:00.000", "shardId-1-a", 30)
    fold(tallies, "2030-01-02T00:00:00.000", "shardId-2#b", 20)
    DynamoCorrections(tallies.client, tallies.table).apply(
        Difference(board=BOARD, picks={"RED": 1}, voters=1), 1, expected=0, at_ms=5
    )

    assert tallies.watermarks(BOARD, 1) == {
        ("2030-01-01T00:00:00.000", "shardId-1-a"): pad_sequence("30"),
        ("2030-01-02T00:00:00.000", "shardId-2#b"): pad_sequence("20"),
    }
    assert tallies.watermarks(BOARD, 2) == tallies.watermarks("sealed#colors", 1) == {}


@BOTH
def test_deleted_items_are_summed_over_the_rows(tallies: DynamoTallies) -> None:
    """A row that has folded none has no such attribute."""
    fold(tallies, "label", "a", 10)
    fold(tallies, "label", "b", 10, removed=2)
    fold(tallies, "label", "b", 20, removed=1)
    items = tallies.client.scan(TableName=tallies.table)["Items"]

    assert tallies.totals(BOARD, 1) == Totals(
        picks={"RED": 30}, voters=30, folded=30, as_of_ms=5, removed=3
    )
    assert sorted("removed" in item for item in items if "S" in item["wm"]) == [False, True]


@BOTH
def test_a_correction_adds_what_it_says_and_its_own_counter_no_record(
    tallies: DynamoTallies,
) -> None:
    """Only the records that it writes off."""
    corrections = DynamoCorrections(tallies.client, tallies.table)
    fold(tallies, "label", "a", 10, removed=2)
    plain = Difference(board=BOARD, picks={"RED": -3, "BLUE": 2}, voters=-1)
    lost = Difference(board=BOARD, picks={}, voters=0, missing=7, removed=-2, bad=-1)
    first = corrections.apply(plain, 1, expected=0, at_ms=6)
    second = corrections.apply(lost, 1, expected=1, at_ms=7)

    assert first
    assert second
    assert corrections.count(BOARD, 1) == 2
    assert tallies.totals(BOARD, 1) == Totals(
        picks={"RED": 7, "BLUE": 2}, voters=9, folded=17, bad=-1, as_of_ms=5, removed=0
    )


@BOTH
@pytest.mark.parametrize("expected", [0, 2])
def test_a_board_that_was_corrected_meanwhile_is_not_corrected(
    tallies: DynamoTallies, expected: int
) -> None:
    """Two operators found the same difference."""
    corrections = DynamoCorrections(tallies.client, tallies.table)
    off = Difference(board=BOARD, picks={"RED": 1}, voters=1)
    corrections.apply(off, 1, expected=0, at_ms=6)

    assert not corrections.apply(off, 1, expected=expected, at_ms=7)
    assert tallies.totals(BOARD, 1).picks == {"RED": 1}
