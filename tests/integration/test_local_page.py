"""A text sent to the webhook is seen on the page: the whole system, as a person sees it."""

import secrets
from collections.abc import Iterator

import pytest
from playwright.sync_api import Page, expect, sync_playwright

from services.tools.demo.cloud import DEFAULT_POLL, LocalCloud
from tests.support.browser import launch
from tests.support.cloud import a_vote, send

pytestmark = [pytest.mark.cloud, pytest.mark.browser]


@pytest.fixture
def page(cloud: LocalCloud) -> Iterator[tuple[Page, list[str]]]:
    """The dashboard of the local cloud in Chromium, and what its console complains of."""
    with sync_playwright() as playwright:
        browser = launch(playwright)
        opened = browser.new_page()
        complaints: list[str] = []
        opened.on("console", lambda said: complaints.append(said.text))
        opened.on("pageerror", lambda error: complaints.append(str(error)))
        opened.goto(cloud.dashboard_url)
        yield opened, complaints
        browser.close()


def test_a_text_is_seen_on_the_page(cloud: LocalCloud, page: tuple[Page, list[str]]) -> None:
    """Through webhook, stream, Lambda, table, guest credentials and the page's own policy."""
    screen, complaints = page
    total = screen.locator("#total")
    expect(screen.get_by_text("Live")).to_be_visible(timeout=10_000)
    round, _ = cloud.round_of(DEFAULT_POLL)
    before = sum(cloud.totals(round).picks.values())
    expect(total).to_have_text(f"{before:,}", timeout=10_000)
    answers = send(cloud.webhook, [a_vote(40_001, "GREEN", sid=f"SM{secrets.token_hex(16)}")])

    assert answers[0].status == 200
    expect(total).to_have_text(f"{before + 1:,}", timeout=10_000)
    assert complaints == []
