"""Verifies Twilio's signatures and builds TwiML responses."""

import hmac
import re
from collections.abc import Sequence

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
    if hmac.compare_digest(digest(token, url + signed), given):
        return True
    other = _with_other_port(url)
    return other is not None and hmac.compare_digest(digest(token, other + signed), given)


def _with_other_port(url: str) -> str | None:
    """Return the URL with its port added or removed: Twilio may sign either."""
    origin = _ORIGIN.match(url)
    if origin is None:
        return None
    port = "" if origin["port"] else _STANDARD_PORTS[origin["scheme"]]
    return f"{origin['host']}{port}{url[origin.end() :]}"


def twiml(reply: str | None) -> bytes:
    """Build TwiML with one reply or none; Twilio rejects an empty body."""
    response = MessagingResponse()
    if reply is not None:
        response.message(reply)
    return str(response).encode()
