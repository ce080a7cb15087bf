"""Twilio's side of the webhook: is a request signed, and what does an answer look like."""

import base64
import hmac
import re
from collections.abc import Iterator, Sequence
from functools import lru_cache

from twilio.twiml.messaging_response import MessagingResponse

_ORIGIN = re.compile(r"(?P<host>(?P<scheme>https?)://[^/?#]*?)(?P<port>:[0-9]+)?(?=[/?#]|$)")
_STANDARD_PORTS = {"http": ":80", "https": ":443"}


def is_signed(
    token: str, url: str, fields: Sequence[tuple[str, str]], signature: str | None
) -> bool:
    """Whether Twilio signed exactly these form fields for exactly this URL.

    Agrees with `twilio.request_validator` (Twilio, "Webhooks Security"), whose work on a
    forged form grows with the square of its fields. Here it is two digests at most: of the
    URL as we know it, and of the same URL without its port or with the standard one.
    """
    if not token or not signature:
        return False
    signed = "".join(key + value for key, value in sorted(set(fields)))
    given = signature.encode()
    return any(
        hmac.compare_digest(_signature(token, form + signed), given) for form in _url_forms(url)
    )


def _signature(token: str, signed: str) -> bytes:
    return base64.b64encode(hmac.digest(token.encode(), signed.encode(), "sha1"))


def _url_forms(url: str) -> Iterator[str]:
    """The URL as known, then with the port added or left out: Twilio may do either."""
    yield url
    if origin := _ORIGIN.match(url):
        port = "" if origin["port"] else _STANDARD_PORTS[origin["scheme"]]
        yield f"{origin['host']}{port}{url[origin.end() :]}"


@lru_cache(maxsize=1024)
def twiml(reply: str | None) -> bytes:
    """TwiML that sends one reply, or none. An empty body would be an error to Twilio."""
    response = MessagingResponse()
    if reply is not None:
        response.message(reply)
    return str(response).encode()
