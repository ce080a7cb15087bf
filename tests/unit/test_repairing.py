"""A repair: what it writes, when it asks, and what keeps it from writing."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pytest

from services.voting.certificate import NotCertifiableError
from services.voting.poll import Round
from services.voting.recount import Difference
from tests.support.audits import ENDED, OPEN, RED, WRONG, World, reasons
from tests.support.polls import NOON, a_poll

OFF = Difference(board=OPEN, picks={"RED": -3}, voters=-3)


def test_a_repair_writes_what_is_off_and_asks_before_it_does() -> None:
    """On condition that the board was corrected as often as when the audit began."""
    world = World(boards=[WRONG], corrected=2)
    asked: list[tuple[Sequence[Difference], int]] = []
    audit = world.audit()
    done = world.auditor.repair(audit, confirm=lambda off: asked.append((off, len(world.written))))

    assert done == [OFF]
    assert world.written == [(OFF, 1, 2)]
    assert asked == [([OFF], 0)]


def test_a_repair_that_is_not_confirmed_writes_nothing() -> None:
    """The question raises."""
    world = World(boards=[WRONG])
    audit = world.audit()

    def no(_: Sequence[Difference]) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        world.auditor.repair(audit, confirm=no)
    assert world.written == []


def test_where_nothing_is_off_nothing_is_written() -> None:
    """So doing it again changes nothing."""
    world = World()

    assert world.auditor.repair(world.audit()) == []
    assert world.written == []


def test_a_board_that_somebody_else_has_just_corrected_is_not_corrected_again() -> None:
    """By the same difference."""
    world = World(boards=[WRONG])
    audit = world.audit()
    world.corrected = 1

    with pytest.raises(NotCertifiableError) as caught:
        world.auditor.repair(audit)
    assert f"somebody else has just corrected {OPEN}" in reasons(caught)
    assert str(caught.value).startswith("repair: refused\n")


def test_a_board_that_was_never_read_counts_as_never_corrected() -> None:
    """It has no row yet; the first correction is on condition that it stays so."""
    world = World(boards=[WRONG])
    audit = replace(world.audit(), corrections={})

    world.auditor.repair(audit)

    assert world.written == [(OFF, 1, 0)]


@pytest.mark.parametrize(
    ("world", "round", "why"),
    [
        (World(boards=[replace(WRONG, folded=1)]), ENDED, "3 of 4 writes are not folded yet"),
        (World(boards=[replace(WRONG, removed=1)]), ENDED, "1 item was deleted"),
        (World(boards=[WRONG], unreadable=("p s",)), ENDED, "1 item cannot be read as a ballot (p s)"),
        (World(boards=[WRONG]), replace(ENDED, expires_from_ms=NOON), "have begun to expire"),
        (World(boards=[WRONG]), replace(ENDED, certified_at_ms=1), "its count is final"),
    ],
    ids=["behind", "deleted", "unreadable", "expiring", "certified"],
)  # fmt: skip
def test_what_speaks_against_a_repair_keeps_it_from_writing(
    world: World, round: Round, why: str
) -> None:
    """A recount that may lack ballots is no truth to set a board by."""
    audit = world.audit(round)

    with pytest.raises(NotCertifiableError) as caught:
        world.auditor.repair(audit)
    assert why in reasons(caught)
    assert world.written == []


LOST = replace(RED, picks={"RED": 1}, voters=1, folded=2, removed=1, bad=1)


def test_records_of_a_lost_stream_are_written_off_where_none_is_left() -> None:
    """The stream was read with the watermarks from before the ballots."""
    world = World(boards=[LOST])
    audit = world.audit()
    asked: list[Any] = []

    def unfolded(round: Round, watermarks: Any) -> int:
        asked.append((round, watermarks[OPEN]))
        return 0

    done = world.auditor.repair(audit, unfolded=unfolded)

    assert asked == [(ENDED, {("label", "shard"): "7"})]
    assert done[0] == Difference(
        board=OPEN, picks={"BLUE": 1, "RED": 1}, voters=2, missing=2, removed=-1, bad=-1
    )


@pytest.mark.parametrize(
    ("round", "left", "why"),
    [
        (ENDED, 1, "1 record is still in the stream"),
        (replace(ENDED, state_at_ms=NOON - 72_999), 0, "texts may still be on their way"),
        (Round(poll=a_poll()), 0, "the poll is open: close it first"),
    ],
)
def test_records_that_may_still_come_are_not_written_off(round: Round, left: int, why: str) -> None:
    """They would be counted twice."""
    world = World(boards=[LOST])
    audit = world.audit(round)

    with pytest.raises(NotCertifiableError) as caught:
        world.auditor.repair(audit, unfolded=lambda *_: left)
    assert why in reasons(caught)
    assert world.written == []
