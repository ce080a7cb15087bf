"""Delivers the lab's texts: as Twilio does, with its retries and the fallback, to a pulled plug.

All other texts get one attempt, so that the lab shows what a hot partition does to each: at real
numbers, Twilio tries those again, too.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass

import aiohttp

from services.adapters.twilio.overrides import WANTED_OVERRIDES
from services.tools.lab.plug import Plug, PlugFate
from services.tools.phones.delivery import WebhookEndpoint, WebhookReply
from services.tools.phones.sms import SimulatedText, form_fields
from services.tools.twilio.courier import Courier
from services.tools.twilio.delivery import (
    DeliveryRequest,
    RequestOutcome,
    WebhookUrls,
    first_request,
    next_request,
)
from services.voting.poll import Round

_ACCEPTED, _UNAVAILABLE = 200, 503


@dataclass(frozen=True, slots=True, kw_only=True)
class LabDelivery:
    """Posts to the lab's webhook, then to the fallback URL of the deployed stack.

    `fallback_address` is where the emulator serves that URL; the signature covers the URL itself.
    """

    plug: Plug
    endpoint: WebhookEndpoint
    fallback_url: str
    fallback_address: str
    round: Callable[[], Round]

    async def deliver(self, http: aiohttp.ClientSession, text: SimulatedText) -> WebhookReply:
        """Deliver a text; the reply is accepted if the webhook or the fallback took it."""
        sent_at, round = time.time(), self.round()
        addresses = {self.fallback_url: self.fallback_address}
        courier = Courier(http=http, token=self.endpoint.token, addresses=addresses)
        urls = WebhookUrls(
            url=WANTED_OVERRIDES.add_to(self.endpoint.url), fallback_url=self.fallback_url
        )
        last, outcome, takes_part = await self._attempts(courier, urls, text)
        is_taken = outcome.failure is None
        if takes_part:
            self.plug.end(_fate(last, is_taken=is_taken), text, round)
        return WebhookReply(
            text=text,
            status=_ACCEPTED if is_taken else _UNAVAILABLE,
            body="",
            sent_at=sent_at,
            answered_at=time.time(),
        )

    async def _attempts(
        self, courier: Courier, urls: WebhookUrls, text: SimulatedText
    ) -> tuple[DeliveryRequest, RequestOutcome, bool]:
        """Make the requests; return the last one, its outcome, and whether the text took part."""
        takes_part = False
        following, fields = first_request(urls), form_fields(text)
        assert following  # noqa: S101 - the lab has a webhook
        while True:
            request = following
            if not takes_part and self.plug.is_pulled:
                takes_part = self._take_part()
            outcome = (await courier.post(request, fields, text.sid)).outcome
            if not takes_part and outcome.failure and self.plug.is_pulled:
                takes_part = self._take_part()
            following = next_request(urls, request, outcome) if takes_part else None
            if following is None:
                return request, outcome, takes_part

    def _take_part(self) -> bool:
        self.plug.take_part()
        return True


def _fate(last: DeliveryRequest, *, is_taken: bool) -> PlugFate:
    if not is_taken:
        return PlugFate.LOST
    return PlugFate.QUEUED if last.is_fallback else PlugFate.WEBHOOK
