"""Accessibility: motion, contrast, screen readers; and phones, frames and print."""

import re
from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.browser.support.axe import violations
from tests.browser.support.emulator import ROOT
from tests.browser.support.site import Site
from tests.browser.support.store import Board, epoch_ms

OpenPage = Callable[..., Page]
Picture = Callable[[Page, str], None]

PHONE = {"width": 390, "height": 844, "has_touch": True, "is_mobile": True}
COUNTS = {"RED": 6, "GREEN": 4, "BLUE": 1}


def test_reduced_motion_is_honoured(board: Board, open_page: OpenPage) -> None:
    """Figures change at once, rows jump, nothing is animated."""
    board.put_poll_view()
    board.tally(COUNTS)
    page = open_page(reduced_motion="reduce")
    expect(page.locator("#total")).to_have_text("11")
    page.evaluate(
        "() => { window.seen = []; new MutationObserver(() => window.seen.push(total.textContent))"
        ".observe(total, {childList: true, characterData: true, subtree: true}); }"
    )
    board.tally({**COUNTS, "GREEN": 40})
    expect(page.locator(".row .name").first).to_have_text("Green")

    assert page.evaluate("document.getAnimations().length") == 0
    assert page.evaluate("window.seen") == ["47"]


@pytest.mark.parametrize("screen", ["hall", "phone"])
@pytest.mark.parametrize("scene", ["live", "invite", "certified"])
def test_axe_finds_nothing(screen: str, scene: str, board: Board, open_page: OpenPage) -> None:
    """No violation of any rule it knows, in either theme, on a wall and in a hand."""
    board.put_poll_view(
        state="closed" if scene == "certified" else "auto", state_at=epoch_ms(ago_seconds=60)
    )
    if scene != "invite":
        board.tally(COUNTS)
    if scene == "certified":
        board.certify(COUNTS)
    # Without motion: colours are judged as they stay, not on their way to another theme.
    page = open_page(reduced_motion="reduce", **(PHONE if screen == "phone" else {}))
    expect(page.locator("#number:visible, #digest:visible").first).to_be_visible()
    found = {"dark": violations(page)}
    page.emulate_media(color_scheme="light")
    expect(page.locator("html")).to_have_css("background-color", "rgb(250, 249, 246)")
    found["light"] = violations(page)

    assert found == {"dark": [], "light": []}


def test_a_person_who_cannot_see_it_hears_it(board: Board, open_page: OpenPage) -> None:
    """A list with its leader first, and one spoken summary, at once."""
    board.put_poll_view()
    board.tally(COUNTS)
    page = open_page()

    expect(page.get_by_role("status")).to_have_text(
        "Which color should win tonight? Voting open. 11 votes. "
        "Red, 55%, 6 votes, Leads by 2. Green, 36%, 4 votes. Blue, 9%, 1 vote."
    )
    items = page.get_by_role("list", name="Results, leader first").get_by_role("listitem")
    expect(items.first).to_have_text(re.compile("Red Leads by 2 55% 6 votes"))
    expect(page.get_by_role("img", name="QR code that starts a text to the number")).to_be_visible()


def test_on_a_phone_each_keyword_starts_a_text(board: Board, open_page: OpenPage) -> None:
    """On a wall nobody can tap: there they are plain words."""
    board.put_poll_view()
    phone = open_page(**PHONE)
    wall = open_page()

    expect(phone.locator(".chip").first).to_have_attribute("href", "sms:+15550100199?body=RED")
    expect(phone.locator("#number")).to_have_attribute("href", "sms:+15550100199")
    expect(wall.locator(".chip").first).to_be_visible()
    assert wall.locator("a[href]").count() == 0


def test_forced_colours_leave_every_bar_and_state_visible(
    board: Board, open_page: OpenPage, picture: Picture
) -> None:
    """A bar keeps its length, a pill its sign, when the person's own colours rule."""
    board.put_poll_view()
    board.tally(COUNTS)
    page = open_page(forced_colors="active")
    expect(page.locator("#total")).to_have_text("11")
    picture(page, "forced-colours")
    colour = "e => getComputedStyle(e).backgroundColor"

    assert page.locator(".fill").first.evaluate(colour) != page.locator(".bar").first.evaluate(
        colour
    )
    assert page.locator(".dot").evaluate(colour) != page.locator("html").evaluate(colour)


def test_another_page_may_frame_the_stage(
    site: Site, board: Board, open_page: OpenPage, picture: Picture
) -> None:
    """`?poll=…&theme=…&stage=1` in an iframe: that poll, that theme, no buttons."""
    board.put_poll_view()
    board.tally(COUNTS)
    site.config["poll"] = "another"
    site.pages["/host.html"] = (
        "<!doctype html><title>Host</title><link rel=icon href=/favicon.svg><iframe width=960 height=540 "
        f"src='/?poll={board.poll}&theme=light&stage=1'></iframe>"
    )
    page = open_page("host.html")
    frame = page.frame_locator("iframe")
    expect(frame.locator("#total")).to_have_text("11")
    picture(page, "embedded")

    expect(frame.locator("html")).to_have_css("background-color", "rgb(250, 249, 246)")
    expect(frame.locator(".controls")).to_have_css("opacity", "0")


def test_paper_shows_the_result_and_no_buttons(
    board: Board, open_page: OpenPage, picture: Picture
) -> None:
    """Dark ink on white, bars printed."""
    board.put_poll_view()
    board.tally(COUNTS)
    page = open_page()
    expect(page.locator("#total")).to_have_text("11")
    page.emulate_media(media="print")
    picture(page, "print")

    expect(page.locator(".controls")).to_be_hidden()
    expect(page.locator("html")).to_have_css("background-color", "rgb(250, 249, 246)")


def test_a_link_to_the_page_has_a_title_and_an_icon() -> None:
    """What a messenger shows of the address."""
    html = (Path(ROOT) / "dashboard/dist/index.html").read_text()

    assert re.search(r'property="og:title" content="[^"]+"', html)
    assert re.search(r'rel="icon"[^>]*favicon\.svg', html)
