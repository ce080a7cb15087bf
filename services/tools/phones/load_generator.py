"""Posts texts to a webhook as Twilio does, and remembers the answers."""

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
"""Twilio gives up on a webhook after so long."""
IDLE_SECONDS: Final = 0.1
"""Between two looks at whether the phones may text again."""
UNREACHED: Final = 0
"""Stands for the status of a text whose webhook could not be reached."""


@dataclass(frozen=True, slots=True, kw_only=True)
class WebhookEndpoint:
    """Where texts go. `public_url` is what is signed, `host` what the request names."""

    url: str
    token: str = field(repr=False)
    public_url: str | None = None
    host: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class WebhookReply:
    """What became of a text. Times by `time.time()`, in seconds."""

    text: SimulatedText
    status: int
    body: str
    sent_at: float
    answered_at: float

    @property
    def accepted(self) -> bool:
        """Whether the webhook took it, whatever it then made of it."""
        return self.status == 200  # noqa: PLR2004 - OK


async def deliver(
    http: aiohttp.ClientSession, line: WebhookEndpoint, text: SimulatedText
) -> WebhookReply:
    """Post one text, signed, and wait for the answer. Never raises for a bad answer."""
    fields = form_fields(text)
    token = "another token" if text.kind is TextKind.FORGED else line.token
    headers = {
        "X-Twilio-Signature": signature(line.public_url or line.url, fields, token),
        "Content-Type": "application/x-www-form-urlencoded; charset=UTF-8",
        "I-Twilio-Idempotency-Token": text.sid,
        "User-Agent": "TwilioProxy/1.1",
    }
    if line.host:
        headers["Host"] = line.host
    sent_at = time.time()
    try:
        async with http.post(line.url, data=urlencode(fields), headers=headers) as response:
            status, body = response.status, await response.text()
    except (aiohttp.ClientError, TimeoutError) as error:
        status, body = UNREACHED, repr(error)
    return WebhookReply(
        text=text, status=status, body=body, sent_at=sent_at, answered_at=time.time()
    )  # fmt: skip


def session() -> aiohttp.ClientSession:
    """A session with Twilio's patience."""
    return aiohttp.ClientSession(
        timeout=aiohttp.ClientTimeout(total=TWILIO_SECONDS),
        connector=aiohttp.TCPConnector(limit=64),
    )


class LoadGenerator:
    """The crowd, texting at a steady rate from a thread of its own until stopped.

    Texts of one phone wait for one another, as a person does for the reply: what the count
    must come to is then known from the texts alone. Whoever looks at the poll tells them its
    round, so that they begin anew after a reset.
    """

    def __init__(self, crowd: Crowd, line: WebhookEndpoint, *, texts_per_second: float) -> None:
        self.texts_per_second = texts_per_second
        self.kinds: Counter[TextKind] = Counter()
        self.statuses: Counter[int] = Counter()
        self.also: Mapping[str, str] = {}
        """What phones that are not of the crowd have voted for: people's."""
        self._expectation = Expectation(crowd)
        self._crowd = crowd
        self._line = line
        self._stopping = threading.Event()
        self._under_way: dict[str, asyncio.Task[None]] = {}
        self._thread = threading.Thread(
            target=lambda: asyncio.run(self._run()), name="phones", daemon=True
        )

    @property
    def in_flight(self) -> int:
        """Texts that have not been answered yet."""
        return len(self._under_way)

    @property
    def votes(self) -> dict[str, str]:
        """What each phone of the crowd has voted for in the current round."""
        return self._expectation.votes

    @property
    def are_waiting(self) -> bool:
        """Whether nobody texts, because voting is not open, or not yet known to be."""
        return self._expectation.is_waiting

    def follow(self, round: Round, looked_at: float) -> None:
        """Tell them the poll's round as it stood in the directory at a moment (`time.time()`)."""
        self._expectation.follow(round, looked_at)

    def tally(self) -> Counter[str]:
        """Votes by choice as they must be counted once everything has arrived."""
        return self._expectation.tally() + Counter(self.also.values())

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
            if self._under_way:
                await asyncio.wait(self._under_way.values(), timeout=1)

    def _send(self, http: aiohttp.ClientSession, text: SimulatedText) -> None:
        before = self._under_way.get(text.sender)
        task = asyncio.create_task(self._text(http, text, before))
        self._under_way[text.sender] = task

    async def _text(
        self, http: aiohttp.ClientSession, text: SimulatedText, before: "asyncio.Task[None] | None"
    ) -> None:
        if before:
            await asyncio.wait([before])
        answer = await deliver(http, self._line, text)
        self.kinds[text.kind] += 1
        self.statuses[answer.status] += 1
        self._expectation.note(answer)
        if self._under_way.get(text.sender) is asyncio.current_task():
            del self._under_way[text.sender]
