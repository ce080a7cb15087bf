"""Checks how Twilio delivers the texts of the number."""

from typing import Final, Protocol

from services.adapters.twilio.client import TwilioError
from services.adapters.twilio.numbers import Delivery
from services.tools.doctor.finding import Finding, failed, ok, skipped, warning

_CONNECT: Final = "voteapp connect --number {}"


class Numbers(Protocol):
    """The phone numbers of a Twilio account."""

    def find(self, number: str) -> Delivery:
        """Find how the texts of a number are delivered. Raises: TwilioError."""


def check_number(
    numbers: Numbers | None, number: str | None, webhook_url: str, fallback_url: str | None = None
) -> Finding:
    """Check that Twilio delivers the displayed number's texts here, with retries and fallback."""
    if numbers is None:
        remedy = "set TWILIO_ACCOUNT_SID and TWILIO_AUTH_TOKEN to have it checked"
        return skipped("number", "no Twilio credentials in the environment", remedy)
    if number is None:
        remedy = "connect one: voteapp connect --number +1..."
        return failed("number", "no poll displays one", remedy)
    try:
        delivery = numbers.find(number)
    except TwilioError as error:
        return failed("number", f"{error.key}: {error.value}", error.remedy)
    return _check_delivery(delivery, webhook_url, fallback_url)


def _check_delivery(delivery: Delivery, webhook_url: str, fallback_url: str | None) -> Finding:
    remedy = _CONNECT.format(delivery.number)
    if delivery.service_takes_texts:
        detail = f"messaging service {delivery.service_name} takes the texts of {delivery.number}"
        return failed("number", detail, remedy)
    if not delivery.reaches(webhook_url):
        detail = f"texts to {delivery.number} go to {delivery.url or 'nowhere'} ({delivery.method})"
        return failed("number", f"{detail}, not to {webhook_url}", remedy)
    if not delivery.retries:
        detail = f"{delivery.number}: without retries a text is lost when the webhook fails once"
        return warning("number", detail, remedy)
    if not delivery.overrides.all_attempts_fit:
        attempts = delivery.overrides.retry_count + 1
        detail = f"{delivery.number}: {attempts} slow attempts do not fit into Twilio's 15 s"
        return warning("number", detail, remedy)
    if fallback_url and not delivery.falls_back_to(fallback_url):
        found = f"{delivery.fallback_url or 'nowhere'} ({delivery.fallback_method or 'no method'})"
        detail = f"{delivery.number}: while the webhook is down, texts go to {found}"
        return warning("number", f"{detail}, not to {fallback_url}", remedy)
    ways = "with retries and fallback" if fallback_url else "with retries"
    return ok("number", f"{delivery.number} delivers here, {ways}")
