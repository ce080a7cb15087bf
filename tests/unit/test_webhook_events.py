"""What the webhook logs of texts it does not take, and what it believes of a request."""

import asyncio
import json
from typing import Any
from urllib.parse import urlencode

import pytest
from mangum import Mangum

from services.adapters.memory import MemoryBallots
from services.voting.ballot import Ballot
from services.voting.errors import StoreUnavailableError
from services.voting.poll import Round
from services.webhook import log
from tests.support.polls import NUMBER, a_phone, a_sid
from tests.support.webhook import BASE_URL, FORM, Desk, signature_of, signed, twilio_form


def logged(capfd: pytest.CaptureFixture[str]) -> list[dict[str, Any]]:
    """The lines of the log."""
    return [json.loads(line) for line in capfd.readouterr().out.splitlines()]


class UnreachableBallots(MemoryBallots):
    """A store that does not answer."""

    async def create(self, ballot: Ballot, standing_in: Round) -> bool:  # noqa: ARG002
        """Fail."""
        raise StoreUnavailableError("PutItem Votes")


async def test_a_refused_request_is_logged_with_status_and_reason(
    capfd: pytest.CaptureFixture[str],
) -> None:
    """A metric counts the event, and an alarm tells of a wrong token."""
    log.configure()
    async with Desk().client() as client:
        answer = await client.post("/sms", content=urlencode(twilio_form("red")), headers=FORM)
    (line,) = logged(capfd)

    assert answer.status_code == 403
    assert (line["event"], line["status"]) == ("refused", 403)
    assert "x-twilio-signature" in line["reason"]


async def test_an_outage_is_logged_with_what_was_tried(capfd: pytest.CaptureFixture[str]) -> None:
    """A metric counts that event, too."""
    log.configure()
    answer = await Desk(ballots=UnreachableBallots()).text("red")
    (line,) = logged(capfd)

    assert answer.status_code == 503
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

    answer = await asyncio.to_thread(_call, handler, event)

    assert answer["statusCode"] == 200


def _call(handler: Mangum, event: dict[str, Any]) -> dict[str, Any]:
    """Mangum runs an event loop of its own."""
    asyncio.set_event_loop(asyncio.new_event_loop())
    return dict(handler(event, object()))  # type: ignore[arg-type]
