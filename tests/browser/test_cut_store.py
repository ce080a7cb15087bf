"""The lab's plug: the store is cut from the webhook, and no text is lost."""

import re
import time
from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Page, expect

from services.tools.demo.cloud import LocalCloud
from services.tools.lab.lab_poll import POLL
from tests.browser.support.axe import violations

pytestmark = pytest.mark.cloud

OpenDemo = Callable[..., Page]
Picture = Callable[[Page, str], None]

READY_MS = 20_000
REPLAYED_MS = 60_000
"""Twilio tries for 12 s; then a cold replayer begins, which usually takes some seconds."""
YOUNG_ROUND_MS = 100_000
"""A text that comes earlier after the beginning of a round waits in the replayer."""


@pytest.fixture
def lab(open_demo: OpenDemo, cloud: LocalCloud) -> Iterator[Page]:
    """The lab, running: 5 texts/s, in the round that there is."""
    cloud.lab.change({"texts_per_second": 5, "write_capacity": 1000})
    page = open_demo("/lab")
    expect(page.locator(".lab")).to_have_attribute("data-ready", "yes", timeout=READY_MS)
    yield page
    cloud.lab.change({"texts_per_second": 0, "plug_pulled": False})


def test_texts_that_meet_the_pulled_plug_are_counted_from_the_fallback(
    lab: Page, cloud: LocalCloud, picture: Picture
) -> None:
    """By the keyboard alone: pull, see them wait, go another way and be counted; put back."""
    round, _ = cloud.round_of(POLL)
    age_ms = time.time() * 1000 - round.state_at_ms
    replayed_ms = REPLAYED_MS + max(0, YOUNG_ROUND_MS - age_ms) * (round.number > 1)
    plug, told = lab.get_by_role("button", name="Pull the plug"), lab.locator(".fates")
    expect(told).to_have_text("The store is connected")
    plug.press("Enter")
    expect(plug).to_have_attribute("aria-pressed", "true")
    expect(told).to_have_text(re.compile(r"tried again [1-9]\d* · counted by the webhook 0"))
    expect(lab.get_by_role("slider", name="Shards")).to_be_disabled()
    expect(told).to_have_text(re.compile(r"counted from there [1-9]"), timeout=replayed_ms)
    for theme in ("light", "dark"):
        lab.emulate_media(color_scheme=theme)
        picture(lab, f"lab-plug-pulled-{theme}")

        assert violations(lab) == [], theme

    plug.press("Space")
    expect(plug).to_have_attribute("aria-pressed", "false")
    result = re.compile(r"^Accepted (\d+) · counted \1 · lost 0$")
    expect(told).to_have_text(result, timeout=replayed_ms)
    picture(lab, "lab-plug-back")
    figures = cloud.lab.plug.figures()

    assert figures.by_fallback > 0
    assert figures.sent == figures.by_webhook + figures.by_fallback
