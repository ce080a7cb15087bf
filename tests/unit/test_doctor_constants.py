"""What the doctor holds a deployment against, spelled out: nothing here is read from its code."""

from services.selftest.selftest import SelfTest
from services.tools.doctor.event_source import check_fold, check_mapping
from services.tools.doctor.finding import CheckStatus
from services.tools.doctor.stack import check_stack
from services.tools.doctor.web import check_clock, check_page, check_refusal
from services.voting.tally import Totals
from tests.unit.test_doctor_selftest import FakeProbePoll
from tests.unit.test_doctor_web import HEADERS, HOOK, NOW, PAGE, an_answer, answering

STREAM = "arn:aws:dynamodb:us-east-1:000000000000:table/votes/stream/2026-11-20T00:00:00.000"
OUTPUTS = (
    "WebhookUrl", "VotesTable", "AggregatesTable", "PollsTable", "SiteBucket",
    "IdentityPoolId", "GuestIdentityId", "SecretArn", "AggregatorFunction",
)  # fmt: skip


def test_the_mapping_that_loses_nothing_is_this_one() -> None:
    """One lane a shard, from the oldest record, in windows, and nothing is ever given up."""
    mapping = {
        "State": "Enabled",
        "EventSourceArn": STREAM,
        "StartingPosition": "TRIM_HORIZON",
        "ParallelizationFactor": 1,
        "TumblingWindowInSeconds": 30,
        "MaximumRetryAttempts": -1,
        "MaximumRecordAgeInSeconds": -1,
        "BisectBatchOnFunctionError": False,
    }

    assert check_mapping([mapping], STREAM).verdict is CheckStatus.OK


def test_a_stack_without_any_of_these_outputs_is_not_whole() -> None:
    """Eight of them; each is named."""
    assert check_stack(dict.fromkeys(OUTPUTS, "x"), "CREATE_COMPLETE").verdict is CheckStatus.OK
    assert all(name in check_stack({}, None).detail for name in OUTPUTS)


def test_the_last_fold_is_that_of_the_poll_that_was_folded_last() -> None:
    """An old poll says nothing about whether votes are counted now."""
    old = Totals(picks={"A": 3}, voters=3, folded=3, as_of_ms=1_000_000)
    new = Totals(picks={"A": 3}, voters=3, folded=3, as_of_ms=9_000_000)

    assert check_fold({"old": old, "new": new}, 9_004_000).detail == "new, 4 s ago"


def test_a_forged_text_is_posted_with_nothing_that_could_count() -> None:
    """A GET is refused for its method, whether or not signatures are checked."""
    posted: list[bytes | None] = []

    def fetch(url: str, *, data: bytes | None = None) -> object:
        posted.append(data)
        return answering({HOOK: an_answer(403)})(url)

    check_refusal(fetch, HOOK)  # type: ignore[arg-type]

    assert posted == [b"Body=doctor"]


def test_a_clock_is_told_ahead_or_behind_as_it_is() -> None:
    """The operator sets it by that."""
    fetch = answering({"https://api.example.com/": an_answer(Date="Wed, 18 Nov 2026 11:06:40 GMT")})
    at = NOW + 0.5

    assert "10.0 s ahead" in check_clock(fetch, HOOK, at + 10).detail
    assert "10.0 s behind" in check_clock(fetch, HOOK, at - 10).detail


def test_a_page_without_one_of_its_headers_is_found() -> None:
    """The header is named, and that it is missing."""
    held = {"referrer-policy": "no-referrer", "cache-control": "no-cache"}
    answers = {
        f"{PAGE}/": an_answer(200, "<html>", **held),
        f"{PAGE}/config.json": an_answer(body='{"aggregatesTable": "boards"}'),
    }
    finding = check_page(answering(answers), PAGE, HEADERS, table="boards")

    assert finding.verdict is CheckStatus.FAILED
    assert finding.detail == "Content-Security-Policy: 'missing', not \"default-src 'none'\""


def test_a_page_that_is_not_there_or_is_no_page_is_found() -> None:
    """With all headers and the right configuration."""
    held = HEADERS | {"Cache-Control": "no-cache"}
    config = an_answer(body='{"aggregatesTable": "boards"}')
    for page in (an_answer(404, "<html>", **held), an_answer(200, "Hello", **held)):
        fetch = answering({f"{PAGE}/": page, f"{PAGE}/config.json": config})

        assert check_page(fetch, PAGE, HEADERS, table="boards").verdict is CheckStatus.FAILED


def test_the_self_test_waits_until_every_webhook_has_read_the_polls_anew() -> None:
    """They read them every two seconds; the text is sent after that."""
    probe_poll, sent_at = FakeProbePoll(), []

    def post(message: object) -> int:
        sent_at.append(probe_poll.now)
        return probe_poll.post(message)  # type: ignore[arg-type]

    SelfTest(
        probe_poll=probe_poll, post=post, sleep=probe_poll.sleep, clock=lambda: probe_poll.now
    ).run()

    assert sent_at[0] > 2


def test_the_self_test_waits_half_a_minute_for_the_count_and_no_longer() -> None:
    """A batch may have to be folded again; then it is a fault."""
    probe_poll = FakeProbePoll(counts=False)
    finding = SelfTest(
        probe_poll=probe_poll,
        post=probe_poll.post,
        sleep=probe_poll.sleep,
        clock=lambda: probe_poll.now,
    ).run()

    assert "not counted in 30 s" in finding.detail
    assert 30 <= probe_poll.now <= 35
