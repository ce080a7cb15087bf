"""A stand-in of Twilio's REST API on loopback: one account, its numbers, its services.

It answers what the library asks for to list and change numbers, in the shapes of Twilio's
"IncomingPhoneNumber resource" and "Messaging Services resource", and keeps every request.
"""

import base64
import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any
from urllib.parse import parse_qs, parse_qsl, urlsplit

ACCOUNT = "AC" + "0" * 32
TOKEN = "a-token-for-tests-only"
NUMBER = "+15550100177"


@dataclass(slots=True)
class Account:
    """What the account holds, and what was asked of it: (method, path, form)."""

    numbers: dict[str, dict[str, Any]] = field(default_factory=dict)
    services: dict[str, dict[str, Any]] = field(default_factory=dict)
    members: dict[str, list[str]] = field(default_factory=dict)
    asked: list[tuple[str, str, dict[str, str]]] = field(default_factory=list)
    address: str = ""

    def add_number(self, phone: str = NUMBER, *, sms: bool = True, **settings: str) -> str:
        """A number as it is bought: its texts go to a demonstration of Twilio's."""
        sid = f"PN{len(self.numbers):032x}"
        self.numbers[sid] = {
            "sid": sid,
            "account_sid": ACCOUNT,
            "phone_number": phone,
            "sms_url": "https://demo.twilio.com/welcome/sms/reply",
            "sms_method": "POST",
            "sms_application_sid": "",
            "capabilities": {"sms": sms, "voice": True, "mms": sms},
            **settings,
        }
        return sid

    def add_service(self, *members: str, leaves_texts_to_number: bool) -> str:
        """A messaging service with these numbers in it."""
        sid = f"MG{len(self.services):032x}"
        self.services[sid] = {
            "sid": sid,
            "account_sid": ACCOUNT,
            "friendly_name": "Evenings",
            "use_inbound_webhook_on_number": leaves_texts_to_number,
        }
        self.members[sid] = list(members)
        return sid

    def changes(self) -> list[tuple[str, str, dict[str, str]]]:
        """Requests that were to change something."""
        return [request for request in self.asked if request[0] != "GET"]

    def answer(self, method: str, url: str, form: dict[str, str]) -> tuple[int, dict[str, Any]]:
        """Status and document for a request."""
        path = urlsplit(url).path
        self.asked.append((method, path, form))
        numbers = f"/2010-04-01/Accounts/{ACCOUNT}/IncomingPhoneNumbers"
        parts = path.removesuffix(".json").split("/")
        if path == f"{numbers}.json" and method == "GET":
            wanted = parse_qs(urlsplit(url).query).get("PhoneNumber", [""])[0]
            found = [n for n in self.numbers.values() if n["phone_number"].startswith(wanted)]
            return 200, {"incoming_phone_numbers": found, "next_page_uri": None}
        if path.startswith(f"{numbers}/") and method == "POST" and parts[-1] in self.numbers:
            names = {"SmsUrl": "sms_url", "SmsMethod": "sms_method"}
            names |= {"SmsApplicationSid": "sms_application_sid"}
            self.numbers[parts[-1]].update({names[name]: value for name, value in form.items()})
            return 200, self.numbers[parts[-1]]
        if path == "/v1/Services" and method == "GET":
            return 200, _page("services", list(self.services.values()))
        if path.endswith("/PhoneNumbers") and method == "GET":
            return 200, _page("phone_numbers", [self.numbers[m] for m in self.members[parts[-2]]])
        if path.startswith("/v1/Services/") and method == "POST":
            leaves = form["UseInboundWebhookOnNumber"] == "true"
            self.services[parts[-1]]["use_inbound_webhook_on_number"] = leaves
            return 200, self.services[parts[-1]]
        return 404, {"code": 20404, "message": f"{path} was not found", "status": 404}


def _page(key: str, found: list[dict[str, Any]]) -> dict[str, Any]:
    return {key: found, "meta": {"key": key, "next_page_url": None}}


@contextmanager
def twilio_api(token: str = TOKEN) -> Iterator[Account]:
    """The account, answering at `address` to whoever has the token."""
    account = Account()
    expected = "Basic " + base64.b64encode(f"{ACCOUNT}:{token}".encode()).decode()

    class Api(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self._answer({})

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length", 0))).decode()
            self._answer(dict(parse_qsl(body, keep_blank_values=True)))

        def _answer(self, form: dict[str, str]) -> None:
            if self.headers.get("Authorization") == expected:
                status, document = account.answer(self.command, self.path, form)
            else:
                status, document = 401, {"code": 20003, "message": "Authenticate", "status": 401}
            self.send_response(status)
            self.end_headers()
            self.wfile.write(json.dumps(document).encode())

        def log_message(self, *_: Any) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Api) as server:
        Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
        account.address = f"http://127.0.0.1:{server.server_port}"
        yield account
        server.shutdown()
