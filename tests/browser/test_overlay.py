"""The page in a video mixer: bars on a transparent ground, and the poll that is open."""

import struct
import zlib
from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import ARTEFACTS
from tests.browser.support.site import Site
from tests.browser.support.store import Board, Store, epoch_ms

OpenPage = Callable[..., Page]

SIZES = {"strip": (1280, 200), "corner": (480, 270), "full-hd": (1920, 1080), "tower": (300, 600)}
COUNTS = {"RED": 15646, "GREEN": 14425, "BLUE": 7933}
HIDDEN = ("#pill", "#question", "#how", "#sidebar", "footer", ".lead >> nth=0")


def first_pixel(png: bytes) -> tuple[int, ...]:
    """Red, green, blue and alpha of the corner at the top left of an 8-bit RGBA picture."""
    data, at = b"", 8
    while at < len(png):
        (length,) = struct.unpack(">I", png[at : at + 4])
        if png[at + 4 : at + 8] == b"IDAT":
            data += png[at + 8 : at + 8 + length]
        at += 12 + length
    return tuple(zlib.decompress(data)[1:5])  # after the filter of the first line


@pytest.mark.parametrize("size", SIZES)
def test_an_overlay_shows_bars_of_its_size_on_nothing(
    size: str, board: Board, open_page: OpenPage, request: pytest.FixtureRequest
) -> None:
    """Names, votes, percentages and bars, within the viewport; all else is transparent."""
    width, height = SIZES[size]
    board.put_poll_view()
    board.tally(COUNTS)
    page = open_page("?overlay", width=width, height=height)
    expect(page.locator(".percent").first).to_have_text("41%")
    page.wait_for_timeout(1000)  # the bars grow for 0.8 s
    shot = page.screenshot(omit_background=True)
    if request.config.getoption("--pictures"):
        (ARTEFACTS / f"overlay-{size}.png").write_bytes(shot)
    rows = [box for row in page.locator(".row").all() if (box := row.bounding_box())]
    bars = [box for bar in page.locator(".bar").all() if (box := bar.bounding_box())]

    assert first_pixel(shot)[3] == 0
    assert all(page.locator(hidden).is_hidden() for hidden in HIDDEN)
    assert sum(row["height"] for row in rows) > 0.9 * height
    assert max(bar["y"] + bar["height"] for bar in bars) <= height
    assert all(bar["width"] > 0.95 * width for bar in bars)


def test_an_overlay_shows_empty_bars_before_the_first_vote(
    board: Board, open_page: OpenPage
) -> None:
    """The choices are there from the start; the way to vote is the mixer's to show."""
    board.put_poll_view()
    page = open_page("?overlay", width=640, height=360)

    expect(page.locator(".row")).to_have_count(3)
    expect(page.locator("#how")).to_be_hidden()


def test_an_overlay_of_a_page_that_is_not_set_up_says_so(site: Site, open_page: OpenPage) -> None:
    """Nothing else of an overlay has words."""
    site.config_text = "{"
    page = open_page("?overlay", allow="config.json is not JSON")

    expect(page.locator("#message-text")).to_contain_text("config.json is not JSON")


def test_the_current_poll_is_followed_without_a_reload(
    store: Store, site: Site, board: Board, open_page: OpenPage
) -> None:
    """Its result stays after the close; when another poll opens, that one is shown."""
    following = Board(store, f"{board.poll}-b")
    site.config["polls"] = [board.poll, following.poll]
    board.put_poll_view(state="open", state_at=epoch_ms(ago_seconds=60))
    board.tally(COUNTS)
    labels, question = {"YES": "Yes", "NO": "No"}, "And now?"
    long_ago = epoch_ms(ago_seconds=900)
    following.put_poll_view(labels, question=question, state="closed", state_at=long_ago)
    page = open_page("?poll=current")
    expect(page.locator("#total")).to_have_text("38,004")
    board.put_poll_view(state="closed", state_at=epoch_ms(ago_seconds=30))
    expect(page.locator("#winner")).to_have_text("Red wins")
    following.put_poll_view(question=question, state="open", state_at=epoch_ms())
    following.tally({"YES": 2, "NO": 1})

    expect(page.locator("#question")).to_have_text("And now?")
    expect(page.locator("#total")).to_have_text("3")
    expect(page.locator(".name")).to_have_text(["Yes", "No"])
