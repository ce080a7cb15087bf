"""Whether the numbers of writes and folded records prove that the stream is drained."""

from dataclasses import replace

import pytest

from services.adapters.event_source import MappingState
from services.voting.tally import Change, pad_sequence
from tests.support.audited_votes import ROUND, VOTERS, AuditedVotes

BOARD = ROUND.board


def three_votes(*, folded: int | None = None) -> AuditedVotes:
    """Three votes, some of them folded."""
    audited = AuditedVotes()
    for voter in VOTERS[:3]:
        audited.vote(voter)
    audited.fold(folded)
    return audited


def test_equal_lines_prove_that_every_write_is_folded() -> None:
    """Three writes equal three folded records."""
    audit = three_votes().audit()

    assert (audit.writes, audit.folded, audit.drain_problems, audit.differences) == (3, 3, (), [])


def test_a_round_that_nobody_has_voted_in_is_drained() -> None:
    """There are no writes and no records."""
    assert AuditedVotes().audit().drain_problems == ()


@pytest.mark.parametrize(("missing", "verb"), [(1, "is"), (2, "are"), (3, "are")])
def test_a_record_that_is_not_folded_is_told(missing: int, verb: str) -> None:
    """One missing record is enough, also if the board has not changed for long."""
    audited = three_votes(folded=3 - missing)
    first, second = audited.audit(), audited.audit()

    assert first.boards == second.boards
    for audit in (first, second):
        assert f"{missing} of 3 writes {verb} not folded yet" in audit.drain_problems[0]


def test_what_is_wrong_with_the_mapping_is_told_only_where_records_are_missing() -> None:
    """It explains missing records, and does not matter otherwise."""
    late, drained = three_votes(folded=2), three_votes()
    for audited in (late, drained):
        audited.mapping = MappingState(state="Disabled", last_result="OK", iterator_age_ms=None)

    assert "Disabled" in late.audit().drain_problems[1]
    assert drained.audit().drain_problems == ()


def test_too_many_records_prove_nothing() -> None:
    """A ballot was edited by hand without a new `writes`."""
    audited = three_votes()
    ballot = audited.held[VOTERS[0]]
    audited.write(replace(ballot, picks={"BLUE": 1}))
    audited.fold()

    assert (
        "3 writes, 4 records folded: were ballots edited by hand?" in audited.audit().drain_problems
    )


def test_too_many_on_one_board_do_not_make_up_for_too_few_on_the_other() -> None:
    """The numbers must be equal for each board, not only in total."""
    audited = three_votes()
    audited.write(replace(audited.held[VOTERS[0]], board="sealed#colors", writes=2))
    audited.fold()
    audit = audited.audit()

    assert audit.writes == audit.folded == 4
    assert audit.drain_problems


@pytest.mark.parametrize("folded", [True, False])
def test_a_deleted_item_proves_nothing(folded: bool) -> None:  # noqa: FBT001
    """Its `writes` are deleted with it, but its records were folded."""
    audited = three_votes()
    audited.delete(VOTERS[0])
    if folded:
        audited.fold()

    assert audited.audit().drain_problems


def test_a_deleted_item_does_not_stand_in_for_a_write_that_is_missing() -> None:
    """Once a removal was folded, equal numbers prove nothing."""
    audited = three_votes()
    audited.delete(VOTERS[0])
    audited.fold()
    for _ in range(2):
        audited.vote(VOTERS[1])
    audit = audited.audit()

    assert audit.writes == audit.folded == 4
    assert "1 item was deleted from the table of ballots" in audit.drain_problems


def test_a_record_that_could_not_be_read_proves_nothing() -> None:
    """It was counted as folded, but not its votes."""
    audited = three_votes()
    ballot = audited.held[VOTERS[0]]
    audited.held[VOTERS[0]] = replace(ballot, picks={"BLUE": 1}, writes=2)
    audited.stream.append(Change(BOARD, 1, pad_sequence("4"), {}, 0, 1, 0))
    audited.fold()
    audit = audited.audit()

    assert audit.writes == audit.folded == 4
    assert audit.drain_problems == ("1 stream record could not be read",)


def test_a_write_between_the_two_readings_is_seen() -> None:
    """Boards are read before ballots, so they lack records that were folded in between."""
    audited = three_votes()
    once = iter([False, False, True])

    def vote_while_ballots_are_read() -> None:
        if next(once, False):
            audited.vote(VOTERS[5])
            audited.fold()

    audited.meanwhile = vote_while_ballots_are_read

    assert "1 of 4 writes is not folded yet" in audited.audit().drain_problems[0]


def test_an_audit_waits_until_the_writes_that_it_saw_are_folded() -> None:
    """It repeats the check every 0.5 s."""
    audited = three_votes(folded=1)

    def folds(seconds: float) -> None:
        audited.slept.append(seconds)
        audited.fold(1)

    audit = replace(audited.auditor(settle_seconds=10), sleep=folds).audit(ROUND)

    assert audited.slept == [0.5, 0.5]
    assert (audit.drain_problems, audit.writes, audit.folded) == ((), 3, 3)


@pytest.mark.parametrize(("settle_seconds", "looks"), [(0, 0), (2, 4), (10, 20)])
def test_an_audit_waits_no_longer_than_it_is_told_to(settle_seconds: float, looks: int) -> None:
    """After `settle_seconds` it reports what it found."""
    audited = three_votes(folded=1)
    audit = audited.auditor(settle_seconds=settle_seconds).audit(ROUND)

    assert audited.slept == [0.5] * looks
    assert "2 of 3 writes are not folded yet" in audit.drain_problems[0]


def test_a_drained_audit_does_not_wait() -> None:
    """The first check is enough."""
    audited = three_votes()
    audited.auditor(settle_seconds=10).audit(ROUND)

    assert audited.slept == []
