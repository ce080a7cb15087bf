"""The docs site, built as it is published, and its page "Break our count" in a browser."""

import re
import threading
from collections.abc import Callable, Iterator
from functools import partial
from html.parser import HTMLParser
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from services.tools.docs_site.build import build_site
from tests.browser.support.axe import violations
from tests.browser.support.console import record_console
from tests.browser.support.emulator import HOST, ROOT

Picture = Callable[[Page, str], None]

MEGABYTE = 1_000_000
RUN_MS = 120_000
SIZES = {"desk": (1280, 720), "phone": (390, 844), "hall": (1920, 1080)}


class Loaded(HTMLParser):
    """The addresses that a page loads by itself; a link that a person clicks is none."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.addresses: list[str] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Scripts, pictures, styles, icons; a page's neighbours are not loaded."""
        held = dict(attrs)
        if tag != "a":
            self.addresses += [held["src"] or ""] if "src" in held else []
        if tag == "link" and held.get("rel") not in {"prev", "next", "canonical"}:
            self.addresses.append(held.get("href") or "")


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Built once, strictly: it would fail at the first wrong link or anchor."""
    folder = tmp_path_factory.mktemp("docs") / "site"
    build_site(ROOT, folder)
    return folder


class _Quiet(SimpleHTTPRequestHandler):
    def log_message(self, *_: object) -> None:
        """Say nothing."""


@pytest.fixture(scope="module")
def address(site: Path) -> Iterator[str]:
    """Served from the root of a host of its own."""
    server = ThreadingHTTPServer((HOST, 0), partial(_Quiet, directory=str(site)))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://{HOST}:{server.server_address[1]}"
    server.shutdown()
    server.server_close()


def test_every_page_has_what_its_markdown_says_and_loads_nothing_from_elsewhere(site: Path) -> None:
    """No font, script or picture of another host."""
    pages = sorted(site.rglob("*.html"))
    loaded = {
        address for page in pages for address in Loaded(page.read_text(encoding="utf-8")).addresses
    }
    home = (site / "index.html").read_text(encoding="utf-8")

    assert {"deploy", "alarms", "exactness", "adr", "changelog"} <= {p.parent.name for p in pages}
    assert "Why the count is exact" in (site / "exactness/index.html").read_text(encoding="utf-8")
    assert all(f'href="./{one}/"' in home for one in ("deploy", "adr", "changelog"))
    assert loaded
    assert [one for one in loaded if re.match(r"(?:\w+:)?//", one)] == []


def test_a_page_follows_the_systems_theme_and_is_searched_without_another_host(
    site: Path, address: str, browser: Browser
) -> None:
    """Typed words find a page."""
    context = browser.new_context(color_scheme="dark")
    asked: list[str] = []
    page = context.new_page()
    page.on("request", lambda request: asked.append(request.url))
    page.goto(f"{address}/exactness/")
    expect(page.locator("body")).to_have_attribute("data-md-color-scheme", "slate")
    page.emulate_media(color_scheme="light")
    expect(page.locator("body")).to_have_attribute("data-md-color-scheme", "default")
    page.keyboard.press("Control+k")
    page.keyboard.type("watermark")
    expect(page.get_by_text(re.compile("watermark", re.IGNORECASE)).last).to_be_visible()
    context.close()

    assert (site / "search.json").exists()
    assert [url for url in asked if not url.startswith((address, "data:", "blob:"))] == []


def test_a_visitor_breaks_two_counts_but_not_ours_also_without_a_network(
    site: Path, address: str, browser: Browser, picture: Picture
) -> None:
    """Every fault, by the keyboard, on three screens, from this site alone, at most 15 MB."""
    context = browser.new_context(color_scheme="dark", reduced_motion="reduce", locale="en-US")
    page, asked = context.new_page(), set[str]()
    log = record_console(page, allow="")
    context.on("request", lambda request: asked.add(request.url))
    page.goto(f"{address}/break-our-count/")
    html = page.locator("html")
    expect(html).to_have_attribute("data-state", "idle")
    page.get_by_label("Phones").select_option("300")
    page.get_by_role("button", name="Run the evening").focus()
    page.keyboard.press("Enter")
    expect(page.locator("#doing")).to_contain_text("Loading Python")
    expect(html).to_have_attribute("data-state", "done", timeout=RUN_MS)
    for size, (width, height) in SIZES.items():
        page.set_viewport_size({"width": width, "height": height})
        for theme in ("dark", "light"):
            page.emulate_media(color_scheme=theme, reduced_motion="reduce")
            picture(page, f"break-our-count-{size}-{theme}")
            assert size == "hall" or violations(page) == [], (size, theme)
        assert page.evaluate("document.documentElement.scrollWidth") <= width, size

    truth = page.locator("#truth .total").inner_text()
    assert page.locator("#ours .total").inner_text() == truth
    assert page.locator("#ours").get_attribute("data-state") == "right"
    assert page.locator(".card[data-state=wrong]").count() == 2
    expect(page.get_by_role("status")).to_contain_text("VoteApp is exact.")

    context.set_offline(True)
    page.get_by_role("button", name="None").click()
    page.get_by_role("button", name="Run the evening").click()
    expect(page.locator(".card[data-state=right]")).to_have_count(2, timeout=RUN_MS)
    page.reload()
    expect(html).to_have_attribute("data-state", "idle")
    context.set_offline(False)
    page.evaluate("caches.open('break-our-count-of-yesterday')")
    page.reload()
    expect(html).to_have_attribute("data-state", "idle")
    page.wait_for_function("async () => (await caches.keys()).length === 1")
    context.close()

    total_bytes = sum(file.stat().st_size for file in (site / "break-our-count").rglob("*.*"))
    assert total_bytes <= 15 * MEGABYTE
    assert [url for url in asked if not url.startswith((address, "data:"))] == []
    assert log.faults() == []
