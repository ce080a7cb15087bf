"""The webhook over ports in memory, and Twilio's side of the conversation."""

import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from urllib.parse import urlencode

import httpx
from fastapi import FastAPI
from twilio.request_validator import RequestValidator

from services.adapters.memory import MemoryBallots, MemoryDirectory
from services.adapters.secrets import Secrets
from services.adapters.ttl_cache import Cached
from services.voting.intake import Intake
from services.voting.poll import Round
from services.voting.ports import Ballots, DirectorySource
from services.webhook.app import create_app
from services.webhook.health import Probe
from services.webhook.routes import Dependencies
from tests.support.polls import NOON, NUMBER, PEPPER, a_phone, a_round, a_sid

TOKEN = "12345"
BASE_URL = "https://votes.example.com"
FORM = {"Content-Type": "application/x-www-form-urlencoded; charset=UTF-8"}


async def well() -> None:
    """A probe of a table that answers."""


@dataclass
class Desk:
    """A webhook, its store and its clocks; `monotonic` in seconds, of limits and caches."""

    rounds: list[Round] = field(default_factory=lambda: [a_round()])
    ballots: Ballots = field(default_factory=MemoryBallots)
    token: str = TOKEN
    public_base_url: str | None = BASE_URL
    now_ms: int = NOON
    monotonic: Callable[[], float] = time.monotonic
    probes: Mapping[str, Probe] = field(default_factory=lambda: {"votes": well})
    close: Callable[[], Awaitable[None]] | None = None
    directory: DirectorySource | None = None
    """What reads the polls, if not the rounds."""
    load_secrets: Callable[[], Secrets] | None = None
    """What reads the secrets, if not `token` and a pepper."""
    secrets_stale_seconds: float = 0

    @property
    def app(self) -> FastAPI:
        """The application over these parts."""
        return create_app(
            Dependencies(
                intake=Intake(
                    directory=self.directory or MemoryDirectory(self.rounds),
                    ballots=self.ballots,
                    clock=lambda: self.now_ms,
                ),
                secrets=Cached(
                    self.load_secrets or (lambda: Secrets(self.token, PEPPER)),
                    seconds=60,
                    stale_seconds=self.secrets_stale_seconds,
                    monotonic=self.monotonic,
                ),
                probes=self.probes,
                public_base_url=self.public_base_url,
                monotonic=self.monotonic,
                close=self.close,
            )
        )

    def client(self) -> httpx.AsyncClient:
        """A client that talks to the application without a network."""
        transport = httpx.ASGITransport(self.app)
        return httpx.AsyncClient(transport=transport, base_url="http://testserver")

    async def text(
        self, body: str, *, phone: int = 0, sid: str | None = None, **extra: str
    ) -> httpx.Response:
        """Send one signed text."""
        form = twilio_form(body, phone=phone, sid=sid) | extra
        async with self.client() as client:
            return await client.post("/sms", content=urlencode(form), headers=signed(form))


def twilio_form(body: str, *, phone: int = 0, sid: str | None = None) -> dict[str, str]:
    """The fields that matter, and one that Twilio may add without notice."""
    return {
        "MessageSid": sid or a_sid(),
        "From": a_phone(phone),
        "To": NUMBER,
        "Body": body,
        "SomethingNew": "1",
    }


def signed(form: Mapping[str, str], url: str = f"{BASE_URL}/sms") -> dict[str, str]:
    """The headers that Twilio sends with a form."""
    return {**FORM, "X-Twilio-Signature": signature_of(form, url)}


def signature_of(form: Mapping[str, str], url: str) -> str:
    """The signature of a form, by Twilio's own library."""
    return str(RequestValidator(TOKEN).compute_signature(url, dict(form)))
