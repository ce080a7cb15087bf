"""The accessibility rules that a page violates, as axe finds them."""

from playwright.sync_api import Page

from tests.browser.support.emulator import ROOT

AXE = ROOT / "dashboard/node_modules/axe-core/axe.min.js"


def violations(page: Page) -> list[tuple[str, str]]:
    """The rules violated as the page is now, each with the first element that does."""
    if not page.evaluate("'axe' in window"):
        page.evaluate(AXE.read_text())
    # Preloading would read imported style sheets by inline ones, which the policy forbids.
    found = page.evaluate("axe.run({preload: false})")
    return [(rule["id"], rule["nodes"][0]["html"]) for rule in found["violations"]]
