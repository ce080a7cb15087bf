"""How the stand-in of Twilio delivers a text, request by request."""

from collections.abc import Sequence

import pytest

from services.adapters.twilio.client import TwilioError
from services.tools.twilio.delivery import (
    DeliveryAttempt,
    DeliveryRequest,
    Failure,
    RequestOutcome,
    WebhookUrls,
    deliver,
    failure_of,
    first_request,
    next_request,
)

URL = "https://votes.example.com/sms"
FALLBACK = "https://fallback.example.com/texts"
WANTED = "#rc=3&rp=all&ct=500&rt=3200"

Answers = Sequence[tuple[int, str | None]]


def delivered(fragment: str, answers: Answers, fallback: str = FALLBACK) -> list[DeliveryAttempt]:
    """The requests for a text whose requests end so: (ms, failure or None)."""
    left = list(answers)

    def answer(_: DeliveryRequest) -> RequestOutcome:
        took_ms, failure = left.pop(0)
        return RequestOutcome(took_ms=took_ms, failure=Failure(failure) if failure else None)

    return deliver(WebhookUrls(url=URL + fragment, fallback_url=fallback), answer)


def shown(attempts: Sequence[DeliveryAttempt]) -> list[tuple[str, int]]:
    """Each request: to which URL, and when."""
    kinds = {URL: "webhook", FALLBACK: "fallback"}
    return [(kinds[attempt.request.url], attempt.request.at_ms) for attempt in attempts]


@pytest.mark.parametrize(
    ("fragment", "answers", "requests"),
    [
        # Twilio's defaults: one retry, only if connecting fails.
        ("", [(80, None)], [("webhook", 0)]),
        ("", [(5_000, "ct"), (90, None)], [("webhook", 0), ("webhook", 5_000)]),
        ("", [(5_000, "ct"), (5_000, "ct"), (9, None)], [("webhook", 0), ("webhook", 5_000), ("fallback", 10_000)]),
        ("", [(40, "5xx"), (9, None)], [("webhook", 0), ("fallback", 40)]),
        ("", [(40, "4xx"), (9, None)], [("webhook", 0), ("fallback", 40)]),
        ("", [(15_000, "rt"), (9, None)], [("webhook", 0), ("fallback", 15_000)]),
        # No retries.
        ("#rc=0&rp=all", [(40, "5xx"), (9, None)], [("webhook", 0), ("fallback", 40)]),
        # The wanted settings: four attempts within 14.8 s.
        (WANTED, [(40, "5xx"), (3_000, None)], [("webhook", 0), ("webhook", 40)]),
        (WANTED, [(3_700, "rt")] * 3 + [(3_000, None)], [("webhook", 0), ("webhook", 3_700), ("webhook", 7_400), ("webhook", 11_100)]),
        (WANTED, [(3_700, "rt")] * 4 + [(9, None)], [("webhook", 0), ("webhook", 3_700), ("webhook", 7_400), ("webhook", 11_100), ("fallback", 14_800)]),
        (WANTED, [(5, "ct"), (5, "4xx"), (5, "5xx"), (5, "rt"), (9, None)], [("webhook", 0), ("webhook", 5), ("webhook", 10), ("webhook", 15), ("fallback", 20)]),
        # A policy names what is repeated.
        ("#rc=2&rp=5xx", [(5, "5xx"), (5, "rt"), (9, None)], [("webhook", 0), ("webhook", 5), ("fallback", 10)]),
        ("#rc=2&rp=4xx", [(5, "4xx"), (5, "4xx"), (5, "4xx"), (9, None)], [("webhook", 0), ("webhook", 5), ("webhook", 10), ("fallback", 15)]),
        ("#rc=2&rp=ct,rt", [(5, "5xx"), (9, None)], [("webhook", 0), ("fallback", 5)]),
        ("#rc=5&rp=all", [(5, "document"), (9, None)], [("webhook", 0), ("fallback", 5)]),
        # The total ends the attempts before their number does.
        ("#rc=5&rp=all&ct=500&rt=4000", [(4_500, "rt")] * 3 + [(1_500, "rt"), (9, None)], [("webhook", 0), ("webhook", 4_500), ("webhook", 9_000), ("webhook", 13_500), ("fallback", 15_000)]),
        ("#rc=5&rp=all&tt=1000", [(1_000, "rt"), (9, None)], [("webhook", 0), ("fallback", 1_000)]),
    ],
)  # fmt: skip
def test_what_follows_an_attempt(
    fragment: str, answers: Answers, requests: list[tuple[str, int]]
) -> None:
    """A retry or the fallback URL, at once."""
    assert shown(delivered(fragment, answers)) == requests


@pytest.mark.parametrize("failure", ["ct", "rt", "4xx", "5xx", "document"])
def test_a_fallback_that_fails_is_the_end(failure: str) -> None:
    """The text is given up for ever."""
    attempts = delivered(WANTED, [(1, "5xx")] * 4 + [(10, failure)])

    assert shown(attempts)[-1] == ("fallback", 4)
    assert len(attempts) == 5
    assert attempts[-1].outcome.failure == failure


def test_without_a_fallback_a_text_is_given_up_after_the_last_attempt() -> None:
    """Twilio logs the error and does nothing more."""
    attempts = delivered(WANTED, [(1, "5xx")] * 4, fallback="")

    assert shown(attempts) == [("webhook", 0), ("webhook", 1), ("webhook", 2), ("webhook", 3)]


def test_a_number_without_a_webhook_delivers_nothing() -> None:
    """Nor does its fallback get the text."""
    assert first_request(WebhookUrls(url="", fallback_url=FALLBACK)) is None
    assert deliver(WebhookUrls(url=""), lambda _: RequestOutcome(took_ms=0)) == []


def test_no_request_has_the_fragment() -> None:
    """It tells Twilio how to call, and is neither sent nor signed."""
    urls = WebhookUrls(url=URL + WANTED, fallback_url=f"{FALLBACK}#rc=0")
    outcome = RequestOutcome(took_ms=1, failure=Failure.DOCUMENT)
    attempts = deliver(urls, lambda _: outcome)

    assert [attempt.request.url for attempt in attempts] == [URL, FALLBACK]
    assert attempts[-1].request.parameters == (("ErrorCode", "12100"), ("ErrorUrl", URL))


@pytest.mark.parametrize(
    ("failure", "code"),
    [("ct", "11205"), ("rt", "11205"), ("4xx", "11217"), ("5xx", "11217"), ("document", "12100")],
)
def test_the_fallback_is_told_what_failed(failure: str, code: str) -> None:
    """The error's code and the URL that failed; the webhook itself is told nothing."""
    attempts = delivered("#rc=0", [(1, failure), (1, None)])

    assert attempts[0].request.parameters == ()
    assert attempts[1].request.parameters == (("ErrorCode", code), ("ErrorUrl", URL))


def test_each_attempt_has_the_limits_of_the_url() -> None:
    """Half a second to connect, and 3.2 s to answer."""
    attempts = delivered(WANTED, [(3_700, "rt")] * 4 + [(9, None)])

    limits = [(a.request.connect_ms, a.request.read_ms, a.request.total_ms) for a in attempts]
    assert limits == [
        (500, 3_200, 15_000),
        (500, 3_200, 11_300),
        (500, 3_200, 7_600),
        (500, 3_200, 3_900),
        (5_000, 15_000, 15_000),
    ]


def test_the_last_attempt_gets_what_is_left_of_the_total() -> None:
    """All attempts together end within it."""
    attempts = delivered(
        "#rc=2&rp=all&tt=9000", [(5_000, "ct"), (3_800, "rt"), (200, "rt"), (9, None)]
    )
    last = attempts[2].request

    assert (last.at_ms, last.connect_ms, last.read_ms, last.total_ms) == (8_800, 200, 200, 200)
    assert shown(attempts)[3] == ("fallback", 9_000)


def test_the_fallback_has_the_limits_of_its_own_url() -> None:
    """Its request comes after the total of the webhook's attempts."""
    fallback = f"{FALLBACK}#ct=300&rt=2000&tt=2100"
    attempts = delivered("#rc=0", [(15_000, "rt"), (9, None)], fallback=fallback)
    last = attempts[-1].request

    assert (last.at_ms, last.connect_ms, last.read_ms, last.total_ms) == (15_000, 300, 2_000, 2_100)


def test_nothing_follows_a_delivered_text() -> None:
    """Neither a retry nor the fallback."""
    urls = WebhookUrls(url=URL + WANTED, fallback_url=FALLBACK)
    request = first_request(urls)

    assert request is not None
    assert next_request(urls, request, RequestOutcome(took_ms=20)) is None


def test_a_url_whose_overrides_are_wrong_is_named() -> None:
    """What Twilio would do with it is not documented."""
    with pytest.raises(TwilioError, match="rc: 9"):
        first_request(WebhookUrls(url=f"{URL}#rc=9"))


@pytest.mark.parametrize(
    ("status", "failure"),
    [
        (200, None), (204, None), (299, None), (301, "document"), (400, "4xx"), (429, "4xx"),
        (499, "4xx"), (500, "5xx"), (503, "5xx"), (599, "5xx"),
    ],
)  # fmt: skip
def test_a_status_is_a_success_or_a_kind_of_failure(status: int, failure: str | None) -> None:
    """A redirect is not followed."""
    assert failure_of(status) == failure
