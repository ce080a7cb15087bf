"""A text whose webhook fails: the stand-in of Twilio posts it to the fallback, and it is counted."""

import time
from dataclasses import replace

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from infra.fallback_templates import response_template
from services.tools.local.static_server import serve_in_thread
from services.tools.twilio.account import NUMBER
from services.tools.twilio.stand_in import TwilioStandIn
from tests.infra.test_fallback import queued
from tests.support.fallback_queue import FallbackQueue
from tests.support.polls import a_phone, a_round
from tests.support.webhook import TOKEN

FALLBACK_URL = "https://abc.execute-api.us-east-1.amazonaws.com/fallback/sms"
"""The host that the template's context names."""


async def test_a_text_whose_webhook_fails_is_counted_from_the_queue() -> None:
    """With Twilio's signature over the fallback URL, `ErrorCode` and `ErrorUrl` included."""
    items: list[str] = []

    async def fail(_: Request) -> Response:
        return Response("down", status_code=500)

    async def enqueue(request: Request) -> Response:
        items.append(queued((await request.body()).decode(), request.headers))
        return Response(response_template("Your text has arrived."), media_type="text/xml")

    routes = [Route("/sms", fail, methods=["POST"]), Route("/queue", enqueue, methods=["POST"])]
    with serve_in_thread(Starlette(routes=routes)) as base:
        twilio = TwilioStandIn(TOKEN, addresses={FALLBACK_URL: f"{base}/queue"})
        sid = twilio.account.add_number()
        twilio.account.numbers[sid] |= {
            "sms_url": f"{base}/sms#rc=1&rp=all",
            "sms_fallback_url": FALLBACK_URL,
        }
        async with twilio:
            text = await twilio.send(a_phone(), NUMBER, "red & blue? red")
            await twilio.send(a_phone(1), NUMBER, "red")
            await twilio.settle()
    now_ms = int(time.time() * 1000)
    queue = FallbackQueue.of(replace(a_round(), began_at_ms=1), now_ms=now_ms)
    for item in items:
        queue.put(item)

    stays = await queue.replay()

    outcomes = [(one.request.is_fallback, one.outcome.failure) for one in twilio.attempts[text]]
    assert outcomes == [(False, "5xx"), (False, "5xx"), (True, None)]
    assert stays == set()
    assert [dict(ballot.picks) for ballot in queue.ballots.held.values()] == [{"RED": 1}]
