"""Requests to `POST /sms`: signed by Twilio, signed wrong, or malformed."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode

from tests.support.asgi import FORM_TYPE, HOST, Exchange, Headers, call, http_scope
from tests.support.webhook import BASE_URL, signature_of, twilio_form

SIGNATURE = b"x-twilio-signature"
FORGED = (SIGNATURE, b"RSOYDt4T1cUTdK1PDd93/VVr8B8=")


@dataclass(frozen=True, kw_only=True)
class Sent:
    """A request: signed for its fields, unless it has headers of its own."""

    fields: Mapping[str, str] = field(default_factory=lambda: twilio_form("red"))
    chunks: tuple[bytes | None, ...] | None = None
    headers: Headers | None = None
    url: str | None = f"{BASE_URL}/sms"
    query: bytes = b""
    scope: Mapping[str, Any] = field(default_factory=dict)
    times: int = 1

    async def to(self, app: Any) -> Exchange:
        """Send it so many times; the last answer."""
        signature = (SIGNATURE, signature_of(self.fields, self.url or "").encode())
        headers = (HOST, FORM_TYPE, signature) if self.headers is None else self.headers
        chunks = (urlencode(self.fields).encode(),) if self.chunks is None else self.chunks
        for _ in range(self.times):
            scope = http_scope(headers, query=self.query, **self.scope)
            exchange = await call(app, scope, *chunks)
        return exchange


def with_headers(*more: tuple[bytes, bytes], **changes: Any) -> Sent:
    """A form with these headers beside its type."""
    return Sent(headers=(FORM_TYPE, *more), **changes)


def forged(*hosts: tuple[bytes, bytes], **changes: Any) -> Sent:
    """A form that somebody else has signed."""
    return with_headers(FORGED, *(hosts or (HOST,)), **changes)


def altered(**fields: str) -> Sent:
    """A form signed as it is, with other values."""
    return Sent(fields=twilio_form("red") | fields)


def without(name: str) -> Sent:
    """A signed form that lacks a field."""
    return Sent(fields={key: value for key, value in twilio_form("red").items() if key != name})
