"""Reads and changes where a Twilio account's phone numbers deliver texts.

Sends no messages. Twilio: "IncomingPhoneNumber resource", "Messaging Services resource".
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, Self

from services.adapters.twilio.client import TwilioError, client_from_env, translate_errors
from services.adapters.twilio.overrides import WANTED_OVERRIDES, ConnectionOverrides

_LIST_LIMIT: Final = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivery:
    """The settings that decide where Twilio delivers a number's texts.

    An application, or a messaging service with a webhook of its own, overrides the number's URL.
    """

    number: str
    sid: str
    url: str
    method: str
    fallback_url: str = ""
    """Where Twilio delivers a text if the first URL fails."""
    fallback_method: str = ""
    application_sid: str = ""
    service_sid: str = ""
    service_name: str = ""
    service_takes_texts: bool = False

    def reaches(self, webhook_url: str) -> bool:
        """Return True if texts arrive at this webhook: its URL is set and not overridden."""
        url = self.url.partition("#")[0]
        is_overridden = self.application_sid or self.service_takes_texts
        return url == webhook_url and self.method == "POST" and not is_overridden

    def falls_back_to(self, fallback_url: str) -> bool:
        """Return True if texts arrive at this fallback when the webhook fails."""
        return self.fallback_url == fallback_url and self.fallback_method == "POST"

    @property
    def overrides(self) -> ConnectionOverrides:
        """How long Twilio waits for the webhook, and how often it tries again.

        Raises:
            TwilioError: the URL's fragment has a value that Twilio does not allow.
        """
        return ConnectionOverrides.parse(self.url)

    @property
    def retries(self) -> bool:
        """Return True if Twilio tries again after an error of the webhook.

        By default it does so only when it cannot connect.
        """
        try:
            overrides = self.overrides
        except TwilioError:
            return False
        return any(map(overrides.retries_after, ("4xx", "5xx", "rt")))


@dataclass(frozen=True, slots=True)
class TwilioNumbers:
    """The phone numbers of one account. `client` is a `twilio.rest.Client`."""

    client: Any

    @classmethod
    def from_env(cls, environ: Mapping[str, str]) -> Self:
        """Create it for the account in the environment. Raises: TwilioError."""
        return cls(client_from_env(environ))

    def find(self, number: str) -> Delivery:
        """Read the delivery settings of a number (E.164).

        Raises:
            TwilioError: the account has no such number, the number cannot receive texts, or a
                call failed.
        """
        with translate_errors():
            listed = self.client.incoming_phone_numbers.list(phone_number=number, limit=_LIST_LIMIT)
            for record in listed:
                if record.phone_number == number:
                    return self._delivery(record)
            own = self.client.incoming_phone_numbers.list(limit=_LIST_LIMIT)
        known = ", ".join(record.phone_number for record in own) or "none"
        raise TwilioError("number", number, f"not a number of this account; it has: {known}")

    def point(
        self, delivery: Delivery, webhook_url: str, fallback_url: str | None = None
    ) -> Delivery:
        """Make Twilio deliver a number's texts to a webhook, with retries, then to the fallback.

        Without a fallback, none is left set. Idempotent.

        Raises:
            TwilioError: a call failed.
        """
        wanted = desired_delivery(delivery, webhook_url, fallback_url)
        with translate_errors():
            if wanted.service_takes_texts != delivery.service_takes_texts:
                service = self.client.messaging.v1.services(delivery.service_sid)
                service.update(use_inbound_webhook_on_number=True)
            if _number_settings(wanted) != _number_settings(delivery):
                self.client.incoming_phone_numbers(delivery.sid).update(
                    sms_url=wanted.url,
                    sms_method=wanted.method,
                    sms_fallback_url=wanted.fallback_url,
                    sms_fallback_method=wanted.fallback_method,
                    sms_application_sid="",
                )
        return wanted

    def _delivery(self, record: Any) -> Delivery:  # noqa: ANN401 - the library's own record
        if not (record.capabilities or {}).get("sms"):
            remedy = "this number cannot receive texts; take one with the capability SMS"
            raise TwilioError("number", record.phone_number, remedy)
        service = self._service_of(record.sid)
        return Delivery(
            number=record.phone_number,
            sid=record.sid,
            url=record.sms_url or "",
            method=record.sms_method or "",
            fallback_url=record.sms_fallback_url or "",
            fallback_method=record.sms_fallback_method or "",
            application_sid=record.sms_application_sid or "",
            service_sid=service.sid if service else "",
            service_name=service.friendly_name if service else "",
            service_takes_texts=bool(service) and not service.use_inbound_webhook_on_number,
        )

    def _service_of(self, sid: str) -> Any:  # noqa: ANN401 - the library's own record, or None
        """Find the number's messaging service; registered US senders belong to record."""
        services = self.client.messaging.v1.services
        for service in services.list(limit=_LIST_LIMIT):
            for member in services(service.sid).phone_numbers.list(limit=_LIST_LIMIT):
                if member.sid == sid:
                    return service
        return None


def desired_delivery(
    delivery: Delivery, webhook_url: str, fallback_url: str | None = None
) -> Delivery:
    """Return the settings that deliver a number's texts to a webhook, and then to a fallback."""
    return Delivery(
        number=delivery.number,
        sid=delivery.sid,
        url=WANTED_OVERRIDES.add_to(webhook_url),
        method="POST",
        fallback_url=fallback_url or "",
        fallback_method="POST",
        service_sid=delivery.service_sid,
        service_name=delivery.service_name,
    )


def _number_settings(delivery: Delivery) -> tuple[str, ...]:
    first, second = (
        (delivery.url, delivery.method),
        (delivery.fallback_url, delivery.fallback_method),
    )
    return *first, *second, delivery.application_sid
