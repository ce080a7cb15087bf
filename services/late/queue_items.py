"""Reads the items of the fallback queue: requests of Twilio as API Gateway put them there.

API Gateway (`infra/fallback.py`) writes an item from a request without looking at it, so anybody
can put an item into the queue. Nothing of its form is read until its signature is verified.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import unquote_plus

from services.adapters.twilio.forms import (
    MOST_BYTES,
    MalformedFormError,
    SignedForm,
    parse_fields,
)

MOST_CLOCK_ERROR_MS: Final = 60_000
"""Difference between the clocks of API Gateway and SQS from which on that of SQS is taken."""

_ENCODED_BYTES: Final = 3
"""Bytes of a percent-encoded one, at the most."""


class UnreadableItemError(Exception):
    """An item is not a signed request of Twilio. `reason` holds nothing of the request."""

    def __init__(self, reason: str) -> None:
        self.reason = reason
        super().__init__(reason)


@dataclass(frozen=True, slots=True, kw_only=True)
class QueueItem:
    """A request to the fallback URL, whose signature is not verified yet.

    `at_ms` is when it arrived, in epoch milliseconds.
    """

    form: SignedForm
    at_ms: int


def read_item(body: str, *, sent_ms: int, fallback_url: str) -> QueueItem:
    """Read an item; `sent_ms` is when SQS received it.

    API Gateway percent-encodes body and signature, so that they cannot break out of the JSON. It
    names its host and path from its own context, which a caller cannot choose; where it names
    none, as on the emulator, the request was for `fallback_url`.

    Raises:
        UnreadableItemError: the item is malformed or too large.
    """
    item = _parse(body)
    form = _text(item, "body")
    signature = _text(item, "signature" if item.get("signature") else "signature_in_lower_case")
    if len(form) > _ENCODED_BYTES * MOST_BYTES:
        raise UnreadableItemError("body: too large")
    raw = unquote_plus(form).encode()
    if len(raw) > MOST_BYTES:
        raise UnreadableItemError("body: too large")
    host, path = item.get("host"), item.get("path")
    url = f"https://{host}{path}" if host and path else fallback_url
    try:
        fields = parse_fields(raw)
    except MalformedFormError as error:
        raise UnreadableItemError(error.reason) from None
    return QueueItem(
        form=SignedForm(url, fields, unquote_plus(signature)),
        at_ms=_arrival(item.get("at_ms"), sent_ms),
    )


def _parse(body: str) -> Mapping[str, Any]:
    try:
        item = json.loads(body)
    except (ValueError, RecursionError):
        raise UnreadableItemError("not JSON") from None
    if not isinstance(item, dict):
        raise UnreadableItemError("not an object")
    return item


def _text(item: Mapping[str, Any], name: str) -> str:
    value = item.get(name)
    if not isinstance(value, str) or not value:
        raise UnreadableItemError(f"{name}: missing")
    return value


def _arrival(at_ms: object, sent_ms: int) -> int:
    """Return API Gateway's time of the request, or that of SQS if it is missing or impossible."""
    text = str(at_ms)
    if not (text.isascii() and text.isdigit() and len(text) <= len(str(sent_ms))):
        return sent_ms
    return int(text) if abs(int(text) - sent_ms) <= MOST_CLOCK_ERROR_MS else sent_ms
