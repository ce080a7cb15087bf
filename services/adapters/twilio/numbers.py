"""The phone numbers of a Twilio account: where their texts are delivered to.

Reads and changes settings; sends nothing. Twilio: "IncomingPhoneNumber resource",
"Messaging Services resource", "Webhooks (HTTP callbacks): Connection Overrides".
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, Self

from services.adapters.twilio.client import TwilioError, client_from_env, told

RETRIES: Final = "#rc=3&rp=all"
"""Up to three more attempts after any failure, throttling (429) among them, all within the
15 s that Twilio waits; a text that comes twice is counted once. Without it a 5xx is not
retried. What follows the # is an instruction to Twilio: it is neither sent nor signed."""

_MOST: Final = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivery:
    """Where the texts of a number go.

    An application, or a messaging service that does not leave them to the number, takes
    them before the number's own URL does.
    """

    number: str
    sid: str
    url: str
    method: str
    application_sid: str = ""
    service_sid: str = ""
    service_name: str = ""
    service_takes_texts: bool = False

    def reaches(self, webhook_url: str) -> bool:
        """Whether texts arrive at a webhook: the right URL, and nothing before it."""
        address = self.url.partition("#")[0]
        before = self.application_sid or self.service_takes_texts
        return address == webhook_url and self.method == "POST" and not before

    @property
    def retries(self) -> bool:
        """Whether Twilio tries again where the webhook or the way to it fails."""
        fragment = self.url.partition("#")[2]
        return bool(re.search(r"(^|&)rc=[1-5](&|$)", fragment)) and "rp=" in fragment


@dataclass(frozen=True, slots=True)
class TwilioNumbers:
    """The numbers of one account. `client` is Twilio's own."""

    client: Any

    @classmethod
    def from_env(cls, environ: Mapping[str, str]) -> Self:
        """Of the account in the environment, where its token stays. Raises: TwilioError."""
        return cls(client_from_env(environ))

    def find(self, number: str) -> Delivery:
        """How the texts of a number (E.164) are delivered now.

        Raises:
            TwilioError: the account has no such number, or it cannot receive texts, or
                Twilio refuses.
        """
        with told():
            listed = self.client.incoming_phone_numbers.list(phone_number=number, limit=_MOST)
            for one in listed:
                if one.phone_number == number:
                    return self._delivery(one)
            own = self.client.incoming_phone_numbers.list(limit=_MOST)
        known = ", ".join(one.phone_number for one in own) or "none"
        raise TwilioError("number", number, f"not a number of this account; it has: {known}")

    def point(self, delivery: Delivery, webhook_url: str) -> Delivery:
        """Have the texts of a number delivered to a webhook, with retries. Idempotent.

        Raises:
            TwilioError: Twilio refuses.
        """
        wanted = pointed(delivery, webhook_url)
        with told():
            if wanted.service_takes_texts != delivery.service_takes_texts:
                service = self.client.messaging.v1.services(delivery.service_sid)
                service.update(use_inbound_webhook_on_number=True)
            if _own(wanted) != _own(delivery):
                self.client.incoming_phone_numbers(delivery.sid).update(
                    sms_url=wanted.url, sms_method=wanted.method, sms_application_sid=""
                )
        return wanted

    def _delivery(self, one: Any) -> Delivery:  # noqa: ANN401 - the library's own record
        if not (one.capabilities or {}).get("sms"):
            remedy = "this number cannot receive texts; take one with the capability SMS"
            raise TwilioError("number", one.phone_number, remedy)
        service = self._service_of(one.sid)
        return Delivery(
            number=one.phone_number,
            sid=one.sid,
            url=one.sms_url or "",
            method=one.sms_method or "",
            application_sid=one.sms_application_sid or "",
            service_sid=service.sid if service else "",
            service_name=service.friendly_name if service else "",
            service_takes_texts=bool(service) and not service.use_inbound_webhook_on_number,
        )

    def _service_of(self, sid: str) -> Any:  # noqa: ANN401 - the library's own record, or None
        """The messaging service a number is in: registered senders in the US are in one."""
        services = self.client.messaging.v1.services
        for service in services.list(limit=_MOST):
            for member in services(service.sid).phone_numbers.list(limit=_MOST):
                if member.sid == sid:
                    return service
        return None


def pointed(delivery: Delivery, webhook_url: str) -> Delivery:
    """The delivery as it is to be; the same where it already is."""
    return Delivery(
        number=delivery.number,
        sid=delivery.sid,
        url=f"{webhook_url}{RETRIES}",
        method="POST",
        service_sid=delivery.service_sid,
        service_name=delivery.service_name,
    )


def _own(delivery: Delivery) -> tuple[str, str, str]:
    return delivery.url, delivery.method, delivery.application_sid
