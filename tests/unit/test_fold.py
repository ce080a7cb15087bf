"""The fold counts exactly once in effect, for every order in which Lambda may deliver."""

import random
from collections.abc import Sequence
from dataclasses import dataclass, field

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.adapters.memory import MemoryTallies
from services.voting.ballot import Ballot, cast
from services.voting.fold import Folded, fold
from services.voting.poll import Policy
from services.voting.tally import Change, Delta, TallyRow, difference, pad_sequence
from tests.support.polls import a_round, a_vote

BOARD = "open#colors"


def change(sequence: int, board: str = BOARD, **picks: int) -> Change:
    """One record's change, at a place of the stream."""
    voters = sum(picks.values())
    return Change(board, 1, pad_sequence(str(sequence)), picks, voters, 0, sequence)


def deliver(tallies: MemoryTallies, changes: Sequence[Change], shard: str = "s-1") -> Folded:
    """Fold a batch of one stream shard."""
    return fold(changes, tallies, stream_label="label", stream_shard=shard)


def picks(tallies: MemoryTallies, board: str = BOARD) -> dict[str, int]:
    """The votes on a board."""
    return {c: n for c, n in tallies.totals(board, 1).picks.items() if n}


RUN = [change(n, RED=1) for n in range(1, 11)]


def test_a_batch_is_counted() -> None:
    """Ten records, ten votes."""
    tallies = MemoryTallies()

    assert deliver(tallies, RUN) == Folded(folded=10, duplicates=0, bad=0)
    assert picks(tallies) == {"RED": 10}


@pytest.mark.parametrize(
    "redelivery",
    [RUN, RUN[:4], RUN[6:], RUN[3:7], RUN[:1], [*RUN[5:], *RUN[:5]], [*RUN, *RUN]],
    ids=["same", "shrunk", "tail", "middle", "first", "out of order", "doubled"],
)
def test_a_redelivery_counts_nothing(redelivery: list[Change]) -> None:
    """Checked for any part of a folded batch, in any order."""
    tallies = MemoryTallies()
    deliver(tallies, RUN)

    assert deliver(tallies, redelivery).folded == 0
    assert picks(tallies) == {"RED": 10}


def test_records_of_deleted_items_are_counted_beside_the_others() -> None:
    """An audit must notice deleted items."""
    tallies = MemoryTallies()
    gone = change(11)._replace(removed=1)
    deliver(tallies, [*RUN, gone, change(12)._replace(removed=1)])
    totals = tallies.totals(BOARD, 1)

    assert (totals.folded, totals.removed, dict(totals.picks)) == (12, 2, {"RED": 10})


class NarrowTallies(MemoryTallies):
    """Tallies that refuse a write of more than 100 choices, the limit of an update expression."""

    def apply(self, row: TallyRow, delta: Delta) -> str | None:
        """Apply what fits into one write."""
        assert len(delta.picks) <= 100
        return MemoryTallies.apply(self, row, delta)


def test_a_batch_that_moves_very_many_choices_is_written_in_parts_and_lost_in_none() -> None:
    """250 choices in one batch: each part moves the watermark on, and nothing counts twice."""
    tallies = NarrowTallies()
    many = [change(n, BOARD, **{f"C{n}": 1}) for n in range(1, 251)]
    first, again = deliver(tallies, many), deliver(tallies, many)

    assert (first.folded, first.duplicates, again.folded) == (250, 0, 0)
    assert picks(tallies) == {f"C{n}": 1 for n in range(1, 251)}
    assert tallies.totals(BOARD, 1).folded == 250


@pytest.mark.parametrize(("choices", "writes"), [(100, 1), (101, 2)])
def test_a_batch_of_a_hundred_choices_is_one_write(choices: int, writes: int) -> None:
    """A part more would cost a write more."""
    tallies = FailingTallies()
    deliver(tallies, [change(n, BOARD, **{f"C{n}": 1}) for n in range(1, choices + 1)])

    assert tallies.calls == writes


def test_a_batch_that_overlaps_counts_what_is_new() -> None:
    """Five records are known, five are new."""
    tallies = MemoryTallies()
    deliver(tallies, RUN[:5])

    assert deliver(tallies, RUN) == Folded(folded=5, duplicates=5, bad=0)
    assert picks(tallies) == {"RED": 10}


def test_a_batch_split_and_merged_anew_counts_once() -> None:
    """One batch, then its halves, then both with the next batch."""
    tallies, longer = MemoryTallies(), [*RUN, change(11, RED=1)]
    for batch in (RUN[:6], RUN[:3], RUN[3:6], RUN, longer):
        deliver(tallies, batch)

    assert picks(tallies) == {"RED": 11}


def test_a_full_replay_from_the_horizon_counts_nothing_twice() -> None:
    """Every batch again, from the first."""
    tallies = MemoryTallies()
    batches = [RUN[n : n + 3] for n in range(0, 10, 3)]
    for batch in (*batches, *batches):
        deliver(tallies, batch)

    assert picks(tallies) == {"RED": 10}


def test_sequences_across_a_digit_boundary_are_numbers_not_texts() -> None:
    """99 comes before 100."""
    tallies = MemoryTallies()
    deliver(tallies, [change(98, RED=1), change(99, RED=1)])
    deliver(tallies, [change(100, RED=1), change(101, RED=1)])

    assert picks(tallies) == {"RED": 4}


def test_a_shard_split_between_insert_and_change_adds_up() -> None:
    """The child shard subtracts what the parent shard counted, so one row is negative."""
    tallies = MemoryTallies()
    deliver(tallies, [change(500, RED=1)], shard="parent")
    deliver(
        tallies,
        [Change(BOARD, 1, pad_sequence("3"), {"RED": -1, "BLUE": 1}, 0, 0, 0)],
        shard="child",
    )

    assert picks(tallies) == {"BLUE": 1}


def test_a_new_stream_has_watermarks_of_its_own() -> None:
    """The sequence numbers of a stream that was disabled and enabled may start lower."""
    tallies = MemoryTallies()
    fold([change(900, RED=1)], tallies, stream_label="first", stream_shard="s")
    fold([change(5, RED=1)], tallies, stream_label="second", stream_shard="s")

    assert picks(tallies) == {"RED": 2}


@dataclass
class FailingTallies(MemoryTallies):
    """Tallies that fail at given calls, before or after the write."""

    fail_before: set[int] = field(default_factory=set)
    fail_after: set[int] = field(default_factory=set)
    calls: int = 0

    def apply(self, row: TallyRow, delta: Delta) -> str | None:
        """Apply, or raise on one side of it."""
        self.calls += 1
        if self.calls in self.fail_before:
            raise TimeoutError("throttled")
        watermark = MemoryTallies.apply(self, row, delta)
        if self.calls in self.fail_after:
            raise TimeoutError("the response was lost")
        return watermark


def test_a_write_that_landed_although_its_response_was_lost_counts_once() -> None:
    """The redelivered batch is dropped by its watermark."""
    tallies = FailingTallies(fail_after={1})
    with pytest.raises(TimeoutError):
        deliver(tallies, RUN)

    assert deliver(tallies, RUN) == Folded(folded=0, duplicates=10, bad=0)
    assert picks(tallies) == {"RED": 10}


@pytest.mark.parametrize("failing", [1, 2])
def test_one_board_of_a_batch_throttled_loses_neither(failing: int) -> None:
    """After a crash between two boards, the redelivery folds the other board."""
    batch = [*RUN[:5], *(change(20 + n, "open#other", BLUE=1) for n in range(5))]
    tallies = FailingTallies(fail_before={failing})
    with pytest.raises(TimeoutError):
        deliver(tallies, batch)
    deliver(tallies, batch)

    assert picks(tallies) == {"RED": 5}
    assert picks(tallies, "open#other") == {"BLUE": 5}


def test_a_late_write_of_a_timed_out_call_changes_nothing() -> None:
    """The retry moved the watermark, so the conditional write of the first call fails."""
    tallies = MemoryTallies()
    late = RUN[:6]
    deliver(tallies, RUN)

    assert deliver(tallies, late) == Folded(folded=0, duplicates=6, bad=0)
    assert picks(tallies) == {"RED": 10}


@dataclass
class RacingTallies(MemoryTallies):
    """Tallies to which another event source mapping writes the same records first."""

    rival: Sequence[Change] = ()

    def apply(self, row: TallyRow, delta: Delta) -> str | None:
        """Let the rival go first, once."""
        rival, self.rival = self.rival, ()
        if rival:
            fold(rival, self, stream_label=row.stream_label, stream_shard=row.stream_shard)
        return MemoryTallies.apply(self, row, delta)


@pytest.mark.parametrize("ahead", [1, 5, 10])
def test_two_mappings_at_one_position_count_once(ahead: int) -> None:
    """Checked for any position of the other mapping."""
    tallies = RacingTallies(rival=RUN[:ahead])
    deliver(tallies, RUN)

    assert picks(tallies) == {"RED": 10}


@given(st.lists(st.sampled_from(["RED", "GREEN", "BLUE"]), max_size=60), st.integers(0, 10**6))
def test_any_delivery_in_shard_order_counts_every_ballot(choices: list[str], seed: int) -> None:
    """Random batches, each delivered once or more, add up to the sum of the ballots."""
    round = a_round(policy=Policy.LAST)
    draw = random.Random(seed)  # noqa: S311 - a repeatable schedule
    ballots: dict[str, Ballot] = {}
    changes: list[Change] = []
    for place, choice in enumerate(choices):
        vote = a_vote(choice, phone=draw.randrange(8))
        before = ballots.get(vote.voter)
        after = cast(round, before, vote).ballot
        if after is None:
            continue
        ballots[vote.voter] = after
        moved = difference(before.picks if before else {}, after.picks)
        changes.append(Change(BOARD, 1, pad_sequence(str(place + 95)), moved, not before, 0, 0))
    tallies = MemoryTallies()
    start = 0
    while start < len(changes):
        size = draw.randrange(1, 7)
        deliver(tallies, changes[start : start + size])
        if draw.random() < 0.6:  # the next batch begins where this one ended, or it comes again
            start += size

    truth = [next(iter(ballot.picks)) for ballot in ballots.values()]
    assert picks(tallies) == {choice: truth.count(choice) for choice in set(truth)}
    assert tallies.totals(BOARD, 1).voters == len(ballots)


def test_the_naive_sum_of_new_images_would_miscount_the_same_run() -> None:
    """Shows that this suite detects a fold without old images and watermark."""
    round = a_round()
    first = cast(round, None, a_vote("RED")).ballot
    assert first is not None
    second = cast(round, first, a_vote("BLUE")).ballot
    assert second is not None

    naive = sum(sum(ballot.picks.values()) for ballot in (first, second))

    assert naive == 2
    assert sum(difference(first.picks, second.picks).values()) == 0
