"""Reading one request of Twilio's, in the order that gives a forger nothing.

First the signature header must be there, then the form's type and size, then the
signature itself; only then is any field looked at. Imports Starlette and the adapters.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import parse_qsl

from starlette.requests import Request

from services.adapters.twilio import is_signed
from services.voting.message import Message

SIGNATURE_HEADER = "x-twilio-signature"
FORM_TYPE = "application/x-www-form-urlencoded"
MOST_BYTES = 64 * 1024
MOST_FIELDS = 1000
"""Twilio sends about twenty, and adds more without notice."""


class RefusedRequestError(Exception):
    """A request that is not a text message. `status` is the HTTP status that says so."""

    def __init__(self, status: int, reason: str) -> None:
        self.status = status
        self.reason = reason
        super().__init__(reason)


@dataclass(frozen=True, slots=True)
class SignedForm:
    """A form with a signature that nobody has checked yet, so no field may be looked at."""

    url: str
    fields: Sequence[tuple[str, str]]
    signature: str

    def is_signed(self, token: str) -> bool:
        """Whether the account of this auth token signed the form for this URL."""
        return is_signed(token, self.url, self.fields, self.signature)

    def message(self) -> Message:
        """The text it carries; only of a form whose signature is right.

        Raises:
            RefusedRequestError: 400 where a field is missing.
        """
        form = dict(reversed(self.fields))
        for name in ("MessageSid", "From", "To"):
            if not form.get(name):
                raise RefusedRequestError(400, f"{name}: missing: every text of Twilio's has one")
        return Message(
            sid=form["MessageSid"], sender=form["From"], to=form["To"], body=form.get("Body", "")
        )


async def read_form(request: Request, *, public_base_url: str | None) -> SignedForm:
    """The form that a request carries.

    Raises:
        RefusedRequestError: 403 where it has no signature, 415 or 413 where the body is no form
            or over 64 KB, 400 where it has too many fields.
    """
    signature = request.headers.get(SIGNATURE_HEADER)
    if not signature:
        raise RefusedRequestError(403, f"{SIGNATURE_HEADER}: missing: only Twilio may post here")
    kind = request.headers.get("content-type", "")
    if kind.partition(";")[0].strip().lower() != FORM_TYPE:
        raise RefusedRequestError(415, f"content-type: {kind[:80]!r}: send {FORM_TYPE}")
    fields = _parse(await _read_body(request))
    return SignedForm(signed_url(request, public_base_url), fields, signature)


def signed_url(request: Request, public_base_url: str | None) -> str:
    """The URL as Twilio called it, which is what it signed.

    `PUBLIC_BASE_URL` knows best; else API Gateway's own domain name, which a caller cannot
    choose; else what the proxy in front of us says.
    """
    path = request.url.path
    if request.url.query:
        path = f"{path}?{request.url.query}"
    if public_base_url:
        return f"{public_base_url.rstrip('/')}{path}"
    gateway = request.scope.get("aws.event", {}).get("requestContext", {}).get("domainName")
    if gateway:
        return f"https://{gateway}{path}"
    scheme = request.headers.get("x-forwarded-proto", request.url.scheme)
    host = request.headers.get("x-forwarded-host", request.headers.get("host", ""))
    return f"{scheme}://{host}{path}"


async def _read_body(request: Request) -> bytes:
    """The body, given up as soon as it is over 64 KB, whatever its length header says."""
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > MOST_BYTES:
            raise RefusedRequestError(413, f"body: over {MOST_BYTES} bytes: no text is as long")
    return bytes(body)


def _parse(body: bytes) -> list[tuple[str, str]]:
    try:
        return parse_qsl(
            body.decode("ascii", "replace"), keep_blank_values=True, max_num_fields=MOST_FIELDS
        )
    except ValueError:
        raise RefusedRequestError(400, f"body: over {MOST_FIELDS} fields: send fewer") from None
