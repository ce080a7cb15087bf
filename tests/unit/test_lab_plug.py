"""The plug of the lab: what becomes of each text, with a webhook that fails on demand."""

import dataclasses
from collections.abc import Callable, Sequence
from typing import Self

import aiohttp
import pytest
from yarl import URL

from services.tools.lab.lab_delivery import LabDelivery
from services.tools.lab.lab_poll import lab_poll
from services.tools.lab.plug import Plug, PlugFate, PlugFigures, stored_ballots
from services.tools.lab.settings import LabPlugError, plug_change
from services.tools.phones.delivery import WebhookEndpoint
from services.tools.phones.sms import SimulatedText, TextKind
from services.voting.identity import Pseudonyms
from services.voting.poll import Round

HOOK = "http://127.0.0.1:9/sms"
FALLBACK = "https://api.execute-api.us-east-1.amazonaws.com/fallback/sms"
ADDRESS = "http://127.0.0.1:8/fallback"
ROUND = Round(poll=lab_poll(1), number=3)
PSEUDONYMS = Pseudonyms(b"a pepper for tests, 32 bytes long")


def text(number: int = 1) -> SimulatedText:
    """A vote of the phone of this number."""
    return SimulatedText(
        kind=TextKind.NEW,
        sid=f"SM{number:032x}",
        sender=f"+155501{number:05d}",
        to="+15550190100",
        body="CORAL",
        choice="CORAL",
    )


class Answer:
    """A response of a status, as an `async with` of aiohttp gives it."""

    def __init__(self, status: int) -> None:
        self.status = status

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        return None

    async def text(self, *, errors: str) -> str:
        """An empty reply."""
        assert errors == "replace"
        return "<Response></Response>"


class FakeHttp:
    """Answers by address; `before` is called with the number of the request."""

    def __init__(self, *statuses: int, before: Callable[[int], None] = lambda _: None) -> None:
        self.requests: list[tuple[str, str]] = []
        self._statuses = statuses
        self._before = before

    def post(self, address: str, *, headers: dict[str, str], **_: object) -> Answer:
        """Note the request, and answer with its status."""
        place = len(self.requests)
        self._before(place)
        self.requests.append((str(URL(address)), headers.get("Host", "")))
        return Answer(self._statuses[place])


async def delivered(http: FakeHttp, plug: Plug) -> bool:
    """Deliver a text; return whether it was taken."""
    delivery = LabDelivery(
        plug=plug,
        endpoint=WebhookEndpoint(url=HOOK, token="a token"),
        fallback_url=FALLBACK,
        fallback_address=ADDRESS,
        round=lambda: ROUND,
    )
    session: aiohttp.ClientSession = http  # type: ignore[assignment]
    return (await delivery.deliver(session, text())).accepted


async def test_while_the_plug_is_in_a_text_has_one_attempt_and_no_part() -> None:
    """The lesson on partitions counts attempts."""
    plug, http = Plug(), FakeHttp(503)

    assert not await delivered(http, plug)
    assert http.requests == [(HOOK, "")]
    assert plug.figures() == PlugFigures()


async def test_a_text_is_tried_four_times_and_then_goes_to_the_fallback() -> None:
    """Under the name of the fallback's own host."""
    plug, http = Plug(), FakeHttp(503, 503, 503, 503, 200)
    plug.pull()

    assert await delivered(http, plug)
    host = "api.execute-api.us-east-1.amazonaws.com"
    assert http.requests == [*[(HOOK, "")] * 4, (ADDRESS, host)]
    assert plug.figures() == PlugFigures(sent=1, queued=1)


async def test_a_text_is_counted_by_the_webhook_after_the_plug_is_back() -> None:
    """It goes on with its attempts."""
    plug = Plug()
    plug.pull()
    http = FakeHttp(503, 503, 200, before=lambda place: plug.put_back() if place == 2 else None)

    assert await delivered(http, plug)
    assert plug.figures() == PlugFigures(sent=1, by_webhook=1)


async def test_a_text_that_was_on_its_way_when_the_plug_was_pulled_takes_part() -> None:
    """Its first attempt began before."""
    plug = Plug()
    http = FakeHttp(503, 503, 503, 503, 200, before=lambda _: plug.pull())

    assert await delivered(http, plug)
    assert plug.figures() == PlugFigures(sent=1, queued=1)


async def test_a_text_that_the_fallback_refuses_is_lost() -> None:
    """Twilio never tries again after that."""
    plug, http = Plug(), FakeHttp(503, 503, 503, 503, 503)
    plug.pull()

    assert not await delivered(http, plug)
    assert plug.figures() == PlugFigures(sent=1, lost=1)


def queued(plug: Plug, *numbers: int) -> None:
    """Texts that the fallback took."""
    plug.pull()
    for number in numbers:
        plug.take_part()
        plug.end(PlugFate.QUEUED, text(number), ROUND)


def test_a_text_in_the_queue_counts_when_its_ballot_is_in_the_store() -> None:
    """Until then it is looked for again."""
    plug = Plug()
    queued(plug, 1, 2)
    asked: list[list[str]] = []

    def stored(texts: Sequence[tuple[Round, SimulatedText]]) -> list[bool]:
        asked.append([one.sender[-1] for _, one in texts])
        return [one.sender.endswith("2") for _, one in texts]

    plug.look(stored)
    plug.look(stored)

    assert asked == [["1", "2"], ["1"]]
    assert plug.figures() == PlugFigures(sent=2, queued=1, by_fallback=1)


def test_a_look_that_fails_loses_no_text() -> None:
    """The store may be away."""
    plug = Plug()
    queued(plug, 1)
    with pytest.raises(OSError, match="away"):
        plug.look(_away)
    plug.look(lambda texts: [True for _ in texts])

    assert plug.figures() == PlugFigures(sent=1, by_fallback=1)


def _away(_: object) -> list[bool]:
    raise OSError("away")


def test_the_figures_begin_anew_when_all_texts_have_arrived() -> None:
    """Not before: the ones of the last time still count."""
    plug = Plug()
    queued(plug, 1)
    plug.put_back()
    plug.pull()
    before = plug.figures()
    plug.look(lambda texts: [True for _ in texts])
    plug.pull()
    pulled_twice = plug.figures()
    plug.put_back()
    plug.pull()

    assert before == PlugFigures(sent=1, queued=1)
    assert pulled_twice == PlugFigures(sent=1, by_fallback=1)
    assert plug.figures() == PlugFigures()


class FakeStore:
    """Has the ballots of some phones, under the keys that the webhook gives them."""

    def __init__(self, *texts: SimulatedText) -> None:
        self._keys = [
            ROUND.ballot_key(PSEUDONYMS.voter("lab", 3, one.sender), one.sid) for one in texts
        ]

    def batch_get_item(self, *, RequestItems: dict[str, dict[str, object]]) -> object:  # noqa: N803 - the client's name
        """Return those that are asked for and there."""
        asked = RequestItems["Votes"]["Keys"]
        keys = [{"pk": {"S": pk}, "sk": {"S": sk}} for pk, sk in self._keys]
        return {"Responses": {"Votes": [key for key in keys if key in asked]}}  # type: ignore[operator]


def test_a_ballot_is_looked_for_under_the_key_that_the_webhook_gives_it() -> None:
    """One for each text."""
    store = FakeStore(text(2))
    texts = [(ROUND, text(1)), (ROUND, text(2)), (dataclasses.replace(ROUND, number=4), text(2))]

    assert stored_ballots(store, "Votes", PSEUDONYMS, texts) == [False, True, False]


def test_the_switch_takes_true_or_false_and_leaves_the_other_settings() -> None:
    """A number is no state of a plug."""
    assert plug_change({"plug_pulled": True, "shards": 2}) == (True, {"shards": 2})
    assert plug_change({"plug_pulled": False}) == (False, {})
    assert plug_change({"shards": 2}) == (None, {"shards": 2})
    with pytest.raises(LabPlugError, match="plug_pulled: 1: the lab takes true or false"):
        plug_change({"plug_pulled": 1})
