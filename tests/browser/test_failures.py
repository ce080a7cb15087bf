"""When the store, a row, a clock or the configuration fails, the page says what it shows."""

import json
import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Page, Route, expect

from tests.browser.support.emulator import Emulator
from tests.browser.support.site import Site
from tests.browser.support.store import Board, epoch_ms

OpenPage = Callable[..., Page]
Picture = Callable[[Page, str], None]

REFUSALS = r"Failed to load resource|CORS policy"
TEN_SECONDS_MS = 10_000
MINUTE_MS = 60_000
"""A screen whose credentials are refused fetches others after up to 40 s."""


def add_cors(route: Route) -> None:
    """Let the page see the answer: the emulator's refusals lack the CORS headers of AWS's.

    A restarted emulator has forgotten all sessions, and refuses the credentials that the page holds.
    """
    answer = route.fetch()
    route.fulfill(response=answer, headers={**answer.headers, "access-control-allow-origin": "*"})


def test_a_store_killed_and_restarted_loses_no_figure(
    emulator: Emulator, board: Board, open_page: OpenPage, picture: Picture
) -> None:
    """Live, delayed, reconnecting, live: the last good figures stay throughout."""
    board.put_poll_view()
    board.tally({"RED": 15646, "GREEN": 14425, "BLUE": 7933})
    page = open_page(allow=REFUSALS)
    pill, total = page.locator("#pill"), page.locator("#total")
    expect(pill).to_have_attribute("data-link", "live")
    emulator.stop()
    try:
        expect(pill).to_have_attribute("data-link", "delayed")
        expect(page.locator("#note")).to_contain_text("The store cannot be reached.")
        expect(total).to_have_text("38,004")
        picture(page, "delayed")
        expect(pill).to_have_attribute("data-link", "reconnecting", timeout=TEN_SECONDS_MS)
        expect(page.locator("#freshness")).to_have_text(re.compile(r"last update \d+ s ago"))
        expect(total).to_have_text("38,004")
        picture(page, "reconnecting")
    finally:
        emulator.start()
    page.route(f"{emulator.endpoint}/**", add_cors)

    expect(pill).to_have_attribute("data-link", "live", timeout=MINUTE_MS)
    board.tally({"RED": 15647, "GREEN": 14425, "BLUE": 7933})
    expect(total).to_have_text("38,005")


@pytest.mark.parametrize(
    ("code", "sentence"),
    [
        ("ResourceNotFoundException", "The table of the counts is not there."),
        ("AccessDeniedException", "The store refuses guests."),
    ],
)
def test_every_refusal_is_named(
    code: str, sentence: str, board: Board, open_page: OpenPage, emulator: Emulator
) -> None:
    """The code of the store becomes a sentence; the figures stay."""
    board.put_poll_view()
    board.tally({"RED": 3, "GREEN": 2, "BLUE": 1})
    page = open_page(allow=REFUSALS)
    expect(page.locator("#total")).to_have_text("6")

    def refuse(route: Route) -> None:
        if not route.request.headers.get("x-amz-target", "").startswith("DynamoDB"):
            route.fallback()
            return
        body = {"__type": f"com.amazonaws.dynamodb.v20120810#{code}", "message": "no"}
        route.fulfill(
            status=400, body=json.dumps(body), content_type="application/x-amz-json-1.0",
            headers={"Access-Control-Allow-Origin": "*"},
        )  # fmt: skip

    page.route(f"{emulator.endpoint}/**", refuse)

    expect(page.locator("#note")).to_contain_text(sentence)
    expect(page.locator("#note")).to_contain_text("Shown are the figures of")
    expect(page.locator("#total")).to_have_text("6")


def test_a_pool_without_guests_is_named(
    site: Site, board: Board, open_page: OpenPage, picture: Picture
) -> None:
    """Without credentials nothing was ever read: the page says so, and shows no figure."""
    board.put_poll_view()
    site.config["identityPoolId"] = "us-east-1:00000000-0000-0000-0000-000000000000"
    page = open_page(allow=REFUSALS)
    expect(page.locator("#pill")).to_have_attribute("data-link", "reconnecting")
    picture(page, "no-credentials")

    expect(page.locator("#message")).to_contain_text("No guest credentials are to be had.")
    expect(page.locator("#sidebar")).to_be_hidden()


def test_a_poll_that_is_not_there_is_said_and_looked_for_again(
    board: Board, open_page: OpenPage, picture: Picture
) -> None:
    """The page of an unknown poll turns into its board once there is one."""
    page = open_page()
    expect(page.locator("#message-title")).to_have_text("There is no such poll")
    picture(page, "no-poll")
    board.put_poll_view()

    expect(page.locator("#number")).to_be_visible()


def test_a_poll_taken_away_stays_with_its_age(board: Board, open_page: OpenPage) -> None:
    """The last good figures stay, and the page says that the poll is gone."""
    board.put_poll_view()
    board.tally({"RED": 3, "GREEN": 2, "BLUE": 1})
    page = open_page()
    expect(page.locator("#total")).to_have_text("6")
    board.remove_poll_view()

    expect(page.locator("#note")).to_contain_text("no longer described")
    expect(page.locator("#total")).to_have_text("6")


def test_malformed_rows_are_left_out_and_said(board: Board, open_page: OpenPage) -> None:
    """One bad row does not take the screen down; what the counter could not read is said too."""
    board.put_poll_view()
    board.tally({"RED": 3, "GREEN": 2, "BLUE": 1}, bad=2)
    board.tally({"RED": 1}, shard="shard-1", folded="many")  # type: ignore[arg-type]
    page = open_page()

    expect(page.locator("#total")).to_have_text("6")
    expect(page.locator("#note")).to_contain_text("1 row of the store could not be read.")
    expect(page.locator("#note")).to_contain_text("2 records could not be counted.")


def test_a_wrong_clock_is_corrected_and_said(board: Board, open_page: OpenPage) -> None:
    """The countdown follows the store's clock, not that of a screen 12 minutes fast."""
    board.put_poll_view(closes_at=epoch_ms(ago_seconds=-600))
    board.tally({"RED": 3, "GREEN": 2, "BLUE": 1})
    page = open_page(script="const real = Date.now; Date.now = () => real() + 720_000;")

    expect(page.locator("#note")).to_contain_text("clock is 12 min fast")
    expect(page.locator("#phase")).to_have_text(
        re.compile(r"Voting open · closes in (10:00|9:\d\d)")
    )


def test_a_poll_closes_on_the_screen_when_its_time_comes(board: Board, open_page: OpenPage) -> None:
    """No row changes: the timetable alone closes it, and the last votes are waited for."""
    board.put_poll_view(closes_at=epoch_ms(ago_seconds=-3))
    board.tally({"RED": 3, "GREEN": 2, "BLUE": 1})
    page = open_page()
    expect(page.locator("#phase")).to_have_text(re.compile("closes in 0:0[123]"))

    expect(page.locator("#margin")).to_have_text("Counting the last votes…")
    expect(page.locator("#how")).to_be_hidden()


@pytest.mark.parametrize(
    ("config", "sentence"),
    [
        ("{", "config.json is not JSON"),
        ('{"region": "us-east-1"}', "poll is undefined"),
    ],
)
def test_a_screen_that_is_not_set_up_says_what_is_wrong(
    config: str, sentence: str, site: Site, open_page: OpenPage, picture: Picture
) -> None:
    """The key, the value and what to do, in place of a blank page."""
    site.config_text = config
    page = open_page(allow=sentence)
    picture(page, "not-set-up")

    expect(page.locator("#message-text")).to_contain_text(sentence)


def test_a_page_without_https_says_that_it_needs_it(
    site: Site, open_page: OpenPage, picture: Picture
) -> None:
    """Browsers sign nothing on a page of http:// that another machine serves."""
    page = open_page(
        allow=r"opened without https://|Cross-Origin-Opener-Policy header has been ignored"
    )
    elsewhere = "http://votes.test"
    page.route(
        f"{elsewhere}/**",
        lambda route: route.fulfill(
            response=route.fetch(url=route.request.url.replace(elsewhere, site.address))
        ),
    )
    page.goto(f"{elsewhere}/")
    picture(page, "no-https")

    expect(page.locator("#message-text")).to_contain_text("Open it by its https:// address")
    expect(page.locator("#freshness")).to_have_text("Not set up")


def test_hostile_labels_stay_text(board: Board, open_page: OpenPage, picture: Picture) -> None:
    """Markup, 200 characters, combining marks and a right-to-left override harm nothing."""
    labels = {
        "A": "<img src=x onerror=alert(1)>",
        "B": "W" * 200,
        "C": "Z̸̡̢̛͇͙̰̲͓̳̦̖͚̹͈̪͋̈́̍̋̽̕͘a̵̧̛̭̤̩̥͓̙͔̝̾l̷g̷o̵",
        "D": "\u202eevil",
    }
    board.put_poll_view(labels, question="<script>alert(1)</script> & “who”?")
    board.tally({"A": 9, "B": 7, "C": 3, "D": 1})
    page = open_page()
    expect(page.locator("#total")).to_have_text("20")
    picture(page, "hostile")

    expect(page.locator(".name").first).to_have_text(labels["A"])
    expect(page.locator("#question")).to_have_text("<script>alert(1)</script> & “who”?")
    assert page.locator("img, main script").count() == 0
    assert page.evaluate("document.documentElement.scrollWidth") <= 1280
    assert page.evaluate("document.documentElement.scrollHeight") <= 720
