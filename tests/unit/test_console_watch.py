"""What the console reads in the background, and what it shows when it cannot."""

import threading
from collections.abc import Sequence
from typing import Any

import pytest

from services.tools.console.desk import DeskError, PollReadings, Request, StackLabel
from services.tools.console.watch import Watch

WAIT_SECONDS = 10
NOON = 1_800_000_000_000


class Desk:
    """One poll, whose count and revision a test sets."""

    stack = StackLabel(
        name="VoteApp-dev", stage="dev", region="us-east-1", operator="alice", dashboard_url=None
    )

    def __init__(self) -> None:
        self.votes = 1
        self.revision = 1
        self.logs_read = 0
        self.reads = 0
        self.is_cut = False
        self.is_broken = False
        self.health_may_end = threading.Event()
        self.health_may_end.set()
        self.has_read = threading.Semaphore(0)

    def read_polls(self) -> PollReadings:
        """The poll."""
        self.reads += 1
        self.has_read.release()
        if self.is_broken:
            raise ZeroDivisionError
        if self.is_cut:
            raise DeskError("AWS cannot be reached")
        return PollReadings(polls=[{"votes": self.votes}], revisions={"colors": self.revision})

    def read_log(self, poll: str) -> Sequence[dict[str, Any]]:
        """A row for each revision."""
        self.logs_read += 1
        return [{"poll": poll, "at": at, "what": "applied"} for at in range(self.revision)]

    def check_health(self) -> Sequence[dict[str, str]]:
        """Takes as long as the test wants."""
        assert self.health_may_end.wait(WAIT_SECONDS)
        return [{"check": "webhook"}]

    def act(self, request: Request, _: object) -> str:
        """Never."""
        raise AssertionError(request)


def watched() -> tuple[Desk, Watch, list[int]]:
    """A desk, its watch, and the time in milliseconds, which a test moves."""
    desk, now = Desk(), [NOON]
    return desk, Watch(desk, clock=lambda: now[0]), now


def test_what_was_read_last_stays_with_its_time_when_aws_is_lost() -> None:
    """The page says how old it is, and why; then it recovers."""
    desk, watch, now = watched()
    watch.read()
    now[0] += 7_000
    desk.is_cut, desk.votes = True, 2
    watch.read()
    lost = watch.look()
    desk.is_cut = False
    watch.read()
    found = watch.look()

    assert (lost["read_at"], lost["polls"]) == (NOON, [{"votes": 1}])
    assert lost["trouble"] == "AWS cannot be reached"
    assert (found["read_at"], found["polls"]) == (NOON + 7_000, [{"votes": 2}])
    assert found["trouble"] == ""


def test_the_log_is_read_again_when_the_poll_has_changed_or_a_minute_later() -> None:
    """Not once a second; its newest row is the first that is shown."""
    desk, watch, now = watched()
    for _ in range(3):
        watch.read()
        now[0] += 1_000
    once = desk.logs_read
    desk.revision = 2
    watch.read()
    after_change = desk.logs_read
    now[0] += 61_000
    watch.read()

    assert (once, after_change, desk.logs_read) == (1, 2, 3)
    assert [row["at"] for row in watch.look()["log"]] == [1, 0]


def test_a_check_of_the_health_does_not_delay_the_counts() -> None:
    """It hangs; the counts go on being read."""
    desk, watch, _ = watched()
    desk.health_may_end.clear()
    watch.start()
    watch.look()
    reads = [desk.has_read.acquire(timeout=WAIT_SECONDS)]
    watch.read_soon()
    reads.append(desk.has_read.acquire(timeout=WAIT_SECONDS))
    health = watch.look()["health"]
    desk.health_may_end.set()
    watch.stop()

    assert reads == [True, True]
    assert (health["checked_at"], health["checks"]) == (None, [])


def test_nothing_is_read_before_somebody_looks() -> None:
    """Nor a quarter of a minute after the last page was closed."""
    desk, watch, now = watched()
    watch.do_if_watched(watch.read)
    before = desk.reads
    watch.look()
    watch.do_if_watched(watch.read)
    now[0] += 14_000
    watch.do_if_watched(watch.read)
    while_looking = desk.reads
    now[0] += 2_000
    watch.do_if_watched(watch.read)

    assert (before, while_looking, desk.reads) == (0, 2, 2)


def test_findings_are_kept_with_the_time_of_the_check() -> None:
    """As the page names it."""
    _, watch, now = watched()
    now[0] += 5
    watch.check()

    assert watch.look()["health"] == {
        "checked_at": NOON + 5, "trouble": "", "checks": [{"check": "webhook"}],
    }  # fmt: skip


def test_an_error_that_nobody_foresaw_does_not_end_the_reading(
    capsys: pytest.CaptureFixture[str],
) -> None:
    """It is on the terminal; the next read may succeed."""
    desk, watch, _ = watched()
    desk.is_broken = True
    watch.start()
    watch.look()
    reads = [desk.has_read.acquire(timeout=WAIT_SECONDS)]
    watch.read_soon()
    reads.append(desk.has_read.acquire(timeout=WAIT_SECONDS))
    trouble = watch.look()["trouble"]
    watch.stop()

    assert reads == [True, True]
    assert trouble == "unexpected error, see the terminal"
    assert "ZeroDivisionError" in capsys.readouterr().err
