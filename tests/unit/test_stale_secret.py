"""Texts while the secret cannot be read: accepted by the old token, never refused by it."""

from dataclasses import dataclass, field
from urllib.parse import urlencode

import httpx
import pytest

from services.adapters.secrets import Secrets, UnusableSecretError
from services.voting.errors import StoreUnavailableError
from tests.support.polls import PEPPER
from tests.support.webhook import BASE_URL, TOKEN, Desk, signed, twilio_form


@dataclass
class Vault:
    """A secret that can be read at first, and a clock in seconds."""

    token: str = TOKEN
    error: Exception | None = None
    now: float = 0.0
    reads: int = 0
    desk: Desk = field(init=False)

    def __post_init__(self) -> None:
        self.desk = Desk(
            load_secrets=self.read, monotonic=lambda: self.now, secrets_stale_seconds=3600
        )

    def read(self) -> Secrets:
        """Read the secret, unless it cannot be read."""
        self.reads += 1
        if self.error:
            raise self.error
        return Secrets(self.token, PEPPER)


async def post(client: httpx.AsyncClient) -> int:
    """The status of a text that is signed with today's token."""
    form = twilio_form("red")
    return (await client.post("/sms", content=urlencode(form), headers=signed(form))).status_code


@pytest.mark.parametrize(
    ("error", "status"),
    [
        (StoreUnavailableError("GetSecretValue"), 503),
        (UnusableSecretError("SecretString", "not a JSON object"), 503),
    ],
)
async def test_texts_are_accepted_by_the_secret_that_was_read_last(
    error: Exception, status: int
) -> None:
    """For an hour; then Twilio is asked to send them again."""
    vault = Vault()
    transport = httpx.ASGITransport(vault.desk.app)
    async with httpx.AsyncClient(transport=transport, base_url=BASE_URL) as client:
        first = await post(client)
        vault.error, vault.now = error, 3_599
        kept = await post(client)
        vault.now = 3_600
        late = await post(client)

    assert (first, kept, late) == (200, 200, status)


async def test_a_signature_that_the_old_secret_does_not_fit_is_sent_again() -> None:
    """The token may have been changed at Twilio: a refusal would lose the text."""
    vault = Vault(token="the token before")
    transport = httpx.ASGITransport(vault.desk.app)
    async with httpx.AsyncClient(transport=transport, base_url=BASE_URL) as client:
        refused = await post(client)
        vault.error, vault.now = StoreUnavailableError("GetSecretValue"), 10
        asked_again = [await post(client) for _ in range(3)]
        reads = vault.reads
        vault.error, vault.now, vault.token = None, 20, TOKEN
        accepted = await post(client)

    assert refused == 403
    assert asked_again == [503] * 3
    assert reads == 2  # one at first, one in the outage
    assert accepted == 200
