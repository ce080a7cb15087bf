"""Twilio's message log, read by Twilio's own library from the stand-in."""

from collections.abc import Callable, Iterator
from types import SimpleNamespace
from typing import Any

import pytest
from requests import ConnectionError as NoConnection

from services.adapters.twilio.client import TwilioError, client_from_env
from services.adapters.twilio.message_log import Listing, LoggedText, MessageLog
from services.tools.local.static_server import serve_in_thread
from services.tools.twilio.account import TwilioAccount
from services.tools.twilio.api import MessageListLimits, TwilioApi, create_api_app

NUMBER, OTHER, PHONE = "+15550100177", "+15550100188", "+15550100101"
NOW = 1_750_000_000
SID, TOKEN = "AC" + "0" * 32, "a-token-for-tests-only"


class Twilio:
    """The stand-in's account, and its API for the library."""

    def __init__(self) -> None:
        self.account = TwilioAccount()
        self.limits = MessageListLimits()
        self.api = TwilioApi(self.account, self.limits, clock=lambda: NOW)
        self.address = ""
        self.pauses: list[float] = []

    def receive(self, at: float, *, to: str = NUMBER, body: str = "RED", **more: Any) -> str:
        """A text in the log, with its webhook called as it came."""
        record = self.account.records.add(sender=PHONE, to=to, body=body, at=at, **more)
        self.account.records.mark_called(record.sid, at)
        return record.sid

    def log(
        self, token: str = TOKEN, on_progress: Callable[[Listing], None] | None = None
    ) -> MessageLog:
        """The log as the project reads it; pauses are noted and not waited for."""
        environ = {
            "TWILIO_ACCOUNT_SID": SID,
            "TWILIO_AUTH_TOKEN": token,
            "TWILIO_API_URL": self.address,
        }
        progress = on_progress or (lambda _: None)
        return MessageLog(client_from_env(environ), progress, self.pauses.append)

    def read(self, since: float = 0, number: str | None = NUMBER) -> list[LoggedText]:
        """Every text that the log yields."""
        return list(self.log().received(number, int(since * 1_000)))

    def pages(self) -> int:
        """How often the log was asked for a page."""
        return len(self.account.requests)


@pytest.fixture
def twilio() -> Iterator[Twilio]:
    """An account with an empty log."""
    twilio = Twilio()
    with serve_in_thread(create_api_app(twilio.api, TOKEN)) as twilio.address:
        yield twilio


def sids(texts: list[LoggedText]) -> list[str]:
    """Their ids."""
    return [text.sid for text in texts]


def test_every_text_is_listed_once_newest_first_over_several_pages(twilio: Twilio) -> None:
    """2,500 texts are three pages; those through other channels are asked for as well."""
    received = [twilio.receive(NOW - 2_500 + second) for second in range(2_500)]
    listed = twilio.read()

    assert sids(listed) == received[::-1]
    assert [text.at_ms for text in listed] == [(NOW - 1 - i) * 1_000 for i in range(2_500)]
    assert twilio.pages() == 3 + 2


def test_a_text_is_read_whole(twilio: Twilio) -> None:
    """With the time at which Twilio received it, and the time of the call to the webhook."""
    sid = twilio.receive(NOW - 60.25, body="blue é")
    twilio.account.records.mark_called(sid, NOW - 57.5)
    [text] = twilio.read()

    assert (text.sid, text.sender, text.to, text.body, text.media) == (
        sid,
        PHONE,
        NUMBER,
        "blue é",
        0,
    )
    assert (text.at_ms, text.called_at_ms) == ((NOW - 61) * 1_000, (NOW - 58) * 1_000)


def test_a_text_whose_webhook_was_never_called_is_listed(twilio: Twilio) -> None:
    """Its number had no webhook."""
    twilio.account.records.add(sender=PHONE, to=NUMBER, body="RED", at=NOW - 5)
    [text] = twilio.read()

    assert (text.at_ms, text.called_at_ms) == ((NOW - 5) * 1_000, None)


def test_of_the_texts_of_a_second_the_older_one_has_the_smaller_place(twilio: Twilio) -> None:
    """The log has whole seconds; their order is that of the log."""
    received = [twilio.receive(NOW - 9 + part / 10) for part in range(10)]
    listed = twilio.read()

    assert {text.at_ms for text in listed} == {(NOW - 9) * 1_000}
    assert sids(sorted(listed, key=lambda text: (text.at_ms, text.place))) == received


@pytest.mark.parametrize(
    ("since", "listed"),
    [(NOW - 6, 2), (NOW - 5.1, 2), (NOW - 5, 1), (NOW - 4.5, 1), (NOW - 4, 0)],
)
def test_texts_of_before_the_time_are_left_out(twilio: Twilio, since: float, listed: int) -> None:
    """A text of the second in which the time lies may be of after it."""
    twilio.receive(NOW - 5.5)
    twilio.receive(NOW - 5)

    assert len(twilio.read(since)) == listed


def test_reading_ends_with_the_first_page_that_is_too_old(twilio: Twilio) -> None:
    """The second page of five has no text since that time."""
    for second in range(4_500):
        twilio.receive(NOW - 4_500 + second)
    listed = twilio.read(NOW - 900)

    assert len(listed) == 900
    assert twilio.pages() == 2 + 2


def test_texts_that_were_delivered_late_do_not_end_the_reading(twilio: Twilio) -> None:
    """The log is sorted by the time of the call: a page of old texts may come before a newer one."""
    newer = twilio.receive(NOW - 100)
    for _ in range(1_000):
        late = twilio.receive(NOW - 500)
        twilio.account.records.mark_called(late, NOW - 50)

    assert sids(twilio.read(NOW - 200)) == [newer]


def test_texts_through_other_channels_are_listed_without_the_prefix(twilio: Twilio) -> None:
    """In the order of time; a number is the same on every channel."""
    first = twilio.receive(NOW - 30)
    second = twilio.receive(NOW - 20, to=f"whatsapp:{NUMBER}")
    third = twilio.receive(NOW - 10)
    listed = twilio.read()

    assert sids(listed) == [third, second, first]
    assert {text.to for text in listed} == {NUMBER}


def test_only_texts_to_the_number_are_listed(twilio: Twilio) -> None:
    """Neither another number's texts nor replies; without a number, all texts of the account."""
    mine = twilio.receive(NOW - 30)
    others = twilio.receive(NOW - 20, to=OTHER)
    agent = twilio.receive(NOW - 10, to="rcs:an_agent")
    twilio.account.records.add(sender=NUMBER, to=PHONE, body="Thanks", at=NOW - 5, reply=True)

    assert sids(twilio.read()) == [mine]
    assert sids(twilio.read(number=OTHER)) == [others]
    assert sids(twilio.read(number=None)) == [agent, others, mine]


def test_a_reply_to_the_number_itself_is_not_received(twilio: Twilio) -> None:
    """One number of the account may text another."""
    twilio.account.records.add(sender=OTHER, to=NUMBER, body="Thanks", at=NOW - 5, reply=True)

    assert twilio.read() == []


def test_a_text_whose_time_the_log_does_not_say_is_listed_whatever_is_asked_for() -> None:
    """It may be a text that is missing."""
    record = SimpleNamespace(
        sid="SM1", direction="inbound", from_=PHONE, to=NUMBER, body="RED", num_media="0",
        date_created=None, date_sent=None,
    )  # fmt: skip

    class Page(list[Any]):
        def next_page(self) -> None:
            """There is no other one."""

    def page(*, page_size: int, to: str) -> Page:
        assert page_size == 1_000
        return Page([record] if to == NUMBER else [])

    client = SimpleNamespace(messages=SimpleNamespace(page=page))
    (text,) = MessageLog(client).received(NUMBER, NOW * 1_000)

    assert (text.sid, text.at_ms, text.called_at_ms) == ("SM1", 0, None)


@pytest.mark.parametrize("body", ["", None])
def test_a_text_without_a_body_is_listed(twilio: Twilio, body: Any) -> None:
    """A picture, or an empty text."""
    twilio.receive(NOW - 5, body=body, media=2)
    [text] = twilio.read()

    assert (text.body, text.media) == ("", 2)


def test_a_redacted_text_is_listed_without_its_body(twilio: Twilio) -> None:
    """It was received, and what it said is gone."""
    sid = twilio.receive(NOW - 5)
    twilio.account.records.redact(sid)
    [text] = twilio.read()

    assert (text.sid, text.body, text.media) == (sid, "", 0)


def test_texts_older_than_the_retention_are_gone(twilio: Twilio) -> None:
    """Twilio keeps them for 400 days, or for less if the account says so."""
    twilio.receive(NOW - 401 * 86_400)
    old = twilio.receive(NOW - 399 * 86_400)
    new = twilio.receive(NOW - 5)
    whole = sids(twilio.read())
    twilio.account.records.retention_seconds = 86_400

    assert whole == [new, old]
    assert sids(twilio.read()) == [new]


@pytest.mark.parametrize("status", [429, 500, 503])
def test_a_page_that_fails_is_asked_for_again(twilio: Twilio, status: int) -> None:
    """No text is missing or twice, and the pauses grow."""
    received = [twilio.receive(NOW - 1_500 + second) for second in range(1_500)]
    listing = twilio.log().received(NUMBER, 0)
    first = next(listing)
    twilio.limits.failures.extend([status] * 3)
    listed = [first, *listing]

    assert sids(listed) == received[::-1]
    assert len(twilio.pauses) == 3
    for pause, longest in zip(twilio.pauses, [0.5, 1.0, 2.0], strict=True):
        assert longest / 2 <= pause <= longest


def test_a_rate_that_stays_limited_fails_after_a_minute(twilio: Twilio) -> None:
    """With the reason; no pause is longer than 8 s."""
    twilio.limits.requests_per_second = 0

    with pytest.raises(TwilioError, match=r"answered 429.*try again in a minute"):
        twilio.read()

    assert 60 <= sum(twilio.pauses) <= 68
    assert max(twilio.pauses) <= 8


def test_requests_within_the_rate_are_answered(twilio: Twilio) -> None:
    """The fourth of a second is too many."""
    twilio.limits.requests_per_second = 3
    twilio.receive(NOW - 5)

    assert len(twilio.read()) == 1
    assert twilio.pauses == []
    with pytest.raises(TwilioError, match="answered 429"):
        twilio.read()


def test_a_network_that_fails_for_a_moment_is_waited_for(twilio: Twilio) -> None:
    """The request is made again."""
    sid = twilio.receive(NOW - 5)
    log = twilio.log()
    request, failures = log.client.http_client.request, [NoConnection("down")] * 2

    def failing(*arguments: Any, **more: Any) -> Any:
        if failures:
            raise failures.pop()
        return request(*arguments, **more)

    log.client.http_client = SimpleNamespace(request=failing)

    assert sids(list(log.received(NUMBER, 0))) == [sid]
    assert len(twilio.pauses) == 2


def test_a_page_that_does_not_come_is_asked_for_again(twilio: Twilio) -> None:
    """The client waits for it so long and no longer."""
    sid = twilio.receive(NOW - 5)
    twilio.limits.page_seconds = 0.5

    def pause(seconds: float) -> None:
        twilio.limits.page_seconds = 0
        twilio.pauses.append(seconds)

    log = MessageLog(twilio.log().client, sleep=pause)
    log.client.http_client.http.timeout = 0.1

    assert sids(list(log.received(NUMBER, 0))) == [sid]
    assert len(twilio.pauses) == 1


def test_wrong_credentials_are_named_at_once(twilio: Twilio) -> None:
    """Asking again would not help."""
    log = twilio.log(token="wrong")

    with pytest.raises(TwilioError, match="TWILIO_AUTH_TOKEN"):
        list(log.received(NUMBER, 0))

    assert twilio.pauses == []


def test_progress_is_told_by_the_thousand_and_at_the_end(twilio: Twilio) -> None:
    """How many texts were read, and how far back."""
    for second in range(2_500):
        twilio.receive(NOW - 2_500 + second)
    seen: list[Listing] = []
    list(twilio.log(on_progress=seen.append).received(NUMBER, 0))

    assert [listing.texts for listing in seen] == [1_000, 2_000, 2_500]
    assert [listing.reached_ms // 1_000 - NOW for listing in seen] == [-1_000, -2_000, -2_500]


def test_an_empty_log_yields_nothing(twilio: Twilio) -> None:
    """Nor is any progress told."""
    seen: list[Listing] = []

    assert list(twilio.log(on_progress=seen.append).received(NUMBER, 0)) == []
    assert seen == []
