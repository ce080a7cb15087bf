"""At most five error replies a minute to one phone."""

import json
import re
from urllib.parse import urlencode

import httpx
import pytest

from services.voting.ballot import Outcome, OutcomeKind
from services.voting.poll import ReplyMode, Round
from services.voting.replies import reply_to
from services.webhook.reply_limit import ErrorReplyLimit, is_error
from tests.support.polls import NOON, a_phone, a_poll
from tests.support.webhook import BASE_URL, Desk, signed, twilio_form


class Clock:
    """A clock that stands until it is moved."""

    now = 0.0

    def __call__(self) -> float:
        """Seconds."""
        return self.now


def admitted(limit: ErrorReplyLimit, phone: str, times: int = 10) -> int:
    """How many of so many error replies go out."""
    return sum(limit.admit(phone) for _ in range(times))


def test_the_sixth_error_reply_within_a_minute_is_withheld() -> None:
    """To the phone that got five, and to no other."""
    limit = ErrorReplyLimit(monotonic=Clock())

    assert admitted(limit, a_phone(1)) == 5
    assert admitted(limit, a_phone(2)) == 5


def test_any_sixty_seconds_hold_five() -> None:
    """The window slides: five at its end and five right after are not ten within a second."""
    clock = Clock()
    limit = ErrorReplyLimit(monotonic=clock)
    sent = []
    for _ in range(600):
        clock.now += 0.5
        if limit.admit(a_phone()):
            sent.append(clock.now)

    assert len(sent) == 25
    assert all(later - earlier >= 60 for earlier, later in zip(sent, sent[5:], strict=False))


def test_a_reply_counts_for_a_minute_and_no_longer() -> None:
    """Less than sixty seconds later it does, sixty seconds later it does not."""
    clock = Clock()
    limit = ErrorReplyLimit(monotonic=clock)
    found = []
    for now in (0, 1, 1, 1, 1, 59.9, 60, 60, 60.9, 61):
        clock.now = now
        found.append(limit.admit(a_phone()))

    assert found == [True] * 5 + [False, True, False, False, True]


def test_after_a_minute_a_phone_is_forgotten() -> None:
    """No longer than it is needed, and with it goes its limit."""
    clock = Clock()
    limit = ErrorReplyLimit(monotonic=clock)
    for phone in range(100):
        limit.admit(a_phone(phone))
    clock.now = 60
    limit.admit(a_phone(7))

    assert len(limit) == 1
    assert admitted(limit, a_phone(7)) == 4


def test_of_too_many_phones_the_one_replied_to_longest_ago_goes_first() -> None:
    """The memory is bounded, whatever comes."""
    limit = ErrorReplyLimit(monotonic=Clock(), most_phones=3)
    for phone in (1, 2, 3, 1, 4):
        limit.admit(a_phone(phone))

    assert len(limit) == 3
    assert admitted(limit, a_phone(1)) == 3
    assert admitted(limit, a_phone(2)) == 5


def test_no_phone_number_is_held() -> None:
    """A hash under a key of this process alone; another process has another."""
    limits = ErrorReplyLimit(), ErrorReplyLimit()
    for limit in limits:
        limit.admit("+15550100199")
    (here,), (there,) = (limit._replies for limit in limits)

    assert here != there
    assert b"5550100199" not in here
    assert len(here) == 16


@pytest.mark.parametrize("kind", OutcomeKind)
def test_an_error_reply_is_what_a_poll_that_replies_to_errors_only_sends(kind: OutcomeKind) -> None:
    """Reserved words and texts whose vote counts elsewhere have no reply at all."""
    there = Round(poll=a_poll(reply_mode=ReplyMode.ERRORS))
    reply = reply_to(Outcome(kind=kind, choice="RED", previous="RED"), there, NOON)

    silent = kind in {OutcomeKind.RESERVED, OutcomeKind.BARRED}
    assert (reply is not None) == (is_error(kind) and not silent)


async def replies(app_of: Desk, *bodies: str, phone: int = 0, channel: str = "") -> list[str]:
    """What one phone is replied, text by text."""
    app = app_of.app
    said = []
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url=BASE_URL) as client:
        for place, body in enumerate(bodies):
            form = twilio_form(body, phone=phone)
            if place % 2:
                form["From"] = channel + form["From"]
            answer = await client.post("/sms", content=urlencode(form), headers=signed(form))
            assert answer.status_code == 200
            said += re.findall("<Message>(.*)</Message>", answer.text) or [""]
    return said


async def test_votes_are_replied_to_after_the_limit(capfd: pytest.CaptureFixture[str]) -> None:
    """Only errors are withheld, on every channel of the phone, and the log says which were."""
    said = await replies(Desk(), *["purple"] * 7, "red", "STOP", channel="whatsapp:")
    lines = [json.loads(line) for line in capfd.readouterr().out.splitlines()]

    assert [bool(reply) for reply in said] == [True] * 5 + [False, False, True, False]
    assert [line["withheld"] for line in lines] == [False] * 5 + [True, True, False, False]
    assert "5550" not in str(lines)
