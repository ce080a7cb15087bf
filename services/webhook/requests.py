"""Reads one request of Twilio; verifies the signature before reading any field.

The checks in order: signature header, content type, URL, size of the form, signature, fields.
Every refusal is a row of docs/webhook.md.
"""

from starlette.types import Receive, Scope

from services.adapters.twilio.forms import MOST_BYTES, SignedForm, parse_fields
from services.webhook.errors import RefusedRequestError
from services.webhook.urls import signed_url

SIGNATURE_HEADER = "x-twilio-signature"
FORM_TYPE = "application/x-www-form-urlencoded"
_SIGNATURE = SIGNATURE_HEADER.encode()


async def read_form(scope: Scope, receive: Receive, *, public_base_url: str | None) -> SignedForm:
    """Read the form of a request, without verifying its signature.

    Raises:
        RefusedRequestError: 403 unless there is exactly one signature, 415 if the body is not a
            form, 413 if it is over `MOST_BYTES`, 400 if body, host or query are malformed.
        MalformedFormError: the fields are malformed; answered 400.
    """
    signatures = [value for name, value in scope["headers"] if name == _SIGNATURE]
    if not any(signatures):
        raise RefusedRequestError(403, f"{SIGNATURE_HEADER}: missing: only Twilio may post here")
    if len(signatures) > 1:
        raise RefusedRequestError(403, f"{SIGNATURE_HEADER}: given twice: Twilio sends one")
    headers = dict(reversed(scope["headers"]))
    content_type = headers.get(b"content-type", b"").decode("latin-1")
    if content_type.partition(";")[0].strip().lower() != FORM_TYPE:
        raise RefusedRequestError(415, f"content-type: {content_type[:80]!r}: send {FORM_TYPE}")
    url = signed_url(scope, headers, public_base_url)
    body = await _read_body(receive)
    return SignedForm(url, parse_fields(body), signatures[0].decode("latin-1"))


async def _read_body(receive: Receive) -> bytes:
    """Read the body until it exceeds the maximum; Content-Length is not trusted."""
    body = bytearray()
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise RefusedRequestError(400, "body: cut off: send all of it")
        body += message.get("body", b"")
        if len(body) > MOST_BYTES:
            raise RefusedRequestError(413, f"body: over {MOST_BYTES} bytes: no text is as long")
        if not message.get("more_body"):
            return bytes(body)
