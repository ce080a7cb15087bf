"""The self-test over a desk that is made up: it finds what fails, and always cleans up."""

from dataclasses import dataclass, field

import pytest

from services.polls.definition import parse_poll
from services.selftest.post import ProbeText
from services.selftest.probe_poll import CANARY, CHOICE, DOCTOR, Probe
from services.selftest.selftest import SelfTest, SelfTestResult, Verdict
from services.voting.directory import Directory
from services.voting.message import parse_text
from services.voting.poll import Round

COLORS = 'question = "Which?"\n[[choices]]\nkey = "RED"\nlabel = "Red"\n[[choices]]\nkey = "BLUE"\nlabel = "Blue"'


@dataclass(slots=True)
class FakeProbePoll:
    """A deployment in a few words: what works of it is said when it is made."""

    taken: bool = False
    status: int = 200
    stores: bool = True
    counts: bool = True
    takes_back: bool = True
    knows_after: int = 0
    ballots: set[str] = field(default_factory=set)
    votes: int = 0
    sent: list[ProbeText] = field(default_factory=list)
    cleared: int = 0
    now: float = 0
    probe: Probe = DOCTOR
    left: int = 0
    """Stream records until the board has folded all."""

    def open(self) -> bool:
        """Unless another run has it."""
        return not self.taken

    def has_ballot(self) -> bool:
        """Whether the text was stored."""
        return bool(self.ballots)

    def counted(self) -> int:
        """What the board says."""
        return self.votes

    def forget(self) -> None:
        """Take the ballot out, and perhaps the vote."""
        if self.ballots and self.takes_back:
            self.votes = 0
        self.ballots.clear()

    def delete_ballot(self) -> int:
        """A text, its forgetting and its removal are three records."""
        return 3

    def folded(self) -> int:
        """One more at each look."""
        self.left -= 1
        return 3 - max(0, self.left)

    def clear(self) -> None:
        """Count how often, once all is folded."""
        assert self.left <= 0
        self.cleared += 1

    def post(self, message: ProbeText) -> int:
        """What the webhook does."""
        self.sent.append(message)
        known = len(self.sent) > self.knows_after
        if self.status == 200 and self.stores and known and not self.ballots:
            self.ballots.add(message.sid)
            self.votes += self.counts
        return self.status

    def sleep(self, seconds: float) -> None:
        """Time passes."""
        self.now += seconds


def examine(probe_poll: FakeProbePoll) -> SelfTestResult:
    """Run the self-test on a clock of the desk's own."""
    return SelfTest(
        probe_poll=probe_poll,
        post=probe_poll.post,
        sleep=probe_poll.sleep,
        clock=lambda: probe_poll.now,
    ).run()


def test_a_text_that_is_counted_and_forgotten_is_fine() -> None:
    """And nothing of it is left."""
    probe_poll = FakeProbePoll()

    assert examine(probe_poll).verdict is Verdict.OK
    assert (probe_poll.votes, probe_poll.ballots, probe_poll.cleared) == (0, set(), 1)


def test_the_text_goes_to_the_poll_of_the_self_test_from_a_phone_that_nobody_has() -> None:
    """The same text again until the webhook knows the poll."""
    probe_poll = FakeProbePoll(knows_after=3)

    assert examine(probe_poll).verdict is Verdict.OK
    assert {(m.to, m.sender, m.body) for m in probe_poll.sent} == {
        ("+15550100198", "+15550100197", "DOCTORSELFTEST ARRIVED")
    }
    assert len({m.sid for m in probe_poll.sent}) == 1


@pytest.mark.parametrize(
    ("probe_poll", "named"),
    [
        (FakeProbePoll(status=403), "answered 403"),
        (FakeProbePoll(status=0), "answered nothing"),
        (FakeProbePoll(stores=False), "is no ballot"),
        (FakeProbePoll(counts=False), "was not counted"),
        (FakeProbePoll(takes_back=False), "still in the count"),
    ],
)
def test_where_the_way_is_broken_it_says_where(probe_poll: FakeProbePoll, named: str) -> None:
    """With a remedy; and it cleans up all the same."""
    finding = examine(probe_poll)

    assert finding.verdict is Verdict.FAILED
    assert named in finding.detail
    assert finding.remedy
    assert (probe_poll.ballots, probe_poll.cleared) == (set(), 1)


def test_while_another_run_is_under_way_nothing_is_touched() -> None:
    """Its poll is not ours to clear."""
    probe_poll = FakeProbePoll(taken=True)

    assert examine(probe_poll).verdict is Verdict.BUSY
    assert (probe_poll.sent, probe_poll.cleared) == ([], 0)


@pytest.mark.parametrize("probe", [DOCTOR, CANARY])
def test_the_text_can_count_for_no_other_poll(probe: Probe) -> None:
    """Not even where every poll answers on every number, nor before its own poll is known."""
    own = Round(poll=parse_poll(probe.definition, source=f"{probe.poll}.toml"))
    other = Round(poll=parse_poll(COLORS, source="colors.toml"))
    both, without = Directory((other, own)), Directory((other,))

    assert both.match_text(probe.number, parse_text(probe.body), 0).choice == CHOICE
    assert both.match_text(probe.number, parse_text(probe.body), 0).round == own
    assert without.match_text(probe.number, parse_text(probe.body), 0).choice is None
    assert both.match_text("+15550100100", parse_text(probe.body), 0).choice is None


@pytest.mark.parametrize("probe", [DOCTOR, CANARY])
def test_a_text_to_a_real_number_never_reaches_the_poll_of_the_self_test(probe: Probe) -> None:
    """While it is there, everybody votes as before."""
    own = Round(poll=parse_poll(probe.definition, source=f"{probe.poll}.toml"))
    other = Round(poll=parse_poll(COLORS, source="colors.toml"))
    reading = Directory((own, other)).match_text("+15550100100", parse_text("red"), 0)

    assert (reading.round, reading.choice, reading.others) == (other, "RED", ())


def test_a_text_to_the_fallback_is_sent_again_after_a_while_only() -> None:
    """It waits in a queue; each repetition would wait there as well."""
    probe_poll = FakeProbePoll(knows_after=2)
    finding = SelfTest(
        probe_poll=probe_poll,
        post=probe_poll.post,
        sleep=probe_poll.sleep,
        clock=lambda: probe_poll.now,
        receiver="fallback",
        resend_seconds=10,
    ).run()

    assert finding.verdict is Verdict.OK
    assert len(probe_poll.sent) == 3
    assert probe_poll.now > 20


def test_the_board_is_cleared_when_every_record_is_folded() -> None:
    """A record that is folded later would write a new row, and nobody would remove it."""
    probe_poll = FakeProbePoll(left=5)

    assert examine(probe_poll).verdict is Verdict.OK
    assert (probe_poll.left, probe_poll.cleared) == (0, 1)


def test_doctor_and_canary_do_not_meet() -> None:
    """Either may run while the other does."""
    numbers = [DOCTOR.number, DOCTOR.phone, CANARY.number, CANARY.phone]

    assert len({*numbers}) == 4
    assert DOCTOR.poll != CANARY.poll
    assert all(number.startswith("+155501001") for number in numbers)
