"""How Twilio delivers a text: which request follows which outcome, and when.

Pure: it knows no clock and no network. Times are ms after Twilio received the text. The package's
docstring tells which rules are documented and which are inferred.
"""

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache
from typing import Final

from services.adapters.twilio.overrides import ConnectionOverrides

_OK: Final = range(200, 300)
_CLIENT_ERRORS: Final = range(400, 500)
_SERVER_ERRORS: Final = range(500, 600)


class Failure(StrEnum):
    """Why a request failed; the first four are what a retry policy can name."""

    CONNECT = "ct"
    """No connection, or none in time."""
    READ = "rt"
    """A connection, but no whole answer in time."""
    CLIENT_ERROR = "4xx"
    SERVER_ERROR = "5xx"
    DOCUMENT = "document"
    """An answer that is no TwiML; no policy repeats it."""

    @property
    def error_code(self) -> int:
        """Twilio's error code, by the pages "Error 11205", "Error 11217", "Error 12100"."""
        return _ERROR_CODES[self]


_ERROR_CODES: Final = {
    Failure.CONNECT: 11205,
    Failure.READ: 11205,
    Failure.CLIENT_ERROR: 11217,
    Failure.SERVER_ERROR: 11217,
    Failure.DOCUMENT: 12100,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class WebhookUrls:
    """The URL and the fallback URL of a number; both may have a fragment, both may be empty."""

    url: str
    fallback_url: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class DeliveryRequest:
    """A request that Twilio makes to deliver a text."""

    url: str
    """Without the fragment."""
    at_ms: int
    connect_ms: int
    """Limit for connecting."""
    read_ms: int
    """Limit for the answer, once connected."""
    total_ms: int
    """Limit for both together: what is left for all attempts."""
    attempt: int = 1
    is_fallback: bool = False
    error: Failure | None = None
    """What the last attempt failed with, in a request to the fallback URL."""
    error_url: str = ""
    """The URL that failed, in a request to the fallback URL."""

    @property
    def parameters(self) -> tuple[tuple[str, str], ...]:
        """The form fields beside those of the text."""
        if self.error is None:
            return ()
        return (("ErrorCode", str(self.error.error_code)), ("ErrorUrl", self.error_url))


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestOutcome:
    """What came of a request; without a failure, the text is delivered."""

    took_ms: int
    failure: Failure | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class DeliveryAttempt:
    """A request that was made, and its outcome."""

    request: DeliveryRequest
    outcome: RequestOutcome


def failure_of(status: int) -> Failure | None:
    """Return what an HTTP status counts as; None for success."""
    if status in _OK:
        return None
    if status in _CLIENT_ERRORS:
        return Failure.CLIENT_ERROR
    return Failure.SERVER_ERROR if status in _SERVER_ERRORS else Failure.DOCUMENT


def first_request(urls: WebhookUrls) -> DeliveryRequest | None:
    """Return the first request of a text's delivery, or None if the number has no webhook.

    Raises:
        TwilioError: the URL's fragment has a value that Twilio does not allow.
    """
    if not urls.url:
        return None
    return _request(urls.url, at_ms=0, left_ms=_overrides(urls.url).total_ms)


def next_request(
    urls: WebhookUrls, made: DeliveryRequest, outcome: RequestOutcome
) -> DeliveryRequest | None:
    """Return the request that follows, or None if the text is delivered or given up for ever."""
    if outcome.failure is None or made.is_fallback:
        return None
    overrides = _overrides(urls.url)
    now_ms = made.at_ms + outcome.took_ms
    left_ms = overrides.total_ms - now_ms
    may_retry = left_ms > 0 and made.attempt <= overrides.retry_count
    if may_retry and overrides.retries_after(outcome.failure):
        return _request(urls.url, at_ms=now_ms, left_ms=left_ms, attempt=made.attempt + 1)
    return _fallback(urls, made, outcome.failure, now_ms) if urls.fallback_url else None


def deliver(
    urls: WebhookUrls, answer: Callable[[DeliveryRequest], RequestOutcome]
) -> list[DeliveryAttempt]:
    """Make all requests of a text's delivery; `answer` tells the outcome of each."""
    attempts: list[DeliveryAttempt] = []
    request = first_request(urls)
    while request is not None:
        outcome = answer(request)
        attempts.append(DeliveryAttempt(request=request, outcome=outcome))
        request = next_request(urls, request, outcome)
    return attempts


@lru_cache(maxsize=64)
def _overrides(url: str) -> ConnectionOverrides:
    """A simulation delivers millions of texts to a few URLs."""
    return ConnectionOverrides.parse(url)


def _request(url: str, *, at_ms: int, left_ms: int, attempt: int = 1) -> DeliveryRequest:
    overrides = _overrides(url)
    return DeliveryRequest(
        url=url.partition("#")[0],
        at_ms=at_ms,
        connect_ms=min(overrides.connect_ms, left_ms),
        read_ms=min(overrides.read_ms, left_ms),
        total_ms=left_ms,
        attempt=attempt,
    )


def _fallback(
    urls: WebhookUrls, failed: DeliveryRequest, failure: Failure, now_ms: int
) -> DeliveryRequest:
    overrides = _overrides(urls.fallback_url)
    return DeliveryRequest(
        url=urls.fallback_url.partition("#")[0],
        at_ms=now_ms,
        connect_ms=overrides.connect_ms,
        read_ms=overrides.read_ms,
        total_ms=overrides.total_ms,
        is_fallback=True,
        error=failure,
        error_url=failed.url,
    )
