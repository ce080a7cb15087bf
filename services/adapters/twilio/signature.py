"""Twilio's signature of a form (Twilio, "Webhooks Security"); the standard library only."""

import base64
import hmac
from collections.abc import Sequence


def sign(token: str, url: str, fields: Sequence[tuple[str, str]]) -> bytes:
    """Return the signature of a form that is posted to a URL."""
    signed = url + "".join(key + value for key, value in sorted(set(fields)))
    return digest(token, signed)


def digest(token: str, signed: str) -> bytes:
    """Return the signature of a URL that is followed by its sorted fields."""
    return base64.b64encode(hmac.digest(token.encode(), signed.encode(), "sha1"))
