"""What people text on the page /phone is expected in the count as it can be counted."""

from typing import Any

import pytest

from services.tools.phones import handsets
from services.tools.phones.delivery import WebhookEndpoint, WebhookReply
from services.tools.phones.handsets import Handsets
from services.voting.poll import Round, State
from tests.support.polls import NOON, NUMBER, a_round

PHONE_1 = "+15550190001"


class HandsetFixture:
    """Handsets whose texts are all accepted; the clock moves only in `sleep`."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, round: Round) -> None:
        self.round = round
        self.now_ms = NOON
        self.waited: list[float] = []
        self.handsets = Handsets(
            WebhookEndpoint(url="http://x", token="-"), current_round=lambda: (self.round, NUMBER)
        )
        monkeypatch.setattr(handsets, "deliver_one", self._deliver)
        monkeypatch.setattr(handsets, "_now_ms", lambda: self.now_ms)
        monkeypatch.setattr("services.tools.phones.handsets.asyncio.sleep", self._sleep)

    async def _deliver(self, _line: Any, text: Any) -> WebhookReply:
        return WebhookReply(text=text, status=200, body="<Response />", sent_at=0, answered_at=0)

    async def _sleep(self, seconds: float) -> None:
        self.waited.append(seconds)
        self.now_ms += round(seconds * 1000)


async def test_the_latest_choice_of_a_phone_is_expected(monkeypatch: pytest.MonkeyPatch) -> None:
    """Words that are no choice change nothing."""
    fixture = HandsetFixture(monkeypatch, a_round())
    for words in ("RED", "blue", "hello"):
        await fixture.handsets.text(1, words)

    assert fixture.handsets.votes_in(1) == {PHONE_1: "BLUE"}
    assert fixture.waited == []


async def test_a_text_beyond_what_a_ballot_holds_is_not_expected(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The twenty-first is refused."""
    fixture = HandsetFixture(monkeypatch, a_round())
    for _ in range(20):
        await fixture.handsets.text(1, "RED")
    await fixture.handsets.text(1, "BLUE")

    assert fixture.handsets.votes_in(1) == {PHONE_1: "RED"}


async def test_a_text_to_a_closed_poll_is_not_expected(monkeypatch: pytest.MonkeyPatch) -> None:
    """It is answered, and counts for nothing."""
    fixture = HandsetFixture(
        monkeypatch, Round(poll=a_round().poll, state=State.CLOSED, state_at_ms=NOON - 60_000)
    )
    await fixture.handsets.text(1, "RED")

    assert fixture.handsets.votes_in(1) == {}


async def test_votes_are_expected_in_their_own_round_only(monkeypatch: pytest.MonkeyPatch) -> None:
    """After a reset everybody begins anew."""
    fixture = HandsetFixture(monkeypatch, a_round())
    await fixture.handsets.text(1, "RED")
    fixture.round = a_round(number=2)

    assert fixture.handsets.votes_in(2) == {}
    await fixture.handsets.text(1, "BLUE")
    assert fixture.handsets.votes_in(2) == {PHONE_1: "BLUE"}


@pytest.mark.parametrize("change", ["began_at_ms", "state_at_ms"])
async def test_a_text_waits_until_its_round_is_known_everywhere(
    monkeypatch: pytest.MonkeyPatch, change: str
) -> None:
    """Two seconds after a reset or an opening a webhook may not have heard of it."""
    changed: dict[str, Any] = {change: NOON - 2_000}
    fixture = HandsetFixture(
        monkeypatch, Round(poll=a_round().poll, state=State.OPEN, number=2, **changed)
    )
    await fixture.handsets.text(1, "RED")

    assert fixture.waited == [3.0]
    assert fixture.handsets.votes_in(2) == {PHONE_1: "RED"}
