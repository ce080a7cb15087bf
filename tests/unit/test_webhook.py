"""The webhook: what becomes of texts. What becomes of bad input: `test_bad_input.py`."""

import asyncio
import json
from dataclasses import dataclass, field
from urllib.parse import urlencode

import httpx
import pytest
from mangum import Mangum

from services.adapters.memory import MemoryBallots, MemoryDirectory
from services.adapters.secrets import Secrets
from services.adapters.ttl_cache import Cached
from services.voting.ballot import Ballot
from services.voting.errors import StoreUnavailableError
from services.voting.intake import Intake
from services.voting.poll import Policy, Round, State
from services.webhook.app import create_app
from services.webhook.routes import Dependencies
from tests.support.function_calls import call_function
from tests.support.polls import NOON, a_poll, a_round, a_sid
from tests.support.webhook import BASE_URL, TOKEN, Desk, signed, twilio_form

EMPTY = '<?xml version="1.0" encoding="UTF-8"?><Response />'


def picks(desk: Desk) -> dict[str, int]:
    """What the ballots in memory add up to."""
    assert isinstance(desk.ballots, MemoryBallots)
    found: dict[str, int] = {}
    for ballot in desk.ballots.held.values():
        for choice, count in ballot.picks.items():
            found[choice] = found.get(choice, 0) + count
    return found


async def test_a_signed_text_is_counted_and_answered() -> None:
    """TwiML with one reply."""
    desk = Desk()

    answer = await desk.text("red")

    assert answer.status_code == 200
    assert answer.headers["content-type"].startswith("text/xml")
    assert "Your vote for Red is in." in answer.text
    assert picks(desk) == {"RED": 1}


async def test_a_text_altered_on_the_way_is_refused() -> None:
    """Every field is signed, known to us or not."""
    desk = Desk()
    form = twilio_form("red")
    async with desk.client() as client:
        answer = await client.post(
            "/sms", content=urlencode(form | {"Body": "blue"}), headers=signed(form)
        )

    assert answer.status_code == 403
    assert picks(desk) == {}


@pytest.mark.parametrize("body", ["", "purple", "🍕🍕", "RЕD", "red\x00", "r" * 1600, "<b>&"])
async def test_an_unknown_word_gets_the_choices_and_counts_nothing(body: str) -> None:
    """A picture has a blank body; emoji and markup are words like others."""
    desk = Desk()

    answer = await desk.text(body)

    assert answer.status_code == 200
    assert "RED, GREEN, BLUE" in answer.text
    assert picks(desk) == {}


async def test_repeated_fields_are_signed_and_the_first_counts() -> None:
    """Twilio's validator takes each value of a repeated field."""
    desk = Desk()
    form = twilio_form("red")
    pairs = [*form.items(), ("Extra", "b"), ("Extra", "a")]
    url = f"{BASE_URL}/sms" + "".join(k + v for k, v in sorted(pairs))
    headers = signed({}, url)
    async with desk.client() as client:
        answer = await client.post("/sms", content=urlencode(pairs), headers=headers)

    assert answer.status_code == 200
    assert picks(desk) == {"RED": 1}


@pytest.mark.parametrize("word", ["STOP", "Help", "unstop", "Start!", "YES"])
async def test_words_of_the_carriers_get_silence(word: str) -> None:
    """They are answered by the carriers."""
    desk = Desk()

    answer = await desk.text(word)

    assert (answer.status_code, answer.text) == (200, EMPTY)
    assert picks(desk) == {}


@pytest.mark.parametrize(
    ("there", "reply"),
    [
        (a_round(numbers=("+15550100111",)), "There is no vote on this number"),
        (a_round(opens_at_ms=NOON + 60_000), "It opens on 15 Jan at 08:01 UTC"),
        (a_round(closes_at_ms=NOON), "Voting closed on 15 Jan at 08:00 UTC"),
        (Round(poll=a_poll(), state=State.CLOSED, state_at_ms=NOON), "Your text came too late"),
    ],
    ids=["no poll", "not yet open", "closed", "closed by hand"],
)
async def test_a_text_out_of_place_or_time_is_told_so(there: Round, reply: str) -> None:
    """And counts nothing."""
    desk = Desk(rounds=[there])

    answer = await desk.text("red")

    assert reply in answer.text
    assert picks(desk) == {}


async def test_the_same_text_again_gets_the_same_reply_and_counts_once() -> None:
    """Also after the voter has changed their mind, and after the close."""
    desk, sid = Desk(), a_sid()
    first = await desk.text("red", sid=sid)
    await desk.text("blue")
    later = await desk.text("red", sid=sid)
    desk.rounds[0] = Round(poll=desk.rounds[0].poll, state=State.CLOSED)
    after_the_close = await desk.text("red", sid=sid)

    assert first.text == later.text == after_the_close.text
    assert picks(desk) == {"BLUE": 1}


async def test_the_same_text_many_times_at_once_counts_once() -> None:
    """Twenty deliveries of one MessageSid."""
    desk, sid = Desk(rounds=[a_round(policy=Policy.EACH, limit=5)]), a_sid()

    answers = await asyncio.gather(*(desk.text("red", sid=sid) for _ in range(20)))

    assert len({answer.text for answer in answers}) == 1
    assert picks(desk) == {"RED": 1}


async def test_many_texts_of_one_phone_at_once_are_all_counted() -> None:
    """Five different texts race for one ballot; none is lost, none counted twice."""
    desk = Desk(rounds=[a_round(policy=Policy.EACH, limit=20)])

    answers = await asyncio.gather(*(desk.text("red") for _ in range(12)))

    assert {answer.status_code for answer in answers} == {200}
    assert picks(desk) == {"RED": 12}


async def test_without_a_token_every_text_is_refused() -> None:
    """A deploy whose Twilio token is not set yet counts for nobody."""
    answer = await Desk(token="").text("red")

    assert answer.status_code == 403
    assert "token is not set" in answer.text


async def test_a_token_that_was_changed_is_taken_up_with_the_first_text_it_signs() -> None:
    """The one held is read anew, though not more than every five seconds."""
    clock = [0.0]
    desk = Desk(token="the old one", monotonic=lambda: clock[0])
    app = desk.app
    form = twilio_form("red")
    transport = httpx.ASGITransport(app)
    async with httpx.AsyncClient(transport=transport, base_url=BASE_URL) as client:
        early = await client.post("/sms", content=urlencode(form), headers=signed(form))
        desk.token = TOKEN
        soon = await client.post("/sms", content=urlencode(form), headers=signed(form))
        clock[0] = 5.1
        later = await client.post("/sms", content=urlencode(form), headers=signed(form))

    assert [a.status_code for a in (early, soon, later)] == [403, 403, 200]
    assert picks(desk) == {"RED": 1}


async def test_without_the_secrets_a_text_is_503_and_not_refused() -> None:
    """Twilio may send it again; a 403 it would not."""

    def unreached() -> Secrets:
        raise StoreUnavailableError("GetSecretValue")

    deps = Dependencies(
        intake=Intake(directory=MemoryDirectory([]), ballots=MemoryBallots(), clock=lambda: NOON),
        secrets=Cached(unreached, seconds=60),
        probes={},
        public_base_url=BASE_URL,
    )
    form = twilio_form("red")
    transport = httpx.ASGITransport(create_app(deps))
    async with httpx.AsyncClient(transport=transport, base_url=BASE_URL) as client:
        answer = await client.post("/sms", content=urlencode(form), headers=signed(form))

    assert answer.status_code == 503


@dataclass
class LosingBallots(MemoryBallots):
    """The first write lands, but nobody hears of it."""

    lost: list[str] = field(default_factory=list)

    async def create(self, ballot: Ballot) -> bool:
        """Store, then fail the first time."""
        created = await MemoryBallots.create(self, ballot)
        if not self.lost:
            self.lost.append(ballot.sk)
            raise StoreUnavailableError("PutItem")
        return created


async def test_a_store_out_of_reach_is_503_and_sending_again_is_safe() -> None:
    """The write had landed: the second delivery finds it and is answered as the first."""
    desk, sid = Desk(ballots=LosingBallots()), a_sid()

    first = await desk.text("red", sid=sid)
    second = await desk.text("red", sid=sid)

    assert first.status_code == 503
    assert int(first.headers["retry-after"]) > 0
    assert second.status_code == 200
    assert "Your vote for Red is in." in second.text
    assert picks(desk) == {"RED": 1}


async def test_the_root_says_what_this_is() -> None:
    """For whoever opens the address in a browser."""
    async with Desk().client() as client:
        answer = await client.get("/")

    assert answer.status_code == 200
    assert answer.json() == {
        "name": "VoteApp webhook",
        "what": "Twilio delivers text messages to POST /sms; they are votes.",
        "health": "/health",
    }


async def test_no_phone_number_and_no_text_is_logged(capfd: pytest.CaptureFixture[str]) -> None:
    """One JSON line a request, without what identifies anybody."""
    desk = Desk()
    await desk.text("red", phone=77)
    await desk.text("something private", phone=77)
    lines = [json.loads(line) for line in capfd.readouterr().out.splitlines()]

    assert [line["outcome"] for line in lines] == ["accepted", "unknown"]
    assert "private" not in str(lines)
    assert "5550" not in str(lines)


@pytest.mark.parametrize(
    ("headers", "url"),
    [
        ({}, "http://testserver/sms?a=1"),
        (
            {"X-Forwarded-Proto": "https", "X-Forwarded-Host": "votes.example"},
            "https://votes.example/sms?a=1",
        ),
        ({"X-Forwarded-Proto": "https"}, "https://testserver/sms?a=1"),
    ],
)
async def test_without_a_base_url_the_request_says_what_was_signed(
    headers: dict[str, str], url: str
) -> None:
    """Behind a load balancer the forwarded headers say it; the query string belongs to it."""
    desk = Desk(public_base_url=None)
    form = twilio_form("red")
    async with desk.client() as client:
        answer = await client.post(
            "/sms?a=1", content=urlencode(form), headers={**signed(form, url), **headers}
        )

    assert answer.status_code == 200


async def test_behind_api_gateway_its_own_domain_name_counts() -> None:
    """A caller cannot choose it, as it can choose a Host header."""
    form = twilio_form("red")
    url = "https://abc.execute-api.us-east-1.amazonaws.com/sms"
    handler = Mangum(Desk(public_base_url=None).app, lifespan="off")
    event = {
        "version": "2.0", "rawPath": "/sms", "rawQueryString": "", "isBase64Encoded": False,
        "headers": {k.lower(): v for k, v in signed(form, url).items()} | {"host": "evil.example"},
        "body": urlencode(form),
        "requestContext": {
            "domainName": "abc.execute-api.us-east-1.amazonaws.com",
            "http": {"method": "POST", "path": "/sms", "protocol": "HTTP/1.1", "sourceIp": "127.0.0.1"},
        },
    }  # fmt: skip

    answer = await asyncio.to_thread(call_function, handler, event)

    assert answer["statusCode"] == 200
    assert "Your vote for Red is in." in answer["body"]
