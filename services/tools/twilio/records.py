"""The message log of the stand-in: a record for each text received and each reply sent."""

from bisect import bisect_left, insort
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from email.utils import format_datetime
from threading import Lock
from typing import Any, Final
from urllib.parse import urlencode
from uuid import uuid4

from services.tools.phones.sms import ACCOUNT

MESSAGES_PATH: Final = f"/2010-04-01/Accounts/{ACCOUNT}/Messages.json"
DEFAULT_PAGE_SIZE: Final = 50
MAX_PAGE_SIZE: Final = 1_000
RETENTION_SECONDS: Final = 400 * 86_400
"""How long Twilio keeps messages, unless an account shortens it."""

_FILTERS: Final = frozenset({"To", "From"})
_PAGING: Final = frozenset({"Page", "PageSize", "PageToken"})


@dataclass(frozen=True, slots=True, kw_only=True)
class MessageRecord:
    """A message of the log; times are seconds since the epoch."""

    sid: str
    serial: int
    """Order of arrival."""
    direction: str
    sender: str
    to: str
    body: str
    media: int
    created_at: float
    called_at: float | None = None
    """When its webhook was called last."""

    @property
    def order(self) -> tuple[int, int]:
        """Position in the log, oldest first."""
        at = self.created_at if self.called_at is None else self.called_at
        return int(at), self.serial

    def document(self) -> dict[str, Any]:
        """Return it as Twilio's "Messages resource" shows it."""
        created, called = _rfc_2822(self.created_at), _rfc_2822(self.called_at)
        return {
            "account_sid": ACCOUNT,
            "api_version": "2010-04-01",
            "body": self.body,
            "date_created": created,
            "date_sent": called,
            "date_updated": called or created,
            "direction": self.direction,
            "error_code": None,
            "error_message": None,
            "from": self.sender,
            "messaging_service_sid": None,
            "num_media": str(self.media),
            "num_segments": "1",
            "price": None,
            "price_unit": "USD",
            "sid": self.sid,
            "status": "received" if self.direction == "inbound" else "sent",
            "subresource_uris": {},
            "to": self.to,
            "uri": MESSAGES_PATH.replace("Messages", f"Messages/{self.sid}"),
        }


class MessageRecords:
    """The log; safe to use from several threads."""

    def __init__(self, *, retention_seconds: float = RETENTION_SECONDS) -> None:
        self.retention_seconds = retention_seconds
        self._lock = Lock()
        self._by_sid: dict[str, MessageRecord] = {}
        self._oldest_first: list[MessageRecord] = []

    def __len__(self) -> int:
        return len(self._by_sid)

    def add(
        self, *, sender: str, to: str, body: str, at: float, media: int = 0, reply: bool = False
    ) -> MessageRecord:
        """Record a text that was received, or a reply that was sent, at a time."""
        with self._lock:
            serial = len(self._by_sid)
            record = MessageRecord(
                sid=f"{'MM' if media else 'SM'}{uuid4().hex}",
                serial=serial,
                direction="outbound-reply" if reply else "inbound",
                sender=sender,
                to=to,
                body=body,
                media=media,
                created_at=at,
                called_at=at if reply else None,
            )
            self._put(record)
        return record

    def mark_called(self, sid: str, at: float) -> None:
        """Record that a text's webhook was called."""
        self._change(sid, called_at=at)

    def redact(self, sid: str) -> None:
        """Empty a message's body, as Twilio's "Message Redaction" does."""
        self._change(sid, body="")

    def get(self, sid: str) -> MessageRecord:
        """Return a message by its sid. Raises KeyError if there is none."""
        return self._by_sid[sid]

    def page(self, query: Mapping[str, str], now: float) -> dict[str, Any]:
        """Return a page of the log, newest first, as Twilio's "Messages resource" does.

        Raises:
            KeyError: the page's token or a parameter of the request is unknown.
        """
        if unknown := query.keys() - _FILTERS - _PAGING:
            raise KeyError(*sorted(unknown))
        size = min(int(query.get("PageSize", DEFAULT_PAGE_SIZE)), MAX_PAGE_SIZE)
        number = int(query.get("Page", 0))
        with self._lock:
            records = list(self._select(query, now, size + 1))
        shown, has_more = records[:size], len(records) > size
        next_page = (
            {**query, "Page": number + 1, "PageToken": f"PA{shown[-1].sid}"} if has_more else {}
        )
        return {
            "messages": [record.document() for record in shown],
            "page": number,
            "page_size": size,
            "start": number * size,
            "end": number * size + len(shown) - 1,
            "uri": f"{MESSAGES_PATH}?{urlencode(query)}",
            "first_page_uri": f"{MESSAGES_PATH}?{urlencode({**query, 'Page': 0})}",
            "previous_page_uri": None,
            "next_page_uri": f"{MESSAGES_PATH}?{urlencode(next_page)}" if next_page else None,
        }

    def _select(self, query: Mapping[str, str], now: float, limit: int) -> Iterator[MessageRecord]:
        last = self._by_sid[query["PageToken"].removeprefix("PA")] if "PageToken" in query else None
        for position in range(self._position(last) - 1, -1, -1):
            record = self._oldest_first[position]
            if query.get("To", record.to) != record.to:
                continue
            if query.get("From", record.sender) != record.sender:
                continue
            if record.created_at < now - self.retention_seconds:
                continue
            yield record
            limit -= 1
            if not limit:
                return

    def _position(self, record: MessageRecord | None) -> int:
        if record is None:
            return len(self._oldest_first)
        return bisect_left(self._oldest_first, record.order, key=_order)

    def _change(self, sid: str, **changes: Any) -> None:  # noqa: ANN401 - the record's own fields
        with self._lock:
            record = self._by_sid[sid]
            del self._oldest_first[self._position(record)]
            self._put(replace(record, **changes))

    def _put(self, record: MessageRecord) -> None:
        self._by_sid[record.sid] = record
        insort(self._oldest_first, record, key=_order)


def _order(record: MessageRecord) -> tuple[int, int]:
    return record.order


def _rfc_2822(at: float | None) -> str | None:
    return None if at is None else format_datetime(datetime.fromtimestamp(int(at), UTC))
