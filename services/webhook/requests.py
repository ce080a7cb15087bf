"""Reads one request of Twilio; verifies the signature before reading any field.

The checks in order: signature header, content type, URL, size of the form, signature, fields.
Every refusal is a row of docs/webhook.md.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from starlette.requests import ClientDisconnect, Request

from services.adapters.twilio.webhooks import is_signed
from services.voting.addresses import is_message_sid, is_recipient, is_sender, without_channel
from services.voting.message import Message
from services.webhook.errors import RefusedRequestError
from services.webhook.percent import decode_percent
from services.webhook.urls import signed_url

SIGNATURE_HEADER = "x-twilio-signature"
FORM_TYPE = "application/x-www-form-urlencoded"

MOST_BYTES = 20 * 1024
"""Maximum size of a form: above that of the longest text, and cheap to decode if it is forged.

Twilio's `Body` has at most 1,600 UTF-16 units. A unit is at most three bytes of UTF-8, each
sent as `%XX`: 14,400 bytes. Ten media of about 260 bytes (`MediaUrl0` and its type) are 2,600,
and thirty short fields 1,500: 18,500.
"""

MOST_FIELDS = 100
"""Maximum number of fields. Twilio sends 20, or 40 with ten media, and may add more."""

_FIELDS: Sequence[tuple[str, Callable[[str], bool], str]] = (
    ("MessageSid", is_message_sid, "not SM or MM and 32 hexadecimal digits"),
    ("From", is_sender, "no phone number, short code or sender id"),
    ("To", is_recipient, "no phone number, short code, sender id or agent"),
)


@dataclass(frozen=True, slots=True)
class SignedForm:
    """A form and its signature; call `is_signed` before `message`."""

    url: str
    fields: Sequence[tuple[str, str]]
    signature: str

    def is_signed(self, token: str) -> bool:
        """Return True if the signature fits this auth token, the URL and the form."""
        return is_signed(token, self.url, self.fields, self.signature)

    def message(self) -> Message:
        """Read the text from a form whose signature was verified; addresses have no channel.

        The signature does not cover the borders between fields, so each field must match its
        pattern: a field that contains the next one does not.

        Raises:
            RefusedRequestError: 400 if a field is missing or malformed; the reason names the
                field, never its value, which may be a phone number.
        """
        form = dict(reversed(self.fields))
        for name, is_valid, problem in _FIELDS:
            if not (value := form.get(name)):
                raise RefusedRequestError(400, f"{name}: missing: every text of Twilio's has one")
            if not is_valid(value):
                raise RefusedRequestError(400, f"{name}: {problem}")
        return Message(
            sid=form["MessageSid"],
            sender=without_channel(form["From"]),
            to=without_channel(form["To"]),
            body=form.get("Body", ""),
        )


async def read_form(request: Request, *, public_base_url: str | None) -> SignedForm:
    """Read the form of a request, without verifying its signature.

    Raises:
        RefusedRequestError: 403 unless there is exactly one signature, 415 if the body is not a
            form, 413 if it is over `MOST_BYTES`, 400 if body, host or query are malformed.
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
    return SignedForm(url, _parse(await _read_body(request)), signatures[0])


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


def _parse(body: bytes) -> list[tuple[str, str]]:
    """Parse like `urllib.parse.parse_qsl` with `keep_blank_values`."""
    if body.count(b"&") >= MOST_FIELDS:
        raise RefusedRequestError(400, f"body: over {MOST_FIELDS} fields: send fewer")
    fields = body.replace(b"+", b" ").decode("utf-8", "replace").split("&")
    try:
        return [_split(field) for field in fields if field]
    except UnicodeDecodeError:
        raise RefusedRequestError(400, "body: malformed: a % without two digits") from None


def _split(field: str) -> tuple[str, str]:
    name, _, value = field.partition("=")
    return (_decode(name), _decode(value)) if "%" in field else (name, value)


def _decode(text: str) -> str:
    return decode_percent(text.encode()).decode("utf-8", "replace")
