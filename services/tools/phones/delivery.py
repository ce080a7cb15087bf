"""Posts texts to a webhook as Twilio does, with Twilio's signature and timeout."""

import time
import xml.etree.ElementTree as ET
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final
from urllib.parse import urlencode

from services.tools.phones.sms import SimulatedText, TextKind, form_fields, signature

if TYPE_CHECKING:
    import aiohttp

TWILIO_SECONDS: Final = 15
"""Twilio's timeout for a webhook."""
UNREACHABLE: Final = 0
"""Status of a text whose webhook could not be reached."""


@dataclass(frozen=True, slots=True, kw_only=True)
class WebhookEndpoint:
    """Where to post texts; the signature covers `public_url`, the Host header is `host`."""

    url: str
    token: str = field(repr=False)
    public_url: str | None = None
    host: str | None = None

    async def deliver(self, http: "aiohttp.ClientSession", text: SimulatedText) -> "WebhookReply":
        """Post a signed text once; see `deliver`."""
        return await deliver(http, self, text)


@dataclass(frozen=True, slots=True, kw_only=True)
class WebhookReply:
    """The webhook's reply to a text; times are those of `time.time()`, in seconds.

    `due_at` is when the text was to be sent, if that was fixed in advance.
    """

    text: SimulatedText
    status: int
    body: str
    sent_at: float
    answered_at: float
    due_at: float | None = None

    @property
    def accepted(self) -> bool:
        """Whether the webhook answered with 200."""
        return self.status == 200  # noqa: PLR2004 - OK

    @property
    def milliseconds(self) -> float:
        """The time from the text to its reply."""
        return (self.answered_at - self.sent_at) * 1000

    @property
    def milliseconds_from_due(self) -> float:
        """The time from when the text was due to its reply.

        A slow server delays texts; measured from when they are sent, it would look faster than a
        phone finds it ("coordinated omission").
        """
        return (self.answered_at - (self.due_at or self.sent_at)) * 1000


def session(*, connections: int = 64) -> "aiohttp.ClientSession":
    """Create a session with Twilio's timeout and so many connections at most; 0: no limit."""
    import aiohttp  # slow: commands start without it

    return aiohttp.ClientSession(
        timeout=aiohttp.ClientTimeout(total=TWILIO_SECONDS),
        connector=aiohttp.TCPConnector(limit=connections),
    )


async def deliver(
    http: "aiohttp.ClientSession", endpoint: WebhookEndpoint, text: SimulatedText
) -> WebhookReply:
    """Post a signed text and wait for the reply. Never raises for an error response."""
    import aiohttp  # slow: commands start without it

    fields = form_fields(text)
    token = "another token" if text.kind is TextKind.FORGED else endpoint.token
    headers = {
        "X-Twilio-Signature": signature(endpoint.public_url or endpoint.url, fields, token),
        "Content-Type": "application/x-www-form-urlencoded; charset=UTF-8",
        "I-Twilio-Idempotency-Token": text.sid,
        "User-Agent": "TwilioProxy/1.1",
    }
    if endpoint.host:
        headers["Host"] = endpoint.host
    sent_at = time.time()
    try:
        async with http.post(endpoint.url, data=urlencode(fields), headers=headers) as response:
            status, body = response.status, await response.text()
    except (aiohttp.ClientError, TimeoutError) as error:
        status, body = UNREACHABLE, repr(error)
    return WebhookReply(
        text=text, status=status, body=body, sent_at=sent_at, answered_at=time.time()
    )  # fmt: skip


async def deliver_one(endpoint: WebhookEndpoint, text: SimulatedText) -> WebhookReply:
    """Post a signed text with a session of its own; see `deliver`."""
    async with session() as http:
        return await deliver(http, endpoint, text)


def message_in(twiml: str) -> str | None:
    """Return the message in a TwiML response, or None if it has none."""
    found = ET.fromstring(twiml).find("Message")  # noqa: S314 - the response of our own webhook
    return None if found is None else "".join(found.itertext())
