"""The stand-in's account: phone numbers, messaging services, and where texts are delivered."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from services.tools.phones.sms import ACCOUNT
from services.tools.twilio.delivery import WebhookUrls
from services.tools.twilio.records import MessageRecords
from services.voting.addresses import without_channel

NUMBER: Final = "+15550100177"

_NUMBERS_PATH: Final = f"/2010-04-01/Accounts/{ACCOUNT}/IncomingPhoneNumbers"
_NUMBER_FIELDS: Final = {
    "SmsUrl": "sms_url",
    "SmsMethod": "sms_method",
    "SmsFallbackUrl": "sms_fallback_url",
    "SmsFallbackMethod": "sms_fallback_method",
    "SmsApplicationSid": "sms_application_sid",
}


@dataclass(frozen=True, slots=True)
class ApiResponse:
    """The status and the document with which the API answers."""

    status: int
    document: dict[str, Any]


@dataclass(slots=True)
class TwilioAccount:
    """What the account holds, and the requests to its API: (method, path, form)."""

    numbers: dict[str, dict[str, Any]] = field(default_factory=dict)
    services: dict[str, dict[str, Any]] = field(default_factory=dict)
    members: dict[str, list[str]] = field(default_factory=dict)
    records: MessageRecords = field(default_factory=MessageRecords)
    requests: list[tuple[str, str, dict[str, str]]] = field(default_factory=list)

    def add_number(self, phone: str = NUMBER, *, sms: bool = True, **settings: str) -> str:
        """Add a number as it is bought: its texts go to Twilio's demonstration."""
        sid = f"PN{len(self.numbers):032x}"
        self.numbers[sid] = {
            "sid": sid,
            "account_sid": ACCOUNT,
            "phone_number": phone,
            "sms_url": "https://demo.twilio.com/welcome/sms/reply",
            "sms_method": "POST",
            "sms_fallback_url": "",
            "sms_fallback_method": "POST",
            "sms_application_sid": "",
            "capabilities": {"sms": sms, "voice": True, "mms": sms},
            **settings,
        }
        return sid

    def add_service(self, *members: str, leaves_texts_to_number: bool) -> str:
        """Add a messaging service with some numbers in it."""
        sid = f"MG{len(self.services):032x}"
        self.services[sid] = {
            "sid": sid,
            "account_sid": ACCOUNT,
            "friendly_name": "Evenings",
            "inbound_request_url": "",
            "fallback_url": "",
            "use_inbound_webhook_on_number": leaves_texts_to_number,
        }
        self.members[sid] = list(members)
        return sid

    def changes(self) -> list[tuple[str, str, dict[str, str]]]:
        """Return the requests that were to change something."""
        return [request for request in self.requests if request[0] != "GET"]

    def webhook_urls(self, to: str) -> WebhookUrls:
        """Return where the texts to an address are delivered; nowhere if it has no webhook."""
        for number in self.numbers.values():
            if number["phone_number"] == without_channel(to):
                return self._webhook_urls(number)
        return WebhookUrls(url="")

    def answer(
        self, method: str, path: str, query: Mapping[str, str], form: dict[str, str]
    ) -> ApiResponse:
        """Answer a request for numbers or services."""
        sid = path.removesuffix(".json").rpartition("/")[2]
        if method == "GET" and path == f"{_NUMBERS_PATH}.json":
            return self._list_numbers(query.get("PhoneNumber", ""))
        if method == "POST" and path.startswith(f"{_NUMBERS_PATH}/") and sid in self.numbers:
            return self._update_number(self.numbers[sid], form)
        if method == "GET" and path == "/v1/Services":
            return _page("services", list(self.services.values()))
        if method == "GET" and path.endswith("/PhoneNumbers"):
            members = self.members[path.split("/")[-2]]
            return _page("phone_numbers", [self.numbers[member] for member in members])
        if method == "POST" and path.startswith("/v1/Services/") and sid in self.services:
            leaves = form["UseInboundWebhookOnNumber"] == "true"
            self.services[sid]["use_inbound_webhook_on_number"] = leaves
            return ApiResponse(200, self.services[sid])
        return error_response(404, 20404, f"{path} was not found")

    def _list_numbers(self, start: str) -> ApiResponse:
        found = [n for n in self.numbers.values() if n["phone_number"].startswith(start)]
        return ApiResponse(200, {"incoming_phone_numbers": found, "next_page_uri": None})

    def _update_number(self, number: dict[str, Any], form: dict[str, str]) -> ApiResponse:
        changed = number | {_NUMBER_FIELDS[name]: value for name, value in form.items()}
        if changed["sms_fallback_url"] and not changed["sms_url"]:
            return error_response(400, 21406, "Cannot set SmsFallbackUrl without setting SmsUrl")
        number.update(changed)
        return ApiResponse(200, number)

    def _webhook_urls(self, number: dict[str, Any]) -> WebhookUrls:
        if number["sms_application_sid"]:
            return WebhookUrls(url="")
        for sid, service in self.services.items():
            if number["sid"] in self.members[sid] and not service["use_inbound_webhook_on_number"]:
                url, fallback_url = service["inbound_request_url"], service["fallback_url"]
                return WebhookUrls(url=url, fallback_url=fallback_url)
        return WebhookUrls(url=number["sms_url"], fallback_url=number["sms_fallback_url"])


def error_response(status: int, code: int, message: str) -> ApiResponse:
    """Return an error as Twilio's REST API does."""
    return ApiResponse(status, {"code": code, "message": message, "status": status})


def _page(key: str, found: list[dict[str, Any]]) -> ApiResponse:
    return ApiResponse(200, {key: found, "meta": {"key": key, "next_page_url": None}})
