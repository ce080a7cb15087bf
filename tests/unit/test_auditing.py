"""Audit, repair and certify over ports that write down in which order they are used."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from hashlib import sha256
from typing import Any

import pytest

from services.adapters.auditing import Auditor
from services.adapters.mappings import MappingState
from services.voting.audit import Audit
from services.voting.certificate import Certificate, NotCertifiableError, OtherDigestError
from services.voting.poll import Round, State
from services.voting.ports import Progress
from services.voting.recount import Difference, Recount, Slip
from services.voting.tally import Totals
from tests.support.polls import NOON, a_poll

OPEN, SEALED = "open#colors", "sealed#colors"
NOBODY = Totals(picks={})
RED = Totals(picks={"RED": 2, "BLUE": 1}, voters=3, folded=4)
"""What the board shows where all is right: four writes made three ballots."""
BALLOTS = (
    Slip("a", OPEN, {"RED": 1}, NOON - 3, 1),
    Slip("b", OPEN, {"RED": 1}, NOON - 2, 1),
    Slip("c", OPEN, {"BLUE": 1}, NOON - 1, 2),
)
DIGEST = sha256(b"a RED=1\nb RED=1\nc BLUE=1\n").hexdigest()
WELL = MappingState(state="Enabled", last_result="OK", iterator_age_ms=None)
ENDED = Round(poll=a_poll(), state=State.CLOSED, state_at_ms=NOON - 20_000)


@dataclass
class World:
    """All ports of an auditor. `boards` are what is read of the open board, one after the other."""

    boards: list[Totals] = field(default_factory=lambda: [RED])
    sealed: Totals = NOBODY
    ballots: Sequence[Slip] = BALLOTS
    unreadable: tuple[str, ...] = ()
    corrected: int = 0
    certified: list[Certificate] = field(default_factory=list)
    certifies: bool = True
    state: MappingState = WELL
    log: list[str] = field(default_factory=list)
    written: list[tuple[Difference, int, int]] = field(default_factory=list)
    slept: list[float] = field(default_factory=list)
    told: list[int] = field(default_factory=list)

    # the tallies

    def watermarks(self, board: str, number: int) -> Mapping[tuple[str, str], str]:
        """How far the stream is folded."""
        self.log.append(f"watermarks {board} {number}")
        return {("label", "shard"): "7"}

    def totals(self, board: str, number: int) -> Totals:
        """The next state of the board, the last one for ever."""
        self.log.append(f"totals {board} {number}")
        if board == SEALED:
            return self.sealed
        return self.boards.pop(0) if len(self.boards) > 1 else self.boards[0]

    # the ballots

    def sums(self, there: Round, told: Progress) -> Recount:
        """Unsorted."""
        self.log.append(f"sums {there.number}")
        recount = Recount()
        recount.add(self.ballots)
        told(len(self.ballots))
        for key in self.unreadable:
            recount.add_unreadable(key)
        return recount

    def slips(self, there: Round, unreadable: Callable[[str], None]) -> Iterator[Slip]:
        """Sorted."""
        self.log.append(f"slips {there.number}")
        for key in self.unreadable:
            unreadable(key)
        yield from self.ballots

    # certificates and corrections

    def find(self, poll: str, number: int) -> Certificate | None:
        """The one that there is."""
        assert (poll, number) == ("colors", 1)
        return self.certified[0] if self.certified else None

    def write(self, certificate: Certificate, standing: Round, *, current: bool) -> bool:
        """Unless somebody else was faster."""
        assert current
        assert standing == ENDED
        if self.certifies:
            self.certified.append(certificate)
        return self.certifies

    def count(self, board: str, number: int) -> int:
        """Corrections so far."""
        self.log.append(f"corrections {board} {number}")
        return self.corrected

    def apply(self, off: Difference, number: int, *, expected: int, at_ms: int) -> bool:
        """On condition that there were as many."""
        assert at_ms == NOON
        if expected != self.corrected:
            return False
        self.written.append((off, number, expected))
        return True

    def mapping(self) -> MappingState:
        """Of the aggregator."""
        self.log.append("mapping")
        return self.state

    @property
    def auditor(self) -> Auditor:
        """Over all of this, at noon; it waits for two seconds."""
        world: Any = self
        return Auditor(
            tallies=world, recounts=world, certificates=world, corrections=world,
            mapping=self.mapping, settle_seconds=2, clock=lambda: NOON, sleep=self.slept.append,
        )  # fmt: skip

    def audit(self, standing: Round = ENDED, *, digest: bool = False) -> Audit:
        """Of a round that has ended."""
        return self.auditor.audit(standing, self.told.append, digest=digest)


def reasons(caught: Any) -> str:
    """Why it was refused."""
    return "; ".join(caught.value.reasons)


# --- reading -----------------------------------------------------------------------------


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
    assert (audit.not_drained, audit.off) == ((), [])


def test_a_board_that_is_behind_is_waited_for_and_all_is_read_again() -> None:
    """Half a second each time, until it holds as many records as there were writes."""
    behind = replace(RED, picks={"RED": 1}, voters=1, folded=1)
    world = World(boards=[behind, behind, behind, RED])
    audit = world.audit()

    assert world.slept == [0.5, 0.5, 0.5]
    assert world.log.count("sums 1") == 2
    assert (audit.not_drained, audit.off) == ((), [])


def test_after_the_time_to_settle_it_is_told_as_it_is() -> None:
    """Four looks in two seconds; it is not read again, and says how many are missing."""
    world = World(boards=[replace(RED, folded=1)])
    audit = world.audit()

    assert world.slept == [0.5] * 4
    assert world.log.count("sums 1") == 1
    assert audit.not_drained == ("3 of 4 writes are not folded yet: wait",)


def test_both_boards_of_a_poll_are_waited_for() -> None:
    """Its ballots may lie on two: it was made sealed before its first text."""
    ballots = (*BALLOTS, Slip("d", SEALED, {"RED": 1}, NOON, 1))
    sealed = Totals(picks={"RED": 1}, voters=1, folded=1)
    world = World(boards=[replace(RED, folded=3), RED], sealed=sealed, ballots=ballots)

    assert world.audit().not_drained == ()
    assert world.slept == [0.5]


@pytest.mark.parametrize(
    ("board", "why"),
    [
        (replace(RED, removed=1), "1 items were deleted from the table of ballots"),
        (replace(RED, bad=2), "2 stream records could not be read"),
        (replace(RED, folded=5), "4 writes, 5 records folded: were ballots edited by hand?"),
    ],
)
def test_what_contradicts_the_second_line_of_bookkeeping_is_told(board: Totals, why: str) -> None:
    """Waiting does not help."""
    world = World(boards=[board])

    assert world.audit().not_drained == (why,)
    assert world.slept == []


def test_a_record_too_many_on_one_board_does_not_make_up_for_one_too_few_on_the_other() -> None:
    """Each board by itself."""
    ballots = (*BALLOTS, Slip("d", SEALED, {"RED": 1}, NOON, 1))
    world = World(boards=[replace(RED, folded=5)], ballots=ballots)

    assert world.audit().not_drained == (
        "5 writes, 5 records folded: were ballots edited by hand?",
    )


def test_what_is_wrong_with_the_mapping_is_told_where_records_are_missing() -> None:
    """Where none are, the stream was folded all the same."""
    state = MappingState(state="Disabled", last_result="PROBLEM: x", iterator_age_ms=10_001)
    behind = World(boards=[replace(RED, folded=1)], state=state).audit()
    drained = World(state=state).audit()

    assert len(behind.not_drained) == 4
    assert "mapping is Disabled" in behind.not_drained[1]
    assert drained.not_drained == ()


def test_an_audit_with_a_digest_sums_what_one_without_sums() -> None:
    """Ballots without a vote are no lines of it, but their writes count."""
    ballots = (*BALLOTS, Slip("d", OPEN, {}, 0, 3))
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


# --- repairing ---------------------------------------------------------------------------

WRONG = replace(RED, picks={"RED": 5, "BLUE": 1}, voters=6)
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


@pytest.mark.parametrize(
    ("world", "standing", "why"),
    [
        (World(boards=[replace(WRONG, folded=1)]), ENDED, "3 of 4 writes are not folded yet"),
        (World(boards=[replace(WRONG, removed=1)]), ENDED, "1 items were deleted"),
        (World(boards=[WRONG], unreadable=("p s",)), ENDED, "1 items cannot be read as ballots (p s)"),
        (World(boards=[WRONG]), replace(ENDED, expires_from_ms=NOON), "have begun to expire"),
        (World(boards=[WRONG]), replace(ENDED, certified_at_ms=1), "its count is final"),
    ],
    ids=["behind", "deleted", "unreadable", "expiring", "certified"],
)  # fmt: skip
def test_what_speaks_against_a_repair_keeps_it_from_writing(
    world: World, standing: Round, why: str
) -> None:
    """A recount that may lack ballots is no truth to set a board by."""
    audit = world.audit(standing)

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

    def unfolded(standing: Round, watermarks: Any) -> int:
        asked.append((standing, watermarks[OPEN]))
        return 0

    done = world.auditor.repair(audit, unfolded=unfolded)

    assert asked == [(ENDED, {("label", "shard"): "7"})]
    assert done[0] == Difference(
        board=OPEN, picks={"BLUE": 1, "RED": 1}, voters=2, missing=2, removed=-1, bad=-1
    )


@pytest.mark.parametrize(
    ("standing", "left", "why"),
    [
        (ENDED, 1, "1 records are still in the stream"),
        (replace(ENDED, state_at_ms=NOON - 19_999), 0, "texts may still be on their way"),
        (Round(poll=a_poll()), 0, "the poll is open: close it first"),
    ],
)
def test_records_that_may_still_come_are_not_written_off(
    standing: Round, left: int, why: str
) -> None:
    """They would be counted twice."""
    world = World(boards=[LOST])
    audit = world.audit(standing)

    with pytest.raises(NotCertifiableError) as caught:
        world.auditor.repair(audit, unfolded=lambda *_: left)
    assert why in reasons(caught)
    assert world.written == []


# --- certifying --------------------------------------------------------------------------


def test_a_certificate_says_what_the_ballots_came_to() -> None:
    """Choices without a vote as well; and it is written once."""
    world = World()
    audit = world.audit(digest=True)
    first = world.auditor.certify(audit, current=True)
    second = world.auditor.certify(audit, current=True)

    assert first[0] == Certificate(
        poll="colors", round=1, picks={"RED": 2, "GREEN": 0, "BLUE": 1}, ballots=3, voters=3,
        certified_at_ms=NOON, digest=DIGEST,
    )  # fmt: skip
    assert (first[1], second[1]) == (True, False)
    assert world.certified == [first[0]]


@pytest.mark.parametrize(
    ("world", "standing", "why"),
    [
        (World(), Round(poll=a_poll()), "the poll is open: close it first"),
        (World(), Round(poll=a_poll(opens_at_ms=NOON + 1)), "the poll is waiting"),
        (World(), replace(ENDED, state_at_ms=NOON - 19_999), "wait 20 seconds"),
        (World(boards=[replace(RED, folded=1)]), ENDED, "3 of 4 writes are not folded yet"),
        (World(unreadable=("p s",)), ENDED, "cannot be read as ballots"),
        (World(), replace(ENDED, expires_from_ms=NOON), "have begun to expire"),
        (World(boards=[WRONG]), ENDED, "the board is not the recount"),
    ],
    ids=["open", "waits", "just closed", "behind", "unreadable", "expiring", "off"],
)
def test_what_speaks_against_a_certificate_keeps_it_from_being_written(
    world: World, standing: Round, why: str
) -> None:
    """It is final."""
    audit = world.audit(standing, digest=True)

    with pytest.raises(NotCertifiableError) as caught:
        world.auditor.certify(audit, current=True)
    assert why in reasons(caught)
    assert world.certified == []


def test_a_certificate_of_other_ballots_is_an_alarm_and_stays() -> None:
    """Somebody has changed ballots since."""
    world = World()
    before = replace(world.audit(digest=True).certificate, digest="another", ballots=9)
    world.certified.append(before)

    with pytest.raises(OtherDigestError, match="somebody has changed ballots since"):
        world.auditor.certify(world.audit(digest=True), current=True)
    assert world.certified == [before]


def test_of_two_who_certify_at_once_the_slower_is_given_the_faster_ones() -> None:
    """It is the same but for its time."""
    world = World(certifies=False)
    audit = world.audit(digest=True)
    theirs = replace(audit.certificate, certified_at_ms=NOON - 1)
    found = iter([None, theirs])
    certificates: Any = type("Certificates", (), {})()
    certificates.find = lambda *_: next(found)
    certificates.write = world.write

    assert replace(world.auditor, certificates=certificates).certify(audit, current=True) == (
        theirs, False,
    )  # fmt: skip
