"""Counts appear, move, change places, and never go back."""

from collections.abc import Callable

from playwright.sync_api import Page, expect

from tests.browser.support.store import Board

OpenPage = Callable[..., Page]
Picture = Callable[[Page, str], None]


def test_counts_appear_and_update(board: Board, open_page: OpenPage) -> None:
    """What the store holds is on the screen, and what changes there changes here."""
    board.put_poll_view()
    board.tally({"RED": 15646, "GREEN": 14425, "BLUE": 7933})
    page = open_page()
    expect(page.locator("#total")).to_have_text("38,004")
    board.tally({"RED": 15650, "GREEN": 14425, "BLUE": 7933})

    expect(page.locator("#total")).to_have_text("38,008")
    expect(page.locator("#phones")).to_have_text("from 38,008 phones")
    expect(page.locator(".row.leads .votes")).to_have_text("15,650 votes")
    expect(page.locator(".percent")).to_have_text(["41%", "38%", "21%"])
    expect(page.locator(".chip")).to_have_text(["RED", "GREEN", "BLUE"])
    expect(page).to_have_title("Which color should win tonight? · Live vote")


def test_the_first_vote_ends_the_invitation(board: Board, open_page: OpenPage) -> None:
    """Before it there is a large number and no board; with it, the board."""
    board.put_poll_view()
    page = open_page()
    expect(page.locator("#number")).to_have_text("(555) 010-0199")
    expect(page.locator("#board")).to_be_hidden()
    board.tally({"RED": 0, "GREEN": 1, "BLUE": 0})

    expect(page.locator(".row.leads .name")).to_have_text("Green")
    expect(page.locator(".row .votes")).to_have_text(["1 vote", "0 votes", "0 votes"])


def test_an_overtake_changes_places_and_is_said(
    board: Board, open_page: OpenPage, picture: Picture
) -> None:
    """The row that climbs is the same row, and says for a moment that it took the lead."""
    board.put_poll_view()
    board.tally({"RED": 10, "GREEN": 9, "BLUE": 1})
    page = open_page()
    expect(page.locator(".row .name")).to_have_text(["Red", "Green", "Blue"])
    green = page.locator(".row").nth(1).element_handle()
    board.tally({"RED": 10, "GREEN": 14, "BLUE": 1})
    expect(page.locator(".row .name")).to_have_text(["Green", "Red", "Blue"])
    picture(page, "overtake")

    expect(page.locator(".row.overtook .lead")).to_have_text("Takes the lead by 4")
    assert page.evaluate("row => row === document.querySelector('.row')", green)


def test_rows_of_several_shards_are_summed(board: Board, open_page: OpenPage) -> None:
    """One row alone may be negative: a vote changed in the child of a split shard."""
    board.put_poll_view()
    board.tally({"RED": 7, "GREEN": 2, "BLUE": 0})
    board.tally({"RED": -1, "BLUE": 1}, shard="shard-1", voters=0)
    page = open_page()

    expect(page.locator("#total")).to_have_text("9")
    expect(page.locator(".row .votes")).to_have_text(["6 votes", "2 votes", "1 vote"])
    expect(page.locator("#phones")).to_have_text("from 9 phones")


def test_rows_served_out_of_order_never_move_a_bar_back(board: Board, open_page: OpenPage) -> None:
    """An older copy of a row is read, and changes nothing; the next newer one does."""
    board.put_poll_view()
    board.tally({"RED": 30, "GREEN": 20, "BLUE": 10}, folded=60)
    page = open_page()
    expect(page.locator("#total")).to_have_text("60")
    shown = page.locator(".fill").first.get_attribute("style")
    board.tally({"RED": 1, "GREEN": 20, "BLUE": 10}, folded=31)
    for _ in range(3):
        page.wait_for_event("response")

    expect(page.locator("#total")).to_have_text("60")
    assert page.locator(".fill").first.get_attribute("style") == shown
    board.tally({"RED": 31, "GREEN": 20, "BLUE": 10}, folded=61)
    expect(page.locator("#total")).to_have_text("61")


def test_rows_that_contradict_each_other_are_not_shown(board: Board, open_page: OpenPage) -> None:
    """A sum below zero is no count: the last good figures stay, and their age is said."""
    board.put_poll_view()
    board.tally({"RED": 3, "GREEN": 1, "BLUE": 0})
    page = open_page()
    expect(page.locator("#total")).to_have_text("4")
    board.tally({"GREEN": -2}, shard="shard-1")

    expect(page.locator("#pill")).to_have_attribute("data-link", "delayed")
    expect(page.locator("#note")).to_contain_text("contradict each other")
    expect(page.locator("#total")).to_have_text("4")


def test_choices_may_change_while_people_watch(board: Board, open_page: OpenPage) -> None:
    """A choice that is new in the poll view is asked for, and shown with its count."""
    board.put_poll_view()
    board.tally({"RED": 3, "GREEN": 1, "BLUE": 0, "GOLD": 2})
    page = open_page()
    expect(page.locator(".row")).to_have_count(3)
    board.put_poll_view({"RED": "Red", "GREEN": "Green", "BLUE": "Blue", "GOLD": "Gold"})

    expect(page.locator(".row .name")).to_have_text(["Red", "Gold", "Green", "Blue"])
    expect(page.locator("#total")).to_have_text("6")


def test_a_new_round_starts_at_its_own_count(board: Board, open_page: OpenPage) -> None:
    """Rows of an earlier round count no more."""
    board.put_poll_view()
    board.tally({"RED": 3, "GREEN": 1, "BLUE": 0})
    page = open_page()
    expect(page.locator("#total")).to_have_text("4")
    board.round = 2
    board.put_poll_view()
    board.tally({"RED": 0, "GREEN": 1, "BLUE": 0})

    expect(page.locator("#total")).to_have_text("1")


def test_the_pace_is_measured_and_drawn_over_the_whole_width(
    board: Board, open_page: OpenPage
) -> None:
    """From the second sample on there is a rate, a curve and a scale."""
    board.put_poll_view()
    board.tally({"RED": 3, "GREEN": 1, "BLUE": 0})
    page = open_page()
    expect(page.locator("#rate")).to_have_text("0.0")
    board.tally({"RED": 13, "GREEN": 1, "BLUE": 0})

    expect(page.locator("#rate")).not_to_have_text("0.0")
    expect(page.locator("#spark-top")).to_have_text("10/s")
    line = page.locator(".line").get_attribute("d") or ""
    assert line.startswith("M0.0 ")
    assert "L300.0 " in line
