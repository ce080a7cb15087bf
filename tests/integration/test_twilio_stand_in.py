"""The stand-in of Twilio delivers texts to a webhook over HTTP, and logs them."""

import asyncio
import socket
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest
from aiohttp import web

from services.adapters.twilio.client import client_from_env
from services.adapters.twilio.message_log import LoggedText, MessageLog
from services.adapters.twilio.numbers import TwilioNumbers
from services.adapters.twilio.webhooks import is_signed
from services.tools.twilio.stand_in import TwilioStandIn

TOKEN, SID = "a-token-for-tests-only", "AC" + "0" * 32
NUMBER, PHONE = "+15550100177", "+15550100101"
EMPTY = "<Response></Response>"
HANG = 0
"""The status of an answer that never comes."""


@dataclass
class Webhook:
    """A webhook that answers with given statuses, then with 200; it notes what it was sent."""

    url: str = ""
    reply: str = EMPTY
    statuses: list[int] = field(default_factory=list)
    fields: list[dict[str, str]] = field(default_factory=list)
    headers: list[dict[str, str]] = field(default_factory=list)
    signed_url: str = ""

    async def answer(self, request: web.Request) -> web.Response:
        """Check the signature, note the text, and do what was asked for."""
        pairs = [(name, str(value)) for name, value in (await request.post()).items()]
        signature = request.headers["X-Twilio-Signature"]
        assert is_signed(TOKEN, self.signed_url or self.url, pairs, signature)
        self.fields.append(dict(pairs))
        self.headers.append(dict(request.headers))
        status = self.statuses.pop(0) if self.statuses else 200
        if status == HANG:
            await asyncio.Event().wait()
        return web.Response(text=self.reply, status=status, content_type="text/xml")


@pytest.fixture
async def webhook() -> AsyncIterator[Webhook]:
    """The webhook on a free port of loopback."""
    async for one in serve():
        yield one


@pytest.fixture
async def fallback() -> AsyncIterator[Webhook]:
    """Another one, for the fallback URL."""
    async for one in serve():
        yield one


async def serve() -> AsyncIterator[Webhook]:
    """Serve a webhook; requests that hang are given up at the end."""
    webhook, app = Webhook(), web.Application()
    app.router.add_post("/sms", webhook.answer)
    runner = web.AppRunner(app, handler_cancellation=True, shutdown_timeout=0.01)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    webhook.url = f"http://127.0.0.1:{runner.addresses[0][1]}/sms"
    yield webhook
    await runner.cleanup()


@pytest.fixture
def closed_url() -> Iterator[str]:
    """The URL of a port that nobody listens on."""
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))
        yield f"http://127.0.0.1:{held.getsockname()[1]}/sms"


def failures(twilio: TwilioStandIn, sid: str) -> list[str | None]:
    """What each request for a text failed with."""
    return [attempt.outcome.failure for attempt in twilio.attempts[sid]]


async def send(twilio: TwilioStandIn, body: str = "RED") -> str:
    """Send a text and wait for the end of its delivery."""
    sid = await twilio.send(PHONE, NUMBER, body)
    await twilio.settle()
    return sid


def client_of(twilio: TwilioStandIn) -> Any:
    """Twilio's library for the stand-in's account."""
    environ = {"TWILIO_ACCOUNT_SID": SID, "TWILIO_AUTH_TOKEN": TOKEN}
    return client_from_env(environ | {"TWILIO_API_URL": twilio.api_url})


async def logged(twilio: TwilioStandIn) -> list[LoggedText]:
    """The texts of the log, as Twilio's library reads them."""
    log = MessageLog(client_of(twilio))
    return await asyncio.to_thread(lambda: list(log.received(NUMBER, 0)))


async def test_a_text_is_delivered_with_its_signature_and_logged(webhook: Webhook) -> None:
    """With the same sid in both; the fragment is neither sent nor signed."""
    async with TwilioStandIn(TOKEN) as twilio:
        twilio.account.add_number(NUMBER, sms_url=f"{webhook.url}#rc=3&rp=all&ct=500")
        sid = await send(twilio, "blue é + & =")
        [text] = await logged(twilio)

    [fields] = webhook.fields
    assert (fields["From"], fields["To"], fields["Body"]) == (PHONE, NUMBER, "blue é + & =")
    assert fields["MessageSid"] == sid == text.sid
    assert text.body == "blue é + & ="
    assert failures(twilio, sid) == [None]


async def test_a_failure_is_tried_again_as_the_overrides_say(webhook: Webhook) -> None:
    """Every attempt is the same text with the same token; the fourth is answered."""
    webhook.statuses = [503, 429, 500]
    async with TwilioStandIn(TOKEN) as twilio:
        twilio.account.add_number(NUMBER, sms_url=f"{webhook.url}#rc=3&rp=all")
        sid = await send(twilio)

    assert failures(twilio, sid) == ["5xx", "4xx", "5xx", None]
    assert len({header["I-Twilio-Idempotency-Token"] for header in webhook.headers}) == 1
    assert [fields["MessageSid"] for fields in webhook.fields] == [sid] * 4


async def test_without_overrides_an_error_goes_to_the_fallback(
    webhook: Webhook, fallback: Webhook
) -> None:
    """It is signed for the fallback URL, with the error beside the text's fields."""
    webhook.statuses = [500]
    async with TwilioStandIn(TOKEN) as twilio:
        twilio.account.add_number(NUMBER, sms_url=webhook.url, sms_fallback_url=fallback.url)
        sid = await send(twilio)

    [fields] = fallback.fields
    assert (fields["MessageSid"], fields["Body"]) == (sid, "RED")
    assert (fields["ErrorCode"], fields["ErrorUrl"]) == ("11217", webhook.url)
    assert "ErrorCode" not in webhook.fields[0]
    assert failures(twilio, sid) == ["5xx", None]


async def test_a_webhook_that_is_down_is_tried_twice_by_default(
    closed_url: str, fallback: Webhook
) -> None:
    """Then the fallback gets the text."""
    async with TwilioStandIn(TOKEN) as twilio:
        twilio.account.add_number(NUMBER, sms_url=closed_url, sms_fallback_url=fallback.url)
        sid = await send(twilio)

    assert failures(twilio, sid) == ["ct", "ct", None]
    assert fallback.fields[0]["ErrorCode"] == "11205"


async def test_a_text_that_nobody_takes_is_in_the_log(closed_url: str) -> None:
    """With its body, although every delivery failed."""
    async with TwilioStandIn(TOKEN) as twilio:
        url = f"{closed_url}#rc=5&rp=all"
        twilio.account.add_number(NUMBER, sms_url=url, sms_fallback_url=closed_url)
        sid = await send(twilio)
        [text] = await logged(twilio)

    assert failures(twilio, sid) == ["ct"] * 7
    assert (text.sid, text.body) == (sid, "RED")
    assert text.called_at_ms is not None


async def test_a_webhook_that_hangs_is_given_up_in_time(webhook: Webhook) -> None:
    """Four attempts of 3.2 s, here a twentieth of that."""
    webhook.statuses = [HANG] * 4
    async with TwilioStandIn(TOKEN, time_scale=0.05) as twilio:
        twilio.account.add_number(NUMBER, sms_url=f"{webhook.url}#rc=3&rp=all&ct=500&rt=3200")
        sid = await send(twilio)

    attempts = twilio.attempts[sid]
    assert [attempt.outcome.failure for attempt in attempts] == ["rt"] * 4
    last = attempts[-1]
    assert last.request.at_ms + last.outcome.took_ms <= 14_800


async def test_after_a_slow_answer_the_next_attempt_may_succeed(webhook: Webhook) -> None:
    """The text arrives twice, with one token."""
    webhook.statuses = [HANG]
    async with TwilioStandIn(TOKEN, time_scale=0.1) as twilio:
        twilio.account.add_number(NUMBER, sms_url=f"{webhook.url}#rc=1&rp=rt&rt=5000")
        sid = await send(twilio)

    assert failures(twilio, sid) == ["rt", None]
    assert [fields["MessageSid"] for fields in webhook.fields] == [sid, sid]


@pytest.mark.parametrize("answer", ["", "OK", "<Response>", "<html></html>"])
async def test_an_answer_that_is_no_twiml_is_a_failure(
    webhook: Webhook, fallback: Webhook, answer: str
) -> None:
    """It is not asked for again; the fallback gets the text."""
    webhook.reply = answer
    async with TwilioStandIn(TOKEN) as twilio:
        url = f"{webhook.url}#rc=5&rp=all"
        twilio.account.add_number(NUMBER, sms_url=url, sms_fallback_url=fallback.url)
        sid = await send(twilio)

    assert failures(twilio, sid) == ["document", None]
    assert fallback.fields[0]["ErrorCode"] == "12100"


async def test_replies_are_logged_as_sent(webhook: Webhook) -> None:
    """To the phone, from the number; they are no received texts."""
    webhook.reply = "<Response><Message>A &amp; B</Message><Message>C</Message></Response>"
    async with TwilioStandIn(TOKEN) as twilio:
        twilio.account.add_number(NUMBER, sms_url=webhook.url)
        sid = await send(twilio)
        client = client_of(twilio)
        rows = await asyncio.to_thread(lambda: list(client.messages.stream(to=PHONE)))
        received = await logged(twilio)

    assert [(row.direction, row.from_, row.body) for row in rows] == [
        ("outbound-reply", NUMBER, "C"),
        ("outbound-reply", NUMBER, "A & B"),
    ]
    assert [text.sid for text in received] == [sid]


async def test_a_picture_and_a_text_through_a_channel_are_delivered(webhook: Webhook) -> None:
    """To the webhook of the number."""
    async with TwilioStandIn(TOKEN) as twilio:
        twilio.account.add_number(NUMBER, sms_url=webhook.url)
        picture = await send(twilio, "")
        await twilio.send(f"whatsapp:{PHONE}", f"whatsapp:{NUMBER}", "RED")
        await twilio.settle()

    assert picture.startswith("MM")
    assert [fields["NumMedia"] for fields in webhook.fields] == ["1", "0"]
    assert webhook.fields[1]["From"] == f"whatsapp:{PHONE}"


async def test_a_url_of_elsewhere_is_delivered_to_the_address_given_for_it(
    webhook: Webhook,
) -> None:
    """Signature and Host header are those of the URL."""
    webhook.signed_url = "https://votes.example.com/sms"
    addresses = {webhook.signed_url: webhook.url}
    async with TwilioStandIn(TOKEN, addresses=addresses) as twilio:
        twilio.account.add_number(NUMBER, sms_url=f"{webhook.signed_url}#rc=3&rp=all")
        sid = await send(twilio)

    assert failures(twilio, sid) == [None]
    assert webhook.headers[0]["Host"] == "votes.example.com"


async def test_a_service_or_an_application_takes_the_texts_from_the_number(
    webhook: Webhook,
) -> None:
    """The number's own URL is not called; the text is logged."""
    async with TwilioStandIn(TOKEN) as twilio:
        number = twilio.account.add_number(NUMBER, sms_url=webhook.url)
        twilio.account.add_service(number, leaves_texts_to_number=False)
        sid = await send(twilio)
        texts = await logged(twilio)

    assert webhook.fields == []
    assert [(text.sid, text.called_at_ms) for text in texts] == [(sid, None)]


async def test_a_number_that_is_connected_gets_the_texts(webhook: Webhook) -> None:
    """By the adapter that `voteapp connect` uses."""
    async with TwilioStandIn(TOKEN) as twilio:
        twilio.account.add_number(NUMBER)
        numbers = TwilioNumbers(client_of(twilio))
        found = await asyncio.to_thread(numbers.find, NUMBER)
        await asyncio.to_thread(numbers.point, found, webhook.url)
        sid = await send(twilio)

    assert failures(twilio, sid) == [None]
    assert len(webhook.fields) == 1


async def test_a_fallback_url_can_be_set_with_a_url_only() -> None:
    """As Twilio's error 21406 says."""
    async with TwilioStandIn(TOKEN) as twilio:
        sid = twilio.account.add_number(NUMBER)
        number = client_of(twilio).incoming_phone_numbers(sid)
        update = {"sms_fallback_url": "https://f.example.com", "sms_fallback_method": "POST"}
        await asyncio.to_thread(lambda: number.update(**update))
        stored = dict(twilio.account.numbers[sid])
        with pytest.raises(Exception, match="Cannot set SmsFallbackUrl"):
            await asyncio.to_thread(lambda: number.update(sms_url=""))

    assert stored["sms_fallback_url"] == "https://f.example.com"
    assert twilio.account.numbers[sid] == stored


async def test_many_texts_at_once_are_all_delivered_and_logged(webhook: Webhook) -> None:
    """Each once."""
    async with TwilioStandIn(TOKEN) as twilio:
        twilio.account.add_number(NUMBER, sms_url=webhook.url)
        sent = {await twilio.send(PHONE, NUMBER, f"RED {number}") for number in range(100)}
        await twilio.settle()
        listed = await logged(twilio)

    assert sorted(fields["MessageSid"] for fields in webhook.fields) == sorted(sent)
    assert sorted(text.sid for text in listed) == sorted(sent)
    assert twilio.in_flight == 0
