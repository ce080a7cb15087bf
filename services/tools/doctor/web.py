"""Checks the webhook and the dashboard over HTTP; tests replace `fetch`."""

import http.client
import json
import urllib.error
import urllib.request
from collections.abc import Mapping
from dataclasses import dataclass
from email.message import Message
from email.utils import parsedate_to_datetime
from typing import Final, Protocol

from services.tools.doctor.finding import (
    DEPLOY,
    Finding,
    failed,
    ok,
    ok_or_failed,
    skipped,
    warning,
)

TIMEOUT_SECONDS: Final = 15
OK: Final = 200
REFUSED: Final = 403
SIGNED_WITHIN: Final = 300
"""AWS refuses requests that were signed by a clock further off ("Signature Version 4": 15 minutes
for most services, 5 for some)."""

NOTICED: Final = 2
"""`voteapp poll open` and `close` record this machine's time: the error in seconds that matters."""

_BOARD_HEADERS: Final = {
    "cache-control": "max-age=1, stale-while-revalidate=5, stale-if-error=60",
    "access-control-allow-origin": "*",
}
"""The headers of a board that a cache or a page of somebody else needs."""


@dataclass(frozen=True, slots=True, kw_only=True)
class HttpResponse:
    """An HTTP response; header names are in lower case."""

    status: int
    headers: Mapping[str, str]
    body: str = ""


class Fetch(Protocol):
    """Fetches a URL without following redirects. Raises: OSError if there is no response."""

    def __call__(self, url: str, *, data: bytes | None = None) -> HttpResponse:
        """Send a GET, or a POST if there is data."""


def fetch(url: str, *, data: bytes | None = None) -> HttpResponse:
    """Fetch a URL without following redirects; see `Fetch`."""
    request = urllib.request.Request(url, data=data)  # noqa: S310 - of the deployment's outputs
    opener = urllib.request.build_opener(_NoRedirect)
    try:
        with opener.open(request, timeout=TIMEOUT_SECONDS) as response:
            return _response(response.status, response.headers, response.read())
    except urllib.error.HTTPError as error:
        return _response(error.code, error.headers, error.read())
    except http.client.HTTPException as error:
        raise OSError(str(error)) from error


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *_: object) -> None:
        """Return the redirect itself as the response."""


def _response(status: int, headers: Message, body: bytes) -> HttpResponse:
    lower = {name.lower(): value for name, value in headers.items()}
    return HttpResponse(status=status, headers=lower, body=body.decode("utf-8", "replace"))


def check_webhook(fetch: Fetch, webhook_url: str) -> Finding:
    """Check that the webhook and its tables are healthy."""
    response = fetch(f"{webhook_url.removesuffix('/sms')}/health")
    if response.status == OK:
        return ok("webhook", f"{webhook_url} answers, and so do its tables")
    remedy = "read the webhook's log; if it never worked, deploy again: cdk deploy"
    return failed("webhook", f"/health: {response.status}: {response.body[:200]}", remedy)


def check_refusal(fetch: Fetch, webhook_url: str) -> Finding:
    """Check that an unsigned text is refused; the body names no choice of any poll."""
    response = fetch(webhook_url, data=b"Body=doctor")
    if response.status == REFUSED:
        return ok("forged texts", "refused")
    remedy = "if this URL is the webhook's, stop the poll and deploy again: cdk deploy"
    return failed("forged texts", f"answered {response.status}, not {REFUSED}", remedy)


def check_clock(fetch: Fetch, webhook_url: str, now_s: float) -> Finding:
    """Compare this machine's clock (epoch seconds) with the one of the webhook."""
    date = fetch(webhook_url.removesuffix("sms")).headers.get("date")
    if not date:
        return skipped("clock", "the webhook's response has no Date header")
    # The header has whole seconds, so on average it is half a second behind.
    skew = now_s - (parsedate_to_datetime(date).timestamp() + 0.5)
    detail = f"this machine is {abs(skew):.1f} s {'ahead' if skew > 0 else 'behind'}"
    remedy = "synchronise the clock of this machine with a time server"
    if abs(skew) > SIGNED_WITHIN:
        return failed("clock", detail, remedy)
    if abs(skew) > NOTICED:
        return warning("clock", f"{detail}: times of opening and closing are off by that", remedy)
    return ok("clock", "right to the second")


def check_page(fetch: Fetch, url: str | None, headers: Mapping[str, str], *, table: str) -> Finding:
    """Check that the dashboard is served with its headers, and that it reads this table."""
    if url is None:
        return skipped("page", "this deployment serves no page")
    page, config = fetch(f"{url}/"), fetch(f"{url}/config.json")
    problems = [
        f"{name}: {page.headers.get(name.lower(), 'missing')!r}, not {value!r}"
        for name, value in headers.items()
        if page.headers.get(name.lower()) != value
    ]
    if "no-cache" not in page.headers.get("cache-control", ""):
        problems.append("Cache-Control: not no-cache: screens keep an old page")
    if config.status != OK or _table_of(config.body) != table:
        problems.append(f"config.json: does not name the table {table}")
    if page.status != OK or "<html" not in page.body.lower():
        problems.insert(0, f"{url}/ answered {page.status}")
    return ok_or_failed("page", problems, f"{url} with all headers", DEPLOY)


def check_boards(fetch: Fetch, url: str | None, poll: str) -> Finding:
    """Check that the screens of a large audience get a board, and that caches may keep it."""
    if url is None:
        return skipped("boards", "this deployment serves no page")
    address = f"{url}/boards/{poll}.json"
    response = fetch(address)
    if response.status != OK:
        remedy = "read the reader's log; if it never worked, deploy again: cdk deploy"
        return failed("boards", f"{address}: {response.status}: {response.body[:100]}", remedy)
    problems = [
        f"{name}: {response.headers.get(name, 'missing')!r}, without {wanted!r}"
        for name, wanted in _BOARD_HEADERS.items()
        if wanted not in response.headers.get(name, "")
    ]
    return ok_or_failed("boards", problems, f"{address} answers", DEPLOY)


def _table_of(config: str) -> object:
    try:
        return json.loads(config).get("aggregatesTable")
    except (ValueError, AttributeError):
        return None


def check_transport(fetch: Fetch, url: str | None) -> Finding:
    """Check that HTTP redirects to HTTPS; API Gateway has HTTPS endpoints only."""
    if not url or not url.startswith("https://"):
        return skipped("HTTP to HTTPS", "on this machine there is no HTTPS")
    if ".execute-api." in url:
        return skipped("HTTP to HTTPS", "the page has no HTTP address")
    response = fetch(url.replace("https://", "http://", 1) + "/")
    if response.headers.get("location", "").startswith("https://"):
        return ok("HTTP to HTTPS", "redirected")
    return failed("HTTP to HTTPS", f"answered {response.status}", DEPLOY)
