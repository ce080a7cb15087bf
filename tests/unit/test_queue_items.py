"""Items of the fallback's queue: what is read of them, and what becomes of bad ones."""

import json
from typing import Any
from urllib.parse import quote_plus

import pytest

from services.late.queue_items import UnreadableItemError, read_item
from tests.support.fallback_queue import FALLBACK_URL, FallbackQueue, a_form, an_item
from tests.support.polls import NOON, a_round, a_sid
from tests.support.webhook import TOKEN

ELSEWHERE = "https://another.example.com/fallback/sms"


def read(item: str, *, sent_ms: int = NOON + 7) -> Any:
    """Read an item that SQS received 7 ms after noon."""
    return read_item(item, sent_ms=sent_ms, fallback_url=FALLBACK_URL)


def test_an_item_is_a_signed_form_and_the_time_of_its_arrival() -> None:
    """The words may have any character."""
    sid = a_sid()

    item = read(an_item(a_form('red & "blue" \\ 100% ü\n', sid)))

    assert item.form.is_signed(TOKEN)
    assert item.form.message().body == 'red & "blue" \\ 100% ü\n'
    assert (item.form.message().sid, item.at_ms) == (sid, NOON)


@pytest.mark.parametrize(
    ("given", "signed"),
    [
        (FALLBACK_URL, "https://fallback.example.com:443/fallback/sms"),
        ("https://fallback.example.com:443/fallback/sms", FALLBACK_URL),
    ],
)
def test_the_standard_port_may_be_signed_or_not(given: str, signed: str) -> None:
    """Twilio, "Webhooks Security"."""
    fields = a_form("red", a_sid())

    assert read(an_item(fields, url=signed, host=given.split("/")[2])).form.is_signed(TOKEN)


def test_the_host_that_received_the_request_is_the_one_that_was_signed() -> None:
    """It may be another name of the fallback than the one in the settings."""
    other = "https://abc123.example.com/prod/fallback/sms"

    assert read(an_item(a_form("red", a_sid()), url=other)).form.is_signed(TOKEN)


def test_without_a_host_the_request_was_for_the_fallback_url() -> None:
    """The emulator's templates know no context."""
    item = read(an_item(a_form("red", a_sid()), host="", path="", at_ms=""))

    assert item.form.is_signed(TOKEN)
    assert item.at_ms == NOON + 7


def test_the_signature_may_be_of_a_header_in_lower_case() -> None:
    """As HTTP/2 sends names."""
    item = json.loads(an_item(a_form("red", a_sid())))
    item |= {"signature": "", "signature_in_lower_case": item["signature"]}

    assert read(json.dumps(item)).form.is_signed(TOKEN)


def test_a_signature_for_another_url_is_forged() -> None:
    """A request that was recorded at the webhook cannot be sent to the fallback."""
    fields = a_form("red", a_sid())

    assert not read(an_item(fields, url=ELSEWHERE, host="fallback.example.com")).form.is_signed(
        TOKEN
    )


@pytest.mark.parametrize(
    ("at_ms", "found"),
    [
        (str(NOON - 60_000 + 7), NOON - 60_000 + 7),
        (str(NOON - 60_000 + 6), NOON + 7),
        (str(NOON + 60_000 + 8), NOON + 7),
        ("soon", NOON + 7),
        ("-5", NOON + 7),
        ("9" * 5_000, NOON + 7),
        (None, NOON + 7),
        (["1"], NOON + 7),
    ],
)
def test_an_impossible_time_is_replaced_by_that_of_the_queue(at_ms: object, found: int) -> None:
    """A text is not lost because of it."""
    assert read(an_item(a_form("red", a_sid()), at_ms=at_ms)).at_ms == found


BAD = {
    "not JSON": ("{", "not JSON"),
    "JSON too deep": ("[" * 100_000, "not JSON"),
    "not an object": ("[]", "not an object"),
    "no body": (an_item({}, body=None), "body: missing"),
    "an empty body": (an_item({}, body=""), "body: missing"),
    "a body that is no string": (an_item({}, body=5), "body: missing"),
    "no signature": (
        json.dumps({"body": "a=b", "host": "h", "path": "/", "at_ms": "1"}),
        "signature_in_lower_case: missing",
    ),
    "a huge body": (an_item({}, body="a" * 20_481), "body: too large"),
    "a huge encoded body": (an_item({}, body="%41" * 20_481), "body: too large"),
    "a hundred and one fields": (an_item({}, body=quote_plus("&" * 100)), "body: over 100 fields"),
    "a bad escape": (an_item({}, body=quote_plus("Body=%zz")), "body: malformed"),
}


@pytest.mark.parametrize("name", BAD)
def test_an_item_that_cannot_be_read_says_why(name: str) -> None:
    """The reason holds nothing of the item."""
    item, reason = BAD[name]

    with pytest.raises(UnreadableItemError) as refusal:
        read(item)

    assert refusal.value.reason.startswith(reason)
    assert str(refusal.value) == refusal.value.reason


def test_the_longest_body_is_read() -> None:
    """20,480 bytes, each of them encoded."""
    assert read(an_item({}, body="%41" * 20_480))


@pytest.mark.parametrize("name", BAD)
async def test_an_item_that_cannot_be_read_is_dropped_and_counted(
    name: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """Anybody may have put it there; the rest of the batch is replayed, here one of an emulator."""
    queue, sid = FallbackQueue.of(a_round()), a_sid()
    queue.put(BAD[name][0])
    queue.put(an_item(a_form("red", sid), host="", path=""))

    stays = await queue.replay()

    forged, text = (json.loads(line) for line in capsys.readouterr().out.splitlines())
    assert stays == set()
    assert (forged["event"], text["event"]) == ("replay.forged", "replay.text")
    assert forged["reason"].startswith(BAD[name][1])
    assert sid in str(queue.ballots.held)
