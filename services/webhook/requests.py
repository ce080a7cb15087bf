"""Reads one request of Twilio; verifies the signature before reading any field.

The checks in order: signature header, content type, URL, size of the form, signature, fields.
Every refusal is a row of docs/webhook.md.
"""

from starlette.requests import ClientDisconnect, Request

from services.adapters.twilio.forms import MOST_BYTES, SignedForm, parse_fields
from services.webhook.errors import RefusedRequestError
from services.webhook.urls import signed_url

SIGNATURE_HEADER = "x-twilio-signature"
FORM_TYPE = "application/x-www-form-urlencoded"


async def read_form(request: Request, *, public_base_url: str | None) -> SignedForm:
    """Read the form of a request, without verifying its signature.

    Raises:
        RefusedRequestError: 403 unless there is exactly one signature, 415 if the body is not a
            form, 413 if it is over `MOST_BYTES`, 400 if body, host or query are malformed.
        MalformedFormError: the fields are malformed; answered 400.
    """
    signatures = request.headers.getlist(SIGNATURE_HEADER)
    if not any(signatures):
        raise RefusedRequestError(403, f"{SIGNATURE_HEADER}: missing: only Twilio may post here")
    if len(signatures) > 1:
        raise RefusedRequestError(403, f"{SIGNATURE_HEADER}: given twice: Twilio sends one")
    content_type = request.headers.get("content-type", "")
    if content_type.partition(";")[0].strip().lower() != FORM_TYPE:
        raise RefusedRequestError(415, f"content-type: {content_type[:80]!r}: send {FORM_TYPE}")
    url = signed_url(request, public_base_url)
    return SignedForm(url, parse_fields(await _read_body(request)), signatures[0])


async def _read_body(request: Request) -> bytes:
    """Read the body until it exceeds the maximum; Content-Length is not trusted."""
    body = bytearray()
    try:
        async for chunk in request.stream():
            body += chunk
            if len(body) > MOST_BYTES:
                raise RefusedRequestError(413, f"body: over {MOST_BYTES} bytes: no text is as long")
    except ClientDisconnect:
        raise RefusedRequestError(400, "body: cut off: send all of it") from None
    return bytes(body)
