"""Twilio's side of the webhook: is a request signed, and what does an answer look like."""

import base64
import hmac
from collections.abc import Sequence
from functools import lru_cache

from starlette.datastructures import FormData
from twilio.request_validator import RequestValidator
from twilio.twiml.messaging_response import MessagingResponse


def is_signed(
    token: str, url: str, fields: Sequence[tuple[str, str]], signature: str | None
) -> bool:
    """Whether Twilio signed exactly these form fields for exactly this URL.

    The URL as we know it is tried first; before a refusal Twilio's own validator decides,
    which also accepts it with or without its port (Twilio, "Webhooks Security").
    """
    if not token or not signature:
        return False
    signed = url + "".join(key + value for key, value in sorted(set(fields)))
    digest = hmac.digest(token.encode(), signed.encode(errors="surrogatepass"), "sha1")
    if hmac.compare_digest(base64.b64encode(digest), signature.encode()):
        return True
    # The validator takes a multi-dict: with repeated fields a plain one loses values.
    return bool(RequestValidator(token).validate(url, FormData([*fields]), signature))


@lru_cache(maxsize=1024)
def twiml(reply: str | None) -> bytes:
    """TwiML that sends one reply, or none. An empty body would be an error to Twilio."""
    response = MessagingResponse()
    if reply is not None:
        response.message(reply)
    return str(response).encode()
