"""The form of a text, as Twilio posts it: its limits, its fields and its signature.

The webhook and the replayer of the fallback queue read it alike.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from services.adapters.twilio.percent import decode_percent
from services.adapters.twilio.webhooks import is_signed
from services.voting.addresses import is_message_sid, is_recipient, is_sender, without_channel
from services.voting.message import Message

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


class MalformedFormError(Exception):
    """A form is not that of a text. `reason` never holds a field's value."""

    def __init__(self, reason: str) -> None:
        self.reason = reason
        super().__init__(reason)


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
            MalformedFormError: a field is missing or malformed; the reason names the field,
                never its value, which may be a phone number.
        """
        form = dict(reversed(self.fields))
        for name, is_valid, problem in _FIELDS:
            if not (value := form.get(name)):
                raise MalformedFormError(f"{name}: missing: every text of Twilio's has one")
            if not is_valid(value):
                raise MalformedFormError(f"{name}: {problem}")
        return Message(
            sid=form["MessageSid"],
            sender=without_channel(form["From"]),
            to=without_channel(form["To"]),
            body=form.get("Body", ""),
        )


def parse_fields(body: bytes) -> list[tuple[str, str]]:
    """Parse like `urllib.parse.parse_qsl` with `keep_blank_values`.

    Raises:
        MalformedFormError: over `MOST_FIELDS` fields, or a % without two hexadecimal digits.
    """
    if body.count(b"&") >= MOST_FIELDS:
        raise MalformedFormError(f"body: over {MOST_FIELDS} fields: send fewer")
    fields = body.replace(b"+", b" ").decode("utf-8", "replace").split("&")
    try:
        return [
            _decoded(field) if "%" in field else field.partition("=")[::2]
            for field in fields
            if field
        ]
    except UnicodeDecodeError:
        raise MalformedFormError("body: malformed: a % without two digits") from None


def _decoded(field: str) -> tuple[str, str]:
    name, _, value = field.partition("=")
    return _decode(name), _decode(value)


def _decode(text: str) -> str:
    return decode_percent(text.encode()).decode("utf-8", "replace") if "%" in text else text
