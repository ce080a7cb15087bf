"""One text of a simulated phone, as Twilio posts it: its fields and its signature."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from starlette.datastructures import FormData
from twilio.request_validator import RequestValidator

ACCOUNT: Final = "AC00000000000000000000000000000000"


class Kind(StrEnum):
    """Why a text was sent; its effect follows from it."""

    NEW = "new"
    """The first text of a phone."""
    CHANGED = "changed"
    """A later text of a phone that has voted."""
    REDELIVERED = "redelivered"
    """A text that was delivered before, with the same MessageSid."""
    UNKNOWN = "unknown"
    """Words that are no choice, or a picture without words."""
    RESERVED = "reserved"
    """STOP and its kin."""
    FORGED = "forged"
    """Signed with another token than the account's."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Text:
    """A text; `choice` is the key of what it votes for, None where it votes for nothing."""

    kind: Kind
    sid: str
    sender: str
    to: str
    body: str
    choice: str | None = None


def form_fields(text: Text) -> list[tuple[str, str]]:
    """The form fields in the order Twilio sends them.

    Twilio, "Twilio's request to your incoming message webhook URL".
    """
    picture = not text.body
    media = [("MediaContentType0", "image/jpeg"), ("MediaUrl0", "https://example.com/0.jpg")]
    opt_out = [("OptOutType", text.body.upper())] if text.kind is Kind.RESERVED else []
    return [
        ("ToCountry", "US"),
        ("ToState", ""),
        ("SmsMessageSid", text.sid),
        ("NumMedia", "1" if picture else "0"),
        *(media if picture else []),
        ("ToCity", ""),
        ("FromZip", ""),
        ("SmsSid", text.sid),
        *opt_out,
        ("FromState", ""),
        ("SmsStatus", "received"),
        ("FromCity", ""),
        ("Body", text.body),
        ("FromCountry", "US"),
        ("To", text.to),
        ("ToZip", ""),
        ("NumSegments", "1"),
        ("MessageSid", text.sid),
        ("AccountSid", ACCOUNT),
        ("From", text.sender),
        ("ApiVersion", "2010-04-01"),
    ]


def signature(url: str, fields: Sequence[tuple[str, str]], token: str) -> str:
    """The `X-Twilio-Signature` of a request, computed by Twilio's own library."""
    return str(RequestValidator(token).compute_signature(url, FormData([*fields])))
