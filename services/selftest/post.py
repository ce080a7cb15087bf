"""Posts one text as Twilio does; imports the standard library only, besides the signature."""

import http.client
import urllib.error
import urllib.request
from dataclasses import dataclass, field
from typing import Final
from urllib.parse import urlencode, urlsplit

from services.adapters.twilio.signature import sign

TIMEOUT_SECONDS: Final = 15
"""Twilio's timeout for a webhook."""

UNREACHABLE: Final = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class ProbeText:
    """One text of a self-test."""

    sid: str
    sender: str
    to: str
    body: str


@dataclass(frozen=True, slots=True, kw_only=True)
class TextReceiver:
    """Where to post texts. The signature covers `url`; `address` is where it can be reached."""

    url: str
    address: str
    token: str = field(repr=False)

    def post(self, text: ProbeText) -> int:
        """Post a signed text; return the HTTP status, 0 without an answer."""
        fields = [
            ("Body", text.body), ("From", text.sender), ("MessageSid", text.sid), ("To", text.to),
        ]  # fmt: skip
        request = urllib.request.Request(  # noqa: S310 - of the deployment's outputs
            self.address,
            data=urlencode(fields).encode(),
            headers={
                "X-Twilio-Signature": sign(self.token, self.url, fields).decode(),
                "Content-Type": "application/x-www-form-urlencoded; charset=UTF-8",
                "I-Twilio-Idempotency-Token": text.sid,
                "User-Agent": "TwilioProxy/1.1",
                "Host": urlsplit(self.url).netloc,
            },
        )
        try:
            with urllib.request.urlopen(request, timeout=TIMEOUT_SECONDS) as answer:  # noqa: S310
                return int(answer.status)
        except urllib.error.HTTPError as error:
            return error.code
        except (OSError, http.client.HTTPException):
            return UNREACHABLE
