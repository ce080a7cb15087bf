"""Lists the texts that Twilio received, from its message log.

Twilio, "Messages resource": an inbound message's `date_created` is when Twilio received it, and
its `date_sent` when Twilio called the webhook, both in whole seconds. The list is sorted by
`date_sent`, newest first, with at most 1,000 messages a page. A text that Twilio is still
delivering may move in it, so a listing is complete only for texts whose delivery has ended.
"""

import random
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from heapq import merge
from typing import Any, Final

from services.adapters.twilio.client import TOO_MANY_REQUESTS, status_of, translate_errors
from services.voting.addresses import CHANNELS, without_channel

PAGE_SIZE: Final = 1_000
"""Texts a request: Twilio's maximum."""
RETRY_SECONDS: Final = 60.0
"""How long a page is asked for again before the listing fails."""

_FIRST_PAUSE_SECONDS: Final = 0.5
_LONGEST_PAUSE_SECONDS: Final = 8.0
_SERVER_ERRORS: Final = range(500, 600)


@dataclass(frozen=True, slots=True, kw_only=True)
class LoggedText:
    """A text in Twilio's log. Addresses are without the prefix of a channel."""

    sid: str
    sender: str
    to: str
    body: str
    """Empty for a picture without a text, and if it was redacted."""
    media: int
    """Number of pictures and other files."""
    at_ms: int
    """When Twilio received the text: a whole second, in ms since the epoch."""
    called_at_ms: int | None
    """When Twilio called the webhook: a whole second, in ms since the epoch."""
    place: int
    """Order in the log: of two texts of one second, the older one has the smaller place."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Listing:
    """How far a listing has come."""

    texts: int
    """Inbound texts read so far."""
    reached_ms: int
    """The time of the oldest of them, in ms since the epoch."""


def ignore_progress(listing: Listing) -> None:
    """Do nothing; the default callback."""


@dataclass(frozen=True, slots=True)
class MessageLog:
    """The message log of one account. `client` is a `twilio.rest.Client`."""

    client: Any
    on_progress: Callable[[Listing], None] = ignore_progress
    sleep: Callable[[float], None] = time.sleep

    def received(self, number: str | None, since_ms: int) -> Iterator[LoggedText]:
        """Yield the texts that Twilio received since a time, newest first, a page in memory.

        Lists the texts to a number (E.164), also through other channels as `whatsapp:`, or to all
        numbers of the account. Texts to an RCS agent have no number and are among the latter only.
        A page is asked for again for up to a minute if Twilio limits the rate or fails.

        Raises:
            TwilioError: Twilio refuses the credentials, or still fails after that.
        """
        addresses = [None] if number is None else [number, *(f"{c}{number}" for c in CHANNELS)]
        whole_second_ms = since_ms // 1_000 * 1_000
        listings = [self._listing(address, whole_second_ms) for address in addresses]
        text = None
        records = merge(*listings, key=lambda record: -_listed_at_ms(record))
        for count, record in enumerate(records, start=1):
            text = _logged_text(record, place=-count)
            if count % PAGE_SIZE == 0:
                self.on_progress(Listing(texts=count, reached_ms=text.at_ms))
            if not 0 < text.at_ms < whole_second_ms:
                yield text
        if text is not None:
            self.on_progress(Listing(texts=-text.place, reached_ms=text.at_ms))

    def _listing(self, address: str | None, since_ms: int) -> Iterator[Any]:
        """Yield the inbound messages to an address, up to the first page that is too old."""
        filters = {} if address is None else {"to": address}
        page = self._ask(lambda: self.client.messages.page(page_size=PAGE_SIZE, **filters))
        while page is not None:
            records = list(page)
            yield from (record for record in records if record.direction == "inbound")
            # A delayed delivery puts an old text before newer ones, so both dates must be older.
            if records and max(map(_listed_at_ms, records)) < since_ms:
                return
            page = self._ask(page.next_page)

    def _ask(self, request: Callable[[], Any]) -> Any:  # noqa: ANN401 - the library's own page
        """Make a request, and repeat it while Twilio is busy (Twilio, "Error 20429")."""
        from requests import RequestException
        from twilio.base.exceptions import TwilioException

        waited, pause = 0.0, _FIRST_PAUSE_SECONDS
        while True:
            try:
                return request()
            except (RequestException, TwilioException) as error:
                if waited >= RETRY_SECONDS or not _may_be_repeated(error):
                    with translate_errors():
                        raise
            seconds = pause * random.uniform(0.5, 1)  # noqa: S311 - spreads requests, hides nothing
            self.sleep(seconds)
            waited, pause = waited + seconds, min(2 * pause, _LONGEST_PAUSE_SECONDS)


def _may_be_repeated(error: Exception) -> bool:
    """Whether a request failed for a reason that passes: the network, the rate, a server error."""
    from requests import ConnectionError as NoConnection
    from requests import Timeout

    if isinstance(error, NoConnection | Timeout):
        return True
    status = status_of(error)
    return status == TOO_MANY_REQUESTS or status in _SERVER_ERRORS


def _logged_text(record: Any, *, place: int) -> LoggedText:  # noqa: ANN401 - the library's own
    called_at_ms = _ms(record.date_sent)
    return LoggedText(
        sid=record.sid,
        sender=without_channel(record.from_ or ""),
        to=without_channel(record.to or ""),
        body=record.body or "",
        media=int(record.num_media or 0),
        at_ms=_at_ms(record),
        called_at_ms=called_at_ms,
        place=place,
    )


def _at_ms(record: Any) -> int:  # noqa: ANN401 - the library's own
    """When Twilio received a message; 0 if the log does not say."""
    return _ms(record.date_created) or _ms(record.date_sent) or 0


def _listed_at_ms(record: Any) -> int:  # noqa: ANN401 - the library's own
    return max(_at_ms(record), _ms(record.date_sent) or 0)


def _ms(date: datetime | None) -> int | None:
    return None if date is None else int(date.timestamp()) * 1_000
