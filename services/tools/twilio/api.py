"""The REST API of the stand-in: numbers, services, and the message log with its rate limit."""

import asyncio
import base64
import json
import secrets
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final
from urllib.parse import parse_qsl, urlsplit

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from services.tools.phones.sms import ACCOUNT
from services.tools.twilio.account import ApiResponse, TwilioAccount, error_response
from services.tools.twilio.records import MESSAGES_PATH

_UNAUTHORISED: Final = error_response(401, 20003, "Authenticate")
_TOO_MANY: Final = error_response(429, 20429, "Too Many Requests")


@dataclass(slots=True, kw_only=True)
class MessageListLimits:
    """How the API behaves when the message log is listed; may be changed at any time."""

    requests_per_second: int | None = None
    """More are answered with 429; None: no limit."""
    page_seconds: float = 0.0
    """How long a page takes."""
    failures: deque[int] = field(default_factory=deque)
    """Statuses of the next answers; each is used once."""


class TwilioApi:
    """Answers the API's requests for one account."""

    def __init__(
        self,
        account: TwilioAccount,
        limits: MessageListLimits | None = None,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self.account = account
        self.limits = limits or MessageListLimits()
        self._clock = clock
        self._recent: deque[float] = deque()

    def answer(self, method: str, url: str, form: dict[str, str]) -> ApiResponse:
        """Answer a request that is authenticated."""
        parts = urlsplit(url)
        self.account.requests.append((method, parts.path, form))
        query = dict(parse_qsl(parts.query, keep_blank_values=True))
        if (method, parts.path) != ("GET", MESSAGES_PATH):
            return self.account.answer(method, parts.path, query, form)
        if refusal := self._refuse():
            return refusal
        try:
            return ApiResponse(200, self.account.records.page(query, self._clock()))
        except (KeyError, ValueError) as error:
            return error_response(400, 20001, f"{error} is not supported")

    def _refuse(self) -> ApiResponse | None:
        if self.limits.failures:
            status = self.limits.failures.popleft()
            return _TOO_MANY if status == _TOO_MANY.status else error_response(status, 20500, "")
        if self.limits.requests_per_second is None:
            return None
        now = self._clock()
        while self._recent and self._recent[0] <= now - 1:
            self._recent.popleft()
        if len(self._recent) >= self.limits.requests_per_second:
            return _TOO_MANY
        self._recent.append(now)
        return None


def create_api_app(api: TwilioApi, token: str) -> Starlette:
    """Create the application that serves the API to whoever has the account's token."""
    expected = "Basic " + base64.b64encode(f"{ACCOUNT}:{token}".encode()).decode()

    async def serve(request: Request) -> Response:
        if not secrets.compare_digest(request.headers.get("Authorization", ""), expected):
            return _rendered(_UNAUTHORISED)
        if request.url.path == MESSAGES_PATH:
            await asyncio.sleep(api.limits.page_seconds)
        body = (await request.body()).decode()
        form = dict(parse_qsl(body, keep_blank_values=True))
        return _rendered(api.answer(request.method, str(request.url), form))

    return Starlette(routes=[Route("/{path:path}", serve, methods=["GET", "POST"])])


def _rendered(response: ApiResponse) -> Response:
    content = json.dumps(response.document)
    return Response(content, response.status, media_type="application/json")
