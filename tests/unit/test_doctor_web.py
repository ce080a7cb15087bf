"""The doctor on the webhook and the page, over answers that are made up."""

import json
from collections.abc import Mapping
from email.utils import formatdate

import pytest

from services.tools.doctor.finding import CheckStatus, Finding
from services.tools.doctor.web import (
    Fetch,
    HttpResponse,
    check_boards,
    check_clock,
    check_page,
    check_refusal,
    check_transport,
    check_webhook,
)

HOOK = "https://api.example.com/sms"
PAGE = "https://page.example.com"
HEADERS = {"Content-Security-Policy": "default-src 'none'", "Referrer-Policy": "no-referrer"}
NOW = 1_795_000_000.0


def answering(answers: Mapping[str, HttpResponse]) -> Fetch:
    """A fetch that knows these addresses."""

    def fetch(url: str, *, data: bytes | None = None) -> HttpResponse:
        del data
        return answers[url]

    return fetch


def an_answer(status: int = 200, body: str = "", **headers: str) -> HttpResponse:
    """An answer; underscores in names of headers stand for dashes."""
    lower = {name.replace("_", "-").lower(): value for name, value in headers.items()}
    return HttpResponse(status=status, headers=lower, body=body)


def page(*, config: str = json.dumps({"aggregatesTable": "boards"}), **changed: str) -> Finding:
    """The finding on a page that is right but for some headers."""
    held = {name.lower(): value for name, value in HEADERS.items()} | {"cache-control": "no-cache"}
    held |= {name.replace("_", "-").lower(): value for name, value in changed.items()}
    fetch = answering(
        {
            f"{PAGE}/": HttpResponse(status=200, headers=held, body="<!doctype html><html>"),
            f"{PAGE}/config.json": an_answer(body=config),
        }
    )
    return check_page(fetch, PAGE, HEADERS, table="boards")


def test_a_webhook_whose_tables_answer_is_fine() -> None:
    """By what it says about itself."""
    fetch = answering({"https://api.example.com/health": an_answer()})

    assert check_webhook(fetch, HOOK).verdict is CheckStatus.OK


def test_a_webhook_without_its_table_is_found() -> None:
    """With its own words."""
    fetch = answering({"https://api.example.com/health": an_answer(503, "votes: no answer")})
    finding = check_webhook(fetch, HOOK)

    assert finding.verdict is CheckStatus.FAILED
    assert "votes: no answer" in finding.detail


@pytest.mark.parametrize(
    ("status", "verdict"),
    [(403, CheckStatus.OK), (200, CheckStatus.FAILED), (404, CheckStatus.FAILED)],
)
def test_a_text_that_nobody_signed_must_be_refused(status: int, verdict: CheckStatus) -> None:
    """Or anybody could vote as everybody."""
    assert check_refusal(answering({HOOK: an_answer(status)}), HOOK).verdict is verdict


@pytest.mark.parametrize(
    ("ahead", "verdict"),
    [
        (0.0, CheckStatus.OK),
        (-1.4, CheckStatus.OK),
        (10.0, CheckStatus.WARNING),
        (-900.0, CheckStatus.FAILED),
    ],
)
def test_a_clock_that_is_off_is_found(ahead: float, verdict: CheckStatus) -> None:
    """In both directions, with a remedy."""
    fetch = answering({"https://api.example.com/": an_answer(Date=formatdate(NOW, usegmt=True))})
    finding = check_clock(fetch, HOOK, NOW + 0.5 + ahead)

    assert finding.verdict is verdict
    assert bool(finding.remedy) == (verdict is not CheckStatus.OK)


def test_a_page_as_it_was_deployed_is_fine() -> None:
    """Headers, configuration, and that it is one."""
    assert page().verdict is CheckStatus.OK


def test_a_stale_header_is_named_with_both_values() -> None:
    """As after a change of the policy that was never deployed."""
    finding = page(Content_Security_Policy="default-src *")

    assert finding.verdict is CheckStatus.FAILED
    assert "default-src *" in finding.detail
    assert "default-src 'none'" in finding.detail
    assert "cdk deploy" in finding.remedy


def test_a_page_that_screens_would_keep_is_found() -> None:
    """An old page after a deploy shows an old board."""
    assert "Cache-Control" in page(Cache_Control="max-age=86400").detail


@pytest.mark.parametrize("config", ["", "not json", '{"aggregatesTable": "another"}', "[]"])
def test_a_page_that_reads_another_table_is_found(config: str) -> None:
    """Or none."""
    finding = page(config=config)

    assert finding.verdict is CheckStatus.FAILED
    assert "config.json" in finding.detail


def test_plain_http_must_lead_to_https() -> None:
    """Where there is HTTPS."""
    moved = answering({"http://page.example.com/": an_answer(301, Location=f"{PAGE}/")})
    served = answering({"http://page.example.com/": an_answer(200)})

    assert check_transport(moved, PAGE).verdict is CheckStatus.OK
    assert check_transport(served, PAGE).verdict is CheckStatus.FAILED
    assert check_transport(served, "http://127.0.0.1:1").verdict is CheckStatus.SKIPPED


def test_a_page_of_api_gateway_has_no_http_address() -> None:
    """Nothing answers there, and a check would wait for it."""
    url = "https://abc.execute-api.us-east-1.amazonaws.com/page"

    def unreachable(url: str, *, data: bytes | None = None) -> HttpResponse:
        del data
        raise TimeoutError(url)

    assert check_transport(unreachable, url).verdict is CheckStatus.SKIPPED


BOARD = f"{PAGE}/boards/colors.json"
KEPT = "max-age=1, stale-while-revalidate=5, stale-if-error=60"


def test_a_board_that_caches_may_keep_and_pages_may_read_is_fine() -> None:
    """With the headers that the reader sends."""
    right = an_answer(Cache_Control=KEPT, Access_Control_Allow_Origin="*")

    assert check_boards(answering({BOARD: right}), PAGE, "colors").verdict is CheckStatus.OK
    assert check_boards(answering({}), None, "colors").verdict is CheckStatus.SKIPPED


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        (an_answer(403, '{"Message":"Forbidden"}'), '403: {"Message":"Forbidden"}'),
        (an_answer(404, '{"v": 1, "error": "unknown"}'), "404"),
        (an_answer(Cache_Control="no-store", Access_Control_Allow_Origin="*"), "'no-store'"),
        (an_answer(Cache_Control=KEPT), "access-control-allow-origin: 'missing'"),
    ],
)
def test_a_board_that_screens_cannot_use_is_found(answer: HttpResponse, said: str) -> None:
    """With what it answered."""
    finding = check_boards(answering({BOARD: answer}), PAGE, "colors")

    assert finding.verdict is CheckStatus.FAILED
    assert said in finding.detail
    assert "cdk deploy" in finding.remedy
