"""Twilio's own library over the stand-in of its REST API, without a socket."""

import json
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from twilio.http.response import Response
from twilio.rest import Client

from services.tools.twilio.account import TwilioAccount
from services.tools.twilio.api import TwilioApi
from tests.support.twilio_api import ACCOUNT, TOKEN


@dataclass(frozen=True, slots=True)
class InProcess:
    """The library's HTTP client, which hands every request to the API."""

    api: TwilioApi

    def request(self, method: str, url: str, **more: Any) -> Response:
        """What the library calls."""
        query = urlencode(more.get("params") or {})
        form = {key: _spelled(value) for key, value in (more.get("data") or {}).items()}
        answer = self.api.answer(method, f"{url}?{query}" if query else url, form)
        return Response(answer.status, json.dumps(answer.document))


def _spelled(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def twilio_client(account: TwilioAccount, api: TwilioApi | None = None) -> Any:
    """The library's client of that account."""
    return Client(ACCOUNT, TOKEN, http_client=InProcess(api or TwilioApi(account)))
