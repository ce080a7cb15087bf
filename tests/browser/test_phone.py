"""The phones of a demo: what a newcomer texts, and what comes back."""

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Locator, Page, expect

from services.tools.demo.cloud import DEFAULT_POLL, LocalCloud
from tests.browser.support.axe import violations
from tests.support.cloud import totals_when

pytestmark = pytest.mark.cloud

OpenDemo = Callable[..., Page]
Picture = Callable[[Page, str], None]

SIZES = {"hd": (1280, 720), "phone": (390, 844), "narrow": (320, 640), "full-hd": (1920, 1080)}


def say(page: Page, phone: int, text: str) -> Locator:
    """Text from a phone; what comes back, last on its screen."""
    field = page.get_by_label(f"Text message from Phone {phone}")
    field.fill(text)
    field.press("Enter")
    expect(field).to_have_value("")
    lines = page.locator(".phone").nth(phone - 1).locator(".thread li")
    expect(page.locator(".phone").nth(phone - 1).locator(".typing")).to_have_count(0)
    return lines.last


def test_a_text_gets_the_real_reply_and_a_second_changes_the_vote(
    open_demo: OpenDemo, cloud: LocalCloud, picture: Picture
) -> None:
    """And the count follows, on the screen beside it."""
    round, _ = cloud.round_of(DEFAULT_POLL)
    before = cloud.totals(round).picks
    page = open_demo("/phone")

    expect(say(page, 1, "Red")).to_contain_text("Reply: Thank you! Your vote for Red is in.")
    expect(page.locator(".phone").first.locator(".mine")).to_contain_text("You: Red")
    expect(say(page, 1, " vote for green!! ")).to_contain_text(
        "Your vote is now Green. It was Red."
    )
    expect(say(page, 1, "GREEN")).to_contain_text("Your vote is still Green.")
    green = before.get("GREEN", 0) + 1
    after = totals_when(cloud, lambda totals: totals.picks.get("GREEN", 0) == green).picks
    picture(page, "phone-talk")

    assert after.get("GREEN", 0) == green
    assert sum(after.values()) == sum(before.values()) + 1
    page.reload()
    expect(page.locator(".phone").first.locator(".theirs")).to_have_count(3)


def test_two_phones_are_two_voters(open_demo: OpenDemo, cloud: LocalCloud) -> None:
    """Each with a number of its own, one tap a vote."""
    round, _ = cloud.round_of(DEFAULT_POLL)
    before = cloud.totals(round).picks.get("BLUE", 0)
    page = open_demo("/phone")
    for phone in (2, 3):
        page.locator(".phone").nth(phone - 1).get_by_role("button", name="BLUE").click()
        reply = page.locator(".phone").nth(phone - 1).locator(".theirs:not(.typing)").last
        expect(reply).to_contain_text("Thank you! Your vote for Blue is in.")
    totals = totals_when(cloud, lambda found: found.picks.get("BLUE", 0) == before + 2)

    assert totals.picks["BLUE"] == before + 2
    expect(page.locator(".who p")).to_have_text(
        ["(555) 019-0001", "(555) 019-0002", "(555) 019-0003"]
    )


def test_what_is_no_vote_is_answered_as_such(open_demo: OpenDemo) -> None:
    """An unknown word, a near miss, a word of the carriers, and markup that stays text."""
    page = open_demo("/phone")
    page.get_by_role("button", name="Another phone").click()
    expect(page.get_by_label("Text message from Phone 4")).to_be_focused()

    expect(say(page, 4, "who is winning?")).to_contain_text("not one of the choices")
    expect(say(page, 4, "gren")).to_contain_text("Did you mean GREEN?")
    expect(say(page, 4, "STOP")).to_contain_text("No reply.")
    expect(say(page, 4, "<img src=x onerror=alert(1)>")).to_contain_text("not one of the choices")
    expect(page.get_by_text("<img src=x onerror=alert(1)>")).to_be_visible()
    page.get_by_label("Text message from Phone 4").press("Enter")
    expect(page.locator(".phone").nth(3).locator(".mine")).to_have_count(4)


def test_the_token_never_reaches_the_browser(open_demo: OpenDemo, cloud: LocalCloud) -> None:
    """Neither the page nor any answer to it holds what signs the texts."""
    page = open_demo("/phone")
    heard: list[str] = []
    page.on("response", lambda answer: heard.append(f"{answer.headers}{answer.text()}"))
    page.reload()
    expect(page.locator(".phone").first).to_be_visible()
    say(page, 1, "hello")

    assert len(heard) > 3
    assert [text for text in heard if cloud.webhook.token in text] == []
    assert not re.search("x-twilio-signature", "".join(heard), re.IGNORECASE)


def test_the_phones_fit_every_screen_and_axe_finds_nothing(
    open_demo: OpenDemo, picture: Picture
) -> None:
    """One at a time in a hand, side by side on a desk; the page itself never scrolls."""
    page = open_demo("/phone", reduced_motion="reduce")
    say(page, 1, "who is winning?")
    for size, (width, height) in SIZES.items():
        page.set_viewport_size({"width": width, "height": height})
        for theme in ("dark", "light"):
            page.emulate_media(color_scheme=theme)
            picture(page, f"phones-{size}-{theme}")
            if size in {"hd", "phone"}:
                assert violations(page) == [], (size, theme)
        wide, high = page.evaluate(
            "[document.documentElement.scrollWidth, document.documentElement.scrollHeight]"
        )

        assert (wide, high) <= (width, height), size
        expect(page.get_by_label("Text message from Phone 1")).to_be_in_viewport()
