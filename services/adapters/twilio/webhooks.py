"""Verifies Twilio's signatures and builds TwiML responses."""

import hmac
import re
from collections.abc import Iterator, Sequence

from twilio.twiml.messaging_response import MessagingResponse

from services.adapters.twilio.signature import digest

_ORIGIN = re.compile(r"(?P<host>(?P<scheme>https?)://[^/?#]*?)(?P<port>:[0-9]+)?(?=[/?#]|$)")
_STANDARD_PORTS = {"http": ":80", "https": ":443"}


def is_signed(
    token: str, url: str, fields: Sequence[tuple[str, str]], signature: str | None
) -> bool:
    """Return True if Twilio signed exactly these form fields for exactly this URL.

    Gives the same results as `twilio.request_validator` (Twilio, "Webhooks Security"), which
    takes quadratic time in the fields of a forged form. This takes two digests at most: of the
    given URL, and of the same URL without its port or with the standard one.
    """
    if not token or not signature:
        return False
    signed = "".join(map("".join, sorted(set(fields))))
    given = signature.encode()
    return any(hmac.compare_digest(digest(token, form + signed), given) for form in _url_forms(url))


def _url_forms(url: str) -> Iterator[str]:
    """Yield the URL as given, then with its port added or removed: Twilio may sign either."""
    yield url
    if origin := _ORIGIN.match(url):
        port = "" if origin["port"] else _STANDARD_PORTS[origin["scheme"]]
        yield f"{origin['host']}{port}{url[origin.end() :]}"


def twiml(reply: str | None) -> bytes:
    """Build TwiML with one reply or none; Twilio rejects an empty body."""
    response = MessagingResponse()
    if reply is not None:
        response.message(reply)
    return str(response).encode()
