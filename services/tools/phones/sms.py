"""The form fields and the signature with which Twilio posts a text."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from starlette.datastructures import FormData
from twilio.request_validator import RequestValidator

ACCOUNT: Final = "AC00000000000000000000000000000000"


class TextKind(StrEnum):
    """The kinds of simulated texts; the kind determines the expected effect."""

    NEW = "new"
    """The first text of a phone."""
    CHANGED = "changed"
    """A later text of a phone that has voted."""
    REDELIVERED = "redelivered"
    """A text that was delivered before, with the same MessageSid."""
    UNKNOWN = "unknown"
    """A text that is no choice, or a picture without a text."""
    RESERVED = "reserved"
    """A carrier keyword such as STOP."""
    FORGED = "forged"
    """Signed with a wrong token."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SimulatedText:
    """A text; `choice` is the key of the choice it votes for, None if it is no vote."""

    kind: TextKind
    sid: str
    sender: str
    to: str
    body: str
    choice: str | None = None


def form_fields(text: SimulatedText) -> list[tuple[str, str]]:
    """Return the form fields in Twilio's order.

    Twilio, "Twilio's request to your incoming message webhook URL".
    """
    picture = not text.body
    media = [("MediaContentType0", "image/jpeg"), ("MediaUrl0", "https://example.com/0.jpg")]
    opt_out = [("OptOutType", text.body.upper())] if text.kind is TextKind.RESERVED else []
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
    """Return the `X-Twilio-Signature` of a request, computed by Twilio's own library."""
    return str(RequestValidator(token).compute_signature(url, FormData([*fields])))
