"""Twilio's own library over the stand-in of its REST API, without a socket."""

import json
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from twilio.http.response import Response
from twilio.rest import Client

from tests.support.twilio_api import ACCOUNT, TOKEN, Account


@dataclass(frozen=True, slots=True)
class InProcess:
    """The library's HTTP client, which hands every request to the account."""

    account: Account

    def request(self, method: str, url: str, **more: Any) -> Response:
        """What the library calls."""
        query = urlencode(more.get("params") or {})
        form = {key: _spelled(value) for key, value in (more.get("data") or {}).items()}
        status, document = self.account.answer(method, f"{url}?{query}" if query else url, form)
        return Response(status, json.dumps(document))


def _spelled(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def twilio_client(account: Account) -> Any:
    """The library's client of that account."""
    return Client(ACCOUNT, TOKEN, http_client=InProcess(account))
