"""Keys, and tabs that are hidden."""

import re
from collections.abc import Callable

from playwright.sync_api import Page, expect

from tests.browser.support.store import Board

OpenPage = Callable[..., Page]
Picture = Callable[[Page, str], None]

COUNTS = {"RED": 6, "GREEN": 4, "BLUE": 1}


def requests_of(page: Page) -> list[str]:
    """The addresses asked from here on, growing."""
    seen: list[str] = []
    page.on("request", lambda request: seen.append(request.url))
    return seen


def test_p_pauses_and_goes_on(board: Board, open_page: OpenPage, picture: Picture) -> None:
    """While paused nothing is asked and nothing moves; then the page catches up."""
    board.put_poll_view()
    board.tally(COUNTS)
    page = open_page()
    expect(page.locator("#total")).to_have_text("11")
    page.keyboard.press("p")
    expect(page.locator("#freshness")).to_contain_text("Paused · figures of")
    expect(page.locator("#pause")).to_have_attribute("aria-pressed", "true")
    picture(page, "paused")
    board.tally({**COUNTS, "RED": 16})
    asked = requests_of(page)
    page.wait_for_timeout(2200)  # the absence of requests needs time to show

    assert asked == []
    expect(page.locator("#total")).to_have_text("11")
    page.keyboard.press("p")
    expect(page.locator("#total")).to_have_text("21")
    expect(page.locator("#freshness")).to_have_text("Live")


def test_d_changes_the_theme_and_it_is_remembered(board: Board, open_page: OpenPage) -> None:
    """Dark, light, and still light after a reload."""
    board.put_poll_view()
    page = open_page()
    html = page.locator("html")
    page.keyboard.press("d")
    expect(html).to_have_attribute("data-theme", "light")
    expect(html).to_have_css("background-color", "rgb(250, 249, 246)")
    page.reload()

    expect(html).to_have_css("background-color", "rgb(250, 249, 246)")
    page.keyboard.press("D")
    expect(html).to_have_css("background-color", "rgb(13, 17, 23)")


def test_f_fills_the_screen_and_the_buttons_vanish(board: Board, open_page: OpenPage) -> None:
    """A hall sees no buttons; the keys still work, and Tab brings the buttons back."""
    board.put_poll_view()
    page = open_page()
    page.keyboard.press("f")
    expect(page.locator("html")).to_have_attribute("data-stage", "")
    expect(page.locator(".controls")).to_have_css("opacity", "0")
    page.keyboard.press("Tab")

    expect(page.locator("#pause")).to_be_focused()
    expect(page.locator(".controls")).to_have_css("opacity", "1")


def test_a_key_with_a_modifier_is_the_browsers(board: Board, open_page: OpenPage) -> None:
    """Ctrl+D is a bookmark, not a theme."""
    board.put_poll_view()
    page = open_page()
    page.keyboard.press("Control+d")

    expect(page.locator("html")).not_to_have_attribute("data-theme", re.compile("."))


def test_a_hidden_tab_asks_for_nothing(board: Board, open_page: OpenPage) -> None:
    """It rests while nobody looks, and reads at once when somebody does."""
    board.put_poll_view()
    board.tally(COUNTS)
    page = open_page()
    expect(page.locator("#total")).to_have_text("11")
    hide = (
        "state => { Object.defineProperty(document, 'hidden',"
        " {get: () => state === 'hidden', configurable: true});"
        " document.dispatchEvent(new Event('visibilitychange')); }"
    )
    page.evaluate(hide, "hidden")
    page.wait_for_timeout(300)  # an answer may be under way
    asked = requests_of(page)
    board.tally({**COUNTS, "RED": 16})
    page.wait_for_timeout(2200)  # the absence of requests needs time to show
    assert asked == []

    page.evaluate(hide, "visible")

    expect(page.locator("#total")).to_have_text("21")
