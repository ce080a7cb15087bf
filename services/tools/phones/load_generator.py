"""Posts texts to a webhook as Twilio does, and counts the replies."""

import asyncio
import threading
import time
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final, Self
from urllib.parse import urlencode

import aiohttp

from services.tools.phones.crowd import Crowd
from services.tools.phones.expectation import Expectation
from services.tools.phones.sms import SimulatedText, TextKind, form_fields, signature
from services.voting.poll import Round

TWILIO_SECONDS: Final = 15
"""Twilio's timeout for a webhook."""
IDLE_SECONDS: Final = 0.1
"""Time between two checks whether the phones may text again."""
UNREACHABLE: Final = 0
"""Status of a text whose webhook could not be reached."""


@dataclass(frozen=True, slots=True, kw_only=True)
class WebhookEndpoint:
    """Where to post texts; the signature covers `public_url`, the Host header is `host`."""

    url: str
    token: str = field(repr=False)
    public_url: str | None = None
    host: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class WebhookReply:
    """The webhook's reply to a text; times are those of `time.time()`, in seconds."""

    text: SimulatedText
    status: int
    body: str
    sent_at: float
    answered_at: float

    @property
    def accepted(self) -> bool:
        """Whether the webhook answered with 200."""
        return self.status == 200  # noqa: PLR2004 - OK


async def deliver(
    http: aiohttp.ClientSession, endpoint: WebhookEndpoint, text: SimulatedText
) -> WebhookReply:
    """Post a signed text and wait for the reply. Never raises for an error response."""
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


def session(*, connections: int = 64) -> aiohttp.ClientSession:
    """Create a session with Twilio's timeout and so many connections at most; 0: no limit."""
    return aiohttp.ClientSession(
        timeout=aiohttp.ClientTimeout(total=TWILIO_SECONDS),
        connector=aiohttp.TCPConnector(limit=connections),
    )


class LoadGenerator:
    """Sends a crowd's texts at a steady rate from its own thread until it is stopped.

    A phone sends its next text only after the reply to the last one, so that the expected count
    follows from the texts alone. Call `update_round` regularly, so that the crowd votes again
    after a reset.
    """

    def __init__(self, crowd: Crowd, endpoint: WebhookEndpoint, *, texts_per_second: float) -> None:
        self.texts_per_second = texts_per_second
        self.kinds: Counter[TextKind] = Counter()
        self.statuses: Counter[int] = Counter()
        self.handset_votes: Mapping[str, str] = {}
        """Votes that people sent from the phone page."""
        self._expectation = Expectation(crowd)
        self._crowd = crowd
        self._endpoint = endpoint
        self._stopping = threading.Event()
        self._tasks: dict[str, asyncio.Task[None]] = {}
        self._thread = threading.Thread(
            target=lambda: asyncio.run(self._run()), name="phones", daemon=True
        )

    @property
    def in_flight(self) -> int:
        """Number of texts that wait for a reply."""
        return len(self._tasks)

    @property
    def votes(self) -> dict[str, str]:
        """The choice of each phone of the crowd in the current round."""
        return self._expectation.votes

    @property
    def are_waiting(self) -> bool:
        """Whether the phones pause because voting is not open, or not yet on all webhooks."""
        return self._expectation.is_waiting

    def update_round(self, round: Round, read_at: float) -> None:
        """Set the poll's round as it was read from the directory at a time (`time.time()`)."""
        self._expectation.update_round(round, read_at)

    def tally(self) -> Counter[str]:
        """Return the expected votes by choice once every text is counted."""
        return self._expectation.tally() + Counter(self.handset_votes.values())

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stopping.set()
        self._thread.join(timeout=2)

    async def _run(self) -> None:
        due = time.monotonic()
        async with session() as http:
            while not self._stopping.is_set():
                if not self._expectation.may_text(time.time(), in_flight=self.in_flight):
                    await asyncio.sleep(IDLE_SECONDS)
                    due = time.monotonic()
                    continue
                self._send(http, self._crowd.next())
                due = max(due + 1 / self.texts_per_second, time.monotonic() - 1)
                await asyncio.sleep(max(0.0, due - time.monotonic()))
            if self._tasks:
                await asyncio.wait(self._tasks.values(), timeout=1)

    def _send(self, http: aiohttp.ClientSession, text: SimulatedText) -> None:
        before = self._tasks.get(text.sender)
        task = asyncio.create_task(self._text(http, text, before))
        self._tasks[text.sender] = task

    async def _text(
        self, http: aiohttp.ClientSession, text: SimulatedText, before: "asyncio.Task[None] | None"
    ) -> None:
        if before:
            await asyncio.wait([before])
        reply = await deliver(http, self._endpoint, text)
        self.kinds[text.kind] += 1
        self.statuses[reply.status] += 1
        self._expectation.add_reply(reply)
        if self._tasks.get(text.sender) is asyncio.current_task():
            del self._tasks[text.sender]
