"""The `Tallies` port: one suite, every adapter."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

from services.voting.tally import Delta, TallyRow, Totals, pad_sequence
from tests.contract.conftest import Store

ROW = TallyRow(board="open#colors", round=1, stream_label="2030-01-01", stream_shard="shard-1")


def delta(first: int, last: int, **picks: int) -> Delta:
    """A delta over a run of sequence numbers."""
    return Delta(
        picks=picks, voters=1, folded=last - first + 1, bad=0, as_of_ms=last,
        first=pad_sequence(str(first)), last=pad_sequence(str(last)),
    )  # fmt: skip


def test_a_delta_is_added_to_an_empty_row(store: Store) -> None:
    """The first fold makes the row."""
    assert store.tallies.apply(ROW, delta(1, 3, RED=2, BLUE=-1)) is None
    assert store.tallies.totals("open#colors", 1) == Totals(
        picks={"RED": 2, "BLUE": -1}, voters=1, folded=3, bad=0, as_of_ms=3
    )


def test_deltas_add_up_in_one_row(store: Store) -> None:
    """The next fold adds to it."""
    store.tallies.apply(ROW, delta(1, 3, RED=2))
    store.tallies.apply(ROW, delta(4, 4, RED=-1, BLUE=1))

    assert store.tallies.totals("open#colors", 1).picks == {"RED": 1, "BLUE": 1}


def test_a_fold_of_removals_alone_leaves_the_time_of_the_newest_vote(store: Store) -> None:
    """A ballot taken out has no time of its own; the screen must not call the board old."""
    store.tallies.apply(ROW, delta(1, 3, RED=2))
    store.tallies.apply(ROW, replace(delta(4, 4, RED=-1), as_of_ms=0))

    totals = store.tallies.totals("open#colors", 1)
    assert (totals.picks, totals.as_of_ms) == ({"RED": 1}, 3)


def test_a_delta_at_or_below_the_watermark_changes_nothing(store: Store) -> None:
    """A redelivered run is refused, and the stored watermark is returned."""
    store.tallies.apply(ROW, delta(1, 3, RED=2))

    assert store.tallies.apply(ROW, delta(1, 3, RED=2)) == pad_sequence("3")
    assert store.tallies.apply(ROW, delta(3, 7, RED=9)) == pad_sequence("3")
    assert store.tallies.totals("open#colors", 1).picks == {"RED": 2}


def test_a_longer_sequence_number_is_later(store: Store) -> None:
    """999 comes before 1000, although it sorts after it as text."""
    store.tallies.apply(ROW, delta(998, 999, RED=1))

    assert store.tallies.apply(ROW, delta(1000, 1001, RED=1)) is None


def test_rows_of_other_shards_and_rounds_have_watermarks_of_their_own(store: Store) -> None:
    """A low sequence number of another shard is not a redelivery."""
    other = TallyRow(board="open#colors", round=1, stream_label="2030-01-01", stream_shard="s-2")
    second = TallyRow(board="open#colors", round=11, stream_label="2030-01-01", stream_shard="s")
    store.tallies.apply(ROW, delta(100, 100, RED=1))

    assert store.tallies.apply(other, delta(5, 5, RED=1)) is None
    assert store.tallies.apply(second, delta(5, 5, RED=1)) is None
    assert store.tallies.totals("open#colors", 1).picks == {"RED": 2}


def test_of_concurrent_writes_of_one_delta_one_counts(store: Store) -> None:
    """Eight threads apply the same delta at once."""
    with ThreadPoolExecutor(8) as threads:
        results = list(
            threads.map(lambda _: store.tallies.apply(ROW, delta(1, 9, RED=9)), range(8))
        )

    assert results.count(None) == 1
    assert store.tallies.totals("open#colors", 1).picks == {"RED": 9}


def test_a_choice_may_be_named_like_an_attribute_or_a_reserved_word(store: Store) -> None:
    """Choices are data: `voters`, `wm` and `NAME` collide with nothing."""
    store.tallies.apply(ROW, delta(1, 1, **{"VOTERS": 1, "WM": 2, "NAME": 3, "A-B_C": 4}))

    assert store.tallies.totals("open#colors", 1).picks == {
        "VOTERS": 1, "WM": 2, "NAME": 3, "A-B_C": 4,
    }  # fmt: skip
