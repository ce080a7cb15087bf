"""A rehearsal's texts, their times, its report and its price."""

from collections import Counter, defaultdict
from dataclasses import replace
from threading import Event
from types import SimpleNamespace
from typing import Any

import pytest

from services.cli.rehearse import estimate_usd
from services.polls.definition import parse_poll
from services.tools.phones import load_generator
from services.tools.phones.delivery import WebhookReply
from services.tools.phones.load_generator import LoadGenerator
from services.tools.phones.sms import SimulatedText, TextKind
from services.tools.rehearsal.poll import DEFINITION
from services.tools.rehearsal.report import RehearsalReport, percentile
from services.tools.rehearsal.texts import texts_for
from services.voting.audit import Audit
from services.voting.directory import Directory
from services.voting.message import parse_text
from services.voting.poll import Round
from services.voting.recount import Recount
from services.voting.tally import Totals
from tests.support.polls import a_round

ROUND = Round(poll=parse_poll(DEFINITION, source="rehearsal-probe.toml"))
BOARD = "sealed#rehearsal-probe"


def a_text(number: int = 1, choice: str | None = "ALPHA") -> SimulatedText:
    """A vote, or with None a text that is none."""
    return SimulatedText(
        kind=TextKind.NEW, sid=f"SM{number:032x}", sender=f"+155501{number:05}", to="+15550100194",
        body="x", choice=choice,
    )  # fmt: skip


def a_reply(number: int = 1, status: int = 200, choice: str | None = "ALPHA") -> WebhookReply:
    """An answer after 20 ms."""
    return WebhookReply(
        text=a_text(number, choice), status=status, body="", sent_at=100.0, answered_at=100.02
    )


def an_audit(counted: int, *, in_ballots: int | None = None) -> Audit:
    """A drained stream, a board with so many votes, and ballots with as many, or with others."""
    votes = counted if in_ballots is None else in_ballots
    return Audit(
        round=ROUND,
        recount=Recount(
            picks=defaultdict(Counter, {BOARD: Counter(ALPHA=votes)}),
            ballots=Counter({BOARD: votes}),
            writes=Counter({BOARD: votes}),
        ),
        boards={BOARD: Totals(picks={"ALPHA": counted}, voters=votes, folded=votes)},
        watermarks={}, event_source_problems=(), iterator_age_ms=None, corrections={}, digest="",
        at_ms=0,
    )  # fmt: skip


def report_of(*replies: WebhookReply) -> RehearsalReport:
    """The report of these replies."""
    report = RehearsalReport()
    for reply in replies:
        report.add(reply)
    return report


def test_latency_counts_from_when_a_text_was_due() -> None:
    """A slow server that holds up later texts must not look fast for it."""
    on_time, held_up = a_reply(1), replace(a_reply(2), due_at=97.0)
    document = report_of(on_time, held_up).document(an_audit(2))

    assert document["latency_ms"]["p50"] == 20
    assert document["latency_ms"]["max"] == 3_020
    assert document["sent_late_ms_p99"] == 3_000


def test_times_are_fixed_in_advance_and_a_delay_is_caught_up(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Also one that is longer than the lab's would be."""
    clock = SimpleNamespace(now=1_000.0)
    clock.time = clock.monotonic = lambda: clock.now
    monkeypatch.setattr(load_generator, "time", clock)
    replies: list[WebhookReply] = []
    done = Event()
    numbers = iter(range(1, 10_000))

    def next_text() -> SimulatedText:
        number = next(numbers)
        clock.now += 7 if number == 3 else 0.1
        return a_text(number)

    async def deliver(_: Any, text: SimulatedText) -> WebhookReply:
        return replace(a_reply(), text=text, sent_at=clock.now, answered_at=clock.now)

    def on_reply(reply: WebhookReply) -> None:
        replies.append(reply)
        if len(replies) == 20:
            done.set()

    with LoadGenerator(
        next_text, deliver, rate=lambda: 0 if len(replies) >= 20 else 10, on_reply=on_reply,
        catch_up_seconds=float("inf"),
    ):  # fmt: skip
        assert done.wait(20)
    due = [reply.due_at or 0 for reply in replies[:20]]

    assert due == pytest.approx([1_000 + place / 10 for place in range(20)])
    assert replies[3].milliseconds_from_due > 6_000


def test_every_accepted_vote_must_be_counted_once() -> None:
    """A redelivered text is one vote, and a text that is no vote is none."""
    report = report_of(a_reply(1), a_reply(1), a_reply(2), a_reply(3, choice=None))

    assert report.problems(an_audit(2)) == []
    assert report.problems(an_audit(1)) == ["1 vote was counted, and 2 accepted"]
    assert report.problems(an_audit(3)) == ["3 votes were counted, and 2 accepted"]


@pytest.mark.parametrize(
    ("status", "may_count"), [(0, True), (503, True), (403, False), (429, False)]
)
def test_a_text_without_a_yes_may_have_been_stored(status: int, may_count: bool) -> None:  # noqa: FBT001
    """After an outage; what was refused before it reached the store was not."""
    report = report_of(a_reply(1), a_reply(2, status))

    assert report.problems(an_audit(1)) == []
    assert (report.problems(an_audit(2)) == []) is may_count


def test_a_text_that_was_accepted_at_the_second_try_is_a_vote() -> None:
    """It must be counted, not only may be."""
    report = report_of(a_reply(1, 503), a_reply(1))

    assert report.problems(an_audit(0)) == ["0 votes were counted, and 1 accepted"]


def test_a_board_that_is_not_the_recount_is_not_exact() -> None:
    """Even if its number of votes is right."""
    found = report_of(a_reply(1), a_reply(2)).problems(an_audit(2, in_ballots=1))

    assert "the board is not the recount of the ballots" in found


def test_refusals_are_told_by_reason_the_most_frequent_first() -> None:
    """In words that say whose refusal it is."""
    report = report_of(
        a_reply(1, 503), a_reply(2, 429), a_reply(3, 429), a_reply(4, 418), a_reply(5)
    )

    assert report.refusals == {
        "throttled by the API (429)": 2,
        "the store or the webhook was not available (503)": 1,
        "answered 418": 1,
    }


def test_percentiles_are_values_that_were_measured() -> None:
    """By nearest rank."""
    values = [float(value) for value in range(1, 201)]

    assert [percentile(values, p) for p in (50, 90, 99, 100)] == [100, 180, 198, 200]
    assert percentile([], 99) == 0


def test_no_text_of_a_rehearsal_can_count_for_another_poll() -> None:
    """Not even for one that hears every number, before its own poll is known or after."""
    other = a_round()
    texts = texts_for(ROUND.poll, seed=7)
    generated = [texts.next() for _ in range(2_000)]

    assert {text.kind for text in generated} >= {TextKind.NEW, TextKind.CHANGED, TextKind.UNKNOWN}
    for text in generated:
        both = Directory((other, ROUND)).match_text(text.to, parse_text(text.body), 0)
        without = Directory((other,)).match_text(text.to, parse_text(text.body), 0)

        assert (both.round, both.choice) == (ROUND, text.choice)
        assert without.choice is None


def test_a_rehearsal_costs_cents_and_nothing_at_twilio() -> None:
    """12,000 texts through Lambda: two writes and two requests each."""
    usd = estimate_usd(12_000, 60, in_container=False)

    assert 0.02 < usd < 0.5
    assert estimate_usd(24_000, 120, in_container=False) == pytest.approx(2 * usd, rel=0.1)
