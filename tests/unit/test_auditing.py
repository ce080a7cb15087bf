"""An audit: what is read before what, how long it waits, and what it tells."""

from dataclasses import replace

import pytest

from services.adapters.event_source import MappingState
from services.voting.recount import BallotRow
from services.voting.tally import Totals
from tests.support.audits import BALLOTS, DIGEST, OPEN, RED, SEALED, World
from tests.support.polls import NOON


@pytest.mark.parametrize(("digest", "ballots"), [(False, "sums 1"), (True, "slips 1")])
def test_the_boards_are_read_before_the_ballots(ballots: str, *, digest: bool) -> None:
    """What is read later holds all the earlier: equal numbers then prove that all is folded."""
    (world := World()).audit(digest=digest)

    assert world.log == [
        f"corrections {OPEN} 1", f"corrections {SEALED} 1",
        f"watermarks {OPEN} 1", f"watermarks {SEALED} 1",
        f"totals {OPEN} 1", f"totals {SEALED} 1",
        ballots, "mapping",
    ]  # fmt: skip


def test_a_board_that_holds_every_write_is_not_waited_for() -> None:
    """Nor read twice."""
    world = World()
    audit = world.audit()

    assert world.slept == []
    assert world.log.count("sums 1") == 1
    assert (audit.drain_problems, audit.differences) == ((), [])


def test_a_board_that_is_behind_is_waited_for_and_all_is_read_again() -> None:
    """Half a second each time, until it holds as many records as there were writes."""
    behind = replace(RED, picks={"RED": 1}, voters=1, folded=1)
    world = World(boards=[behind, behind, behind, RED])
    audit = world.audit()

    assert world.slept == [0.5, 0.5, 0.5]
    assert world.log.count("sums 1") == 2
    assert (audit.drain_problems, audit.differences) == ((), [])


def test_after_the_time_to_settle_it_is_told_as_it_is() -> None:
    """Four looks in two seconds; it is not read again, and says how many are missing."""
    world = World(boards=[replace(RED, folded=1)])
    audit = world.audit()

    assert world.slept == [0.5] * 4
    assert world.log.count("sums 1") == 1
    assert audit.drain_problems == ("3 of 4 writes are not folded yet: wait",)


def test_both_boards_of_a_poll_are_waited_for() -> None:
    """Its ballots may lie on two: it was made sealed before its first text."""
    ballots = (*BALLOTS, BallotRow("d", SEALED, {"RED": 1}, NOON, 1))
    sealed = Totals(picks={"RED": 1}, voters=1, folded=1)
    world = World(boards=[replace(RED, folded=3), RED], sealed=sealed, ballots=ballots)

    assert world.audit().drain_problems == ()
    assert world.slept == [0.5]


@pytest.mark.parametrize(
    ("board", "why"),
    [
        (replace(RED, removed=1), "1 item was deleted from the table of ballots"),
        (replace(RED, bad=2), "2 stream records could not be read"),
        (replace(RED, folded=5), "4 writes, 5 records folded: were ballots edited by hand?"),
    ],
)
def test_what_contradicts_the_second_line_of_bookkeeping_is_told(board: Totals, why: str) -> None:
    """Waiting does not help."""
    world = World(boards=[board])

    assert world.audit().drain_problems == (why,)
    assert world.slept == []


def test_a_record_too_many_on_one_board_does_not_make_up_for_one_too_few_on_the_other() -> None:
    """Each board by itself."""
    ballots = (*BALLOTS, BallotRow("d", SEALED, {"RED": 1}, NOON, 1))
    world = World(boards=[replace(RED, folded=5)], ballots=ballots)

    assert world.audit().drain_problems == (
        "5 writes, 5 records folded: were ballots edited by hand?",
    )


def test_what_is_wrong_with_the_mapping_is_told_where_records_are_missing() -> None:
    """Where none are, the stream was folded all the same."""
    state = MappingState(state="Disabled", last_result="PROBLEM: x", iterator_age_ms=10_001)
    behind = World(boards=[replace(RED, folded=1)], state=state).audit()
    drained = World(state=state).audit()

    assert len(behind.drain_problems) == 4
    assert "mapping is Disabled" in behind.drain_problems[1]
    assert drained.drain_problems == ()


def test_an_audit_with_a_digest_sums_what_one_without_sums() -> None:
    """Ballots without a vote are no lines of it, but their writes count."""
    ballots = (*BALLOTS, BallotRow("d", OPEN, {}, 0, 3))
    plain, sorted_ = (World(ballots=ballots).audit(digest=digest) for digest in (False, True))

    assert plain.recount == sorted_.recount
    assert (plain.digest, sorted_.digest) == ("", DIGEST)
    assert sorted_.writes == 7
    assert sorted_.recount.ballots.total() == 3


@pytest.mark.parametrize("digest", [False, True])
def test_every_ballot_that_is_read_is_told(*, digest: bool) -> None:
    """A bar moves."""
    (world := World()).audit(digest=digest)

    assert sum(world.told) == 3
