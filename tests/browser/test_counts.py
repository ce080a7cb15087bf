"""Counts appear, move and never go back."""

from collections.abc import Callable

from playwright.sync_api import Page, expect

from tests.browser.support.store import Board

OpenPage = Callable[..., Page]
Picture = Callable[[Page, str], None]


def test_counts_appear_and_update(board: Board, open_page: OpenPage, picture: Picture) -> None:
    """What the store holds is on the screen, and what changes there changes here."""
    board.face()
    board.tally({"RED": 15646, "GREEN": 14425, "BLUE": 7933})
    page = open_page()
    expect(page.locator("#total")).to_have_text("38,004")
    picture(page, "first")

    board.tally({"RED": 15650, "GREEN": 14425, "BLUE": 7933})

    expect(page.locator("#total")).to_have_text("38,008")
    expect(page.locator(".row.leads .votes")).to_have_text("15,650 votes")
