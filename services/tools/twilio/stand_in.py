"""The stand-in itself: phones send texts to its numbers, it delivers them and logs them."""

import asyncio
import time
from collections.abc import Callable, Mapping
from contextlib import AsyncExitStack
from typing import Self

from services.tools.local.static_server import serve_in_thread
from services.tools.phones.sms import SimulatedText, TextKind, form_fields
from services.tools.twilio.account import TwilioAccount
from services.tools.twilio.api import MessageListLimits, TwilioApi, create_api_app
from services.tools.twilio.courier import Courier, courier_session
from services.tools.twilio.delivery import DeliveryAttempt, first_request, next_request
from services.tools.twilio.records import MessageRecord


class TwilioStandIn:
    """Serves the account's API on loopback, and delivers texts while its context is entered.

    `time_scale` is the real time of one second of Twilio's time limits; the log has the clock's
    times. `addresses`: see `Courier`.
    """

    def __init__(
        self,
        token: str,
        *,
        account: TwilioAccount | None = None,
        limits: MessageListLimits | None = None,
        time_scale: float = 1.0,
        addresses: Mapping[str, str] | None = None,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self.account = account or TwilioAccount()
        self.api = TwilioApi(self.account, limits, clock)
        self.api_url = ""
        """The value for TWILIO_API_URL."""
        self.attempts: dict[str, list[DeliveryAttempt]] = {}
        """The requests made for each text, by its sid."""
        self._token = token
        self._time_scale = time_scale
        self._addresses = {} if addresses is None else addresses
        self._clock = clock
        self._tasks: set[asyncio.Task[None]] = set()
        self._stack = AsyncExitStack()

    async def __aenter__(self) -> Self:
        app = create_api_app(self.api, self._token)
        self.api_url = self._stack.enter_context(serve_in_thread(app))
        self._courier = Courier(
            http=await self._stack.enter_async_context(courier_session()),
            token=self._token,
            time_scale=self._time_scale,
            addresses=self._addresses,
        )
        return self

    async def __aexit__(self, *_: object) -> None:
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self._stack.aclose()

    @property
    def in_flight(self) -> int:
        """Number of texts that are still being delivered."""
        return len(self._tasks)

    async def send(self, sender: str, to: str, body: str) -> str:
        """Receive a text from a phone and begin to deliver it; return its MessageSid.

        A text without a body is a picture.
        """
        record = self.account.records.add(
            sender=sender, to=to, body=body, media=0 if body else 1, at=self._clock()
        )
        self.attempts[record.sid] = []
        task = asyncio.create_task(self._deliver(record))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return record.sid

    async def settle(self) -> None:
        """Wait until every text is delivered or given up."""
        while self._tasks:
            await asyncio.gather(*self._tasks)

    async def _deliver(self, record: MessageRecord) -> None:
        text = SimulatedText(
            kind=TextKind.NEW,
            sid=record.sid,
            sender=record.sender,
            to=record.to,
            body=record.body,
        )
        fields, urls = form_fields(text), self.account.webhook_urls(record.to)
        request = first_request(urls)
        while request is not None:
            self.account.records.mark_called(record.sid, self._clock())
            answer = await self._courier.post(request, fields, record.sid)
            attempt = DeliveryAttempt(request=request, outcome=answer.outcome)
            self.attempts[record.sid].append(attempt)
            for reply in answer.replies:
                self._reply(record, reply)
            request = next_request(urls, request, answer.outcome)

    def _reply(self, record: MessageRecord, body: str) -> None:
        self.account.records.add(
            sender=record.to, to=record.sender, body=body, at=self._clock(), reply=True
        )
