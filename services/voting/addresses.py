"""The formats of senders, recipients and message ids in Twilio's requests.

The patterns are Twilio's: "Twilio's request to your incoming message webhook URL" names the
forms of `From`, `To` and `MessageSid`, "Alphanumeric Sender ID" the letters of such an id.
"""

import re
from typing import Final

E164: Final = r"\+[1-9][0-9]{6,14}"
"""A phone number with its country code, as +15550100199."""

CHANNELS: Final = ("whatsapp:", "rcs:")
"""Prefixes of numbers that text through another channel than SMS."""

_SHORT_CODE = r"[0-9]{3,8}"
_SENDER_ID = (
    # The signature does not cover the ends of fields: "123" followed by an empty FromCity has
    # the same signature as the sender id "123FromCity".
    r"(?!.*From(?:City|Country|State|Zip))"
    r"(?=[0-9 +_&-]*[A-Za-z])[A-Za-z0-9 +_&-]{1,11}"
)
_ADDRESS = rf"(?:{E164}|{_SHORT_CODE}|{_SENDER_ID})"
_CHANNEL = "|".join(CHANNELS)

_SENDER = re.compile(rf"(?:{_CHANNEL})?{_ADDRESS}")
_RECIPIENT = re.compile(rf"(?:{_CHANNEL})?{_ADDRESS}|rcs:[A-Za-z0-9_.-]{{1,100}}")
_MESSAGE_SID = re.compile(r"[SM]M[0-9a-fA-F]{32}")


def is_sender(text: str) -> bool:
    """Whether a text can come from this address: a phone, a short code or a sender id."""
    return _SENDER.fullmatch(text) is not None


def is_recipient(text: str) -> bool:
    """Whether a text can go to this address: any sender, or an RCS agent."""
    return _RECIPIENT.fullmatch(text) is not None


def is_message_sid(text: str) -> bool:
    """Whether this is the id of a message: `SM` or `MM` and 32 hexadecimal digits."""
    return _MESSAGE_SID.fullmatch(text) is not None


def without_channel(address: str) -> str:
    """The address without its channel: a number is the same voter on every channel."""
    for channel in CHANNELS:
        if address.startswith(channel):
            return address[len(channel) :]
    return address
