"""What the webhook logs of texts it does not take, and what it believes of a request."""

import asyncio
import json
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

import pytest
from mangum import Mangum

from services.adapters.memory import MemoryBallots
from services.adapters.secrets import Secrets, UnusableSecretError
from services.voting.ballot import Ballot
from services.voting.errors import StoreUnavailableError
from tests.support.function_calls import call_function
from tests.support.polls import NUMBER, a_phone, a_sid
from tests.support.sent import Sent
from tests.support.webhook import BASE_URL, FORM, Desk, signature_of, signed, twilio_form


def logged(capfd: pytest.CaptureFixture[str]) -> list[dict[str, Any]]:
    """The lines of the log."""
    return [json.loads(line) for line in capfd.readouterr().out.splitlines()]


class UnreachableBallots(MemoryBallots):
    """A store that does not answer."""

    async def create(self, ballot: Ballot) -> bool:  # noqa: ARG002
        """Fail."""
        raise StoreUnavailableError("PutItem Votes")


@dataclass
class TickingBallots(MemoryBallots):
    """Takes 1,234.44 ms to store a ballot, and as long for every ballot before it."""

    now: float = 1_000.0

    async def create(self, ballot: Ballot) -> bool:
        """Store it, later."""
        created = await MemoryBallots.create(self, ballot)
        self.now += 1.23444 * len(self.held)
        return created


async def test_a_text_is_logged_with_what_became_of_it_and_how_long_it_took(
    capfd: pytest.CaptureFixture[str],
) -> None:
    """In milliseconds to a tenth; without phone number and text."""
    ballots = TickingBallots()
    desk = Desk(ballots=ballots, monotonic=lambda: ballots.now)
    for phone, body in enumerate(["red", "blue", "purple", "STOP"]):
        await desk.text(body, phone=phone)

    seen = {"event": "text", "poll": "colors", "withheld": False}
    assert logged(capfd) == [
        seen | {"outcome": "accepted", "ms": 1234.4},
        seen | {"outcome": "accepted", "ms": 2468.9},
        seen | {"outcome": "unknown", "ms": 0.0},
        seen | {"outcome": "reserved", "ms": 0.0, "poll": None},
    ]


def weak_pepper() -> Secrets:
    """As the loader tells it."""
    raise UnusableSecretError("voter_pepper", "shorter than 32 characters")


async def test_a_secret_that_cannot_be_used_is_logged_with_its_key_and_the_remedy(
    capfd: pytest.CaptureFixture[str],
) -> None:
    """A stranger learns nothing of it but that the log says more; Twilio may try again."""
    app = Desk(load_secrets=weak_pepper).app
    answer = await Sent().to(app)

    assert (answer.status, answer.headers[b"content-type"]) == (503, b"text/plain; charset=utf-8")
    assert answer.body == b"The webhook's secret cannot be used: see its log."
    assert logged(capfd) == [
        {
            "event": "misconfigured",
            "key": "voter_pepper",
            "reason": "voter_pepper: shorter than 32 characters: "
            "restore the version of the secret that the stack generated",
        }
    ]


async def test_a_text_that_takes_too_long_is_logged_as_an_outage(
    capfd: pytest.CaptureFixture[str],
) -> None:
    """Nothing is known of which call hung."""

    def hang() -> Secrets:
        raise TimeoutError

    answer = await Sent().to(Desk(load_secrets=hang).app)

    assert answer.status == 503
    assert logged(capfd) == [{"event": "unavailable", "operation": "accepting a text"}]


async def test_an_outage_is_logged_with_what_was_tried(capfd: pytest.CaptureFixture[str]) -> None:
    """The answer says when to send the text again."""
    answer = await Desk(ballots=UnreachableBallots()).text("red")
    (line,) = logged(capfd)

    assert (answer.status_code, answer.headers["retry-after"]) == (503, "2")
    assert answer.headers["content-type"] == "text/plain; charset=utf-8"
    assert answer.text == "The store does not answer. Send the same request again."
    assert line == {"event": "unavailable", "operation": "PutItem Votes"}


@pytest.mark.parametrize(
    ("name", "first", "second"),
    [("Body", "red", "blue"), ("To", NUMBER, "+15550100111"), ("From", a_phone(1), a_phone(2))],
)
async def test_of_a_field_given_twice_the_first_counts(name: str, first: str, second: str) -> None:
    """Whatever is appended to a form, also signed, changes nothing of what was there."""
    desk = Desk()
    held: Any = desk.ballots
    await desk.text("red", phone=1)
    (ballot,) = held.held.values()
    held.held.clear()
    form = {"MessageSid": a_sid(), "From": a_phone(1), "To": NUMBER, "Body": "red", name: first}
    pairs = [*form.items(), (name, second)]
    url = f"{BASE_URL}/sms" + "".join(key + value for key, value in sorted(pairs))
    async with desk.client() as client:
        await client.post("/sms", content=urlencode(pairs), headers=signed({}, url))
    (found,) = held.held.values()

    assert (found.sk, found.picks) == (ballot.sk, {"RED": 1})


async def test_of_several_forwarded_hosts_the_first_is_the_one_that_was_called() -> None:
    """Each proxy adds its own behind it."""
    form = twilio_form("red")
    headers = {
        **FORM,
        "X-Twilio-Signature": signature_of(form, "https://votes.example/sms"),
        "X-Forwarded-Proto": "https, http",
        "X-Forwarded-Host": "votes.example, inner.example",
    }
    async with Desk(public_base_url=None).client() as client:
        answer = await client.post("/sms", content=urlencode(form), headers=headers)

    assert answer.status_code == 200


@pytest.mark.parametrize("name", ["host", "x-forwarded-host"])
async def test_behind_api_gateway_no_header_names_the_host(name: str) -> None:
    """A caller chooses headers, and not the domain name of the gateway."""
    form = twilio_form("red")
    url = "https://abc.execute-api.us-east-1.amazonaws.com/sms"
    headers = {key.lower(): value for key, value in signed(form, url).items()}
    event = {
        "version": "2.0", "rawPath": "/sms", "rawQueryString": "", "isBase64Encoded": False,
        "headers": {"host": "a.example"} | headers | {name: "evil.example"},
        "body": urlencode(form),
        "requestContext": {
            "domainName": "abc.execute-api.us-east-1.amazonaws.com",
            "http": {"method": "POST", "path": "/sms", "protocol": "HTTP/1.1", "sourceIp": "127.0.0.1"},
        },
    }  # fmt: skip
    handler = Mangum(Desk(public_base_url=None).app, lifespan="off")

    answer = await asyncio.to_thread(call_function, handler, event)

    assert answer["statusCode"] == 200
