"""Chromium with the production build of the page, and the emulator as its store."""

import uuid
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import (
    Browser,
    BrowserContext,
    Page,
    Playwright,
    expect,
    sync_playwright,
)

from services.tools.demo.cloud import LocalCloud
from tests.browser.support.console import ConsoleLog, record_console
from tests.browser.support.emulator import Emulator
from tests.browser.support.site import Site, serving
from tests.browser.support.store import Board, Store
from tests.support.browser import launch

ARTEFACTS = Path(__file__).parent / "artefacts"


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Every test here needs Chromium."""
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker(pytest.mark.browser)


WAIT_MS = 15_000
"""The page reads once a second and gives a missing poll view three seconds before it says so."""

expect.set_options(timeout=WAIT_MS)


DRAWN = """async () => {
  const frame = () => new Promise(requestAnimationFrame);
  await frame();
  document.getAnimations()
    .filter(one => one.effect.getComputedTiming().endTime !== Infinity)
    .forEach(one => one.finish());
  await frame();
}"""
"""In the page: every animation that ends has ended, as for a screenshot, and a frame was drawn."""


@pytest.fixture(scope="session")
def emulator(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Emulator]:
    """The store, running."""
    made = Emulator(tmp_path_factory.mktemp("emulator"))
    made.start()
    yield made
    made.stop()


@pytest.fixture(scope="session")
def store(emulator: Emulator) -> Store:
    """Table, guests and policy."""
    services = {name: emulator.client(name) for name in ("iam", "dynamodb")}
    return Store.make(cognito=emulator.client("cognito-identity"), **services)


@pytest.fixture
def board(store: Store) -> Board:
    """A poll that no other test knows, without any row yet."""
    return Board(store, f"t{uuid.uuid4().hex[:12]}")


@pytest.fixture
def site(emulator: Emulator, store: Store, board: Board) -> Iterator[Site]:
    """The page's server, its default poll being the test's."""
    with serving(emulator.endpoint) as made:
        made.config = store.config(emulator.endpoint, board.poll)
        yield made


@pytest.fixture(scope="module")
def playwright() -> Iterator[Playwright]:
    """Playwright without a browser of its own.

    It keeps an event loop running in this thread, so it ends before other files' tests begin.
    """
    with sync_playwright() as made:
        yield made


@pytest.fixture(scope="module")
def browser(playwright: Playwright) -> Iterator[Browser]:
    """One for all tests of a file."""
    made = launch(playwright)
    yield made
    made.close()


@pytest.fixture
def open_page(browser: Browser, site: Site) -> Iterator[Callable[..., Page]]:
    """Open the page on a screen; at the end its console must have no errors or warnings."""
    contexts: list[BrowserContext] = []
    logs: list[ConsoleLog] = []

    def opened(
        query: str = "",
        *,
        width: int = 1280,
        height: int = 720,
        allow: str = "",
        script: str = "",
        **screen: object,
    ) -> Page:
        options = {"color_scheme": "dark", "locale": "en-US", **screen}
        context = browser.new_context(viewport={"width": width, "height": height}, **options)  # type: ignore[arg-type]
        contexts.append(context)
        page = context.new_page()
        page.set_default_timeout(8000)
        logs.append(record_console(page, allow=allow))
        if script:
            page.add_init_script(script)
        page.goto(f"{site.address}/{query}")
        return page

    yield opened
    for context in contexts:
        context.close()
    for log in logs:
        assert log.faults() == []


@pytest.fixture
def open_demo(browser: Browser, cloud: LocalCloud) -> Iterator[Callable[..., Page]]:
    """Open a page of the local cloud's demo; at the end its console must have no errors or warnings."""
    opened: list[tuple[BrowserContext, ConsoleLog]] = []

    def at(path: str, *, width: int = 1280, height: int = 720, **screen: object) -> Page:
        options = {"color_scheme": "dark", "locale": "en-US", **screen}
        context = browser.new_context(viewport={"width": width, "height": height}, **options)  # type: ignore[arg-type]
        page = context.new_page()
        page.set_default_timeout(8000)
        opened.append((context, record_console(page, allow="")))
        page.goto(f"{cloud.dashboard_url}{path}")
        return page

    yield at
    for context, _ in opened:
        context.close()
    for _, log in opened:
        assert log.faults() == []


@pytest.fixture
def picture(request: pytest.FixtureRequest) -> Callable[[Page, str], None]:
    """Wait until the page is drawn; if `--pictures` asks for it, also take a screenshot."""

    def taken(page: Page, name: str) -> None:
        page.evaluate(DRAWN)
        if request.config.getoption("--pictures"):
            page.screenshot(path=ARTEFACTS / f"{name}.png", animations="disabled")

    return taken
