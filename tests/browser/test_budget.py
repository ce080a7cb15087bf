"""What the page may cost: bytes, time to the first figures, shifts, processor."""

import gzip
from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from tests.browser.support.site import BUILT
from tests.browser.support.store import Board

OpenPage = Callable[..., Page]

SCRIPT_BYTES = 20 * 1024
DEMO_ONLY = ("lab-", "phone-")
FIRST_FIGURES_MS = 1000
IDLE_SECONDS = 4
IDLE_SHARE = 0.05
SIX = {name: name.title() for name in ("ONE", "TWO", "THREE", "FOUR", "FIVE", "SIX")}


def scripts() -> dict[str, int]:
    """Every script of the build, gzipped."""
    return {file.name: len(gzip.compress(file.read_bytes())) for file in BUILT.rglob("*.js")}


@pytest.mark.parametrize("other_way", ["jsonSource-", "source-"])
def test_all_scripts_of_a_page_weigh_at_most_20_kb(other_way: str) -> None:
    """Gzipped, the parts that load late included; not those of a demo's lab and phones.

    A page reads the table or, for a large audience, JSON, and does not load the other way.
    """
    left_out = (*DEMO_ONLY, other_way)
    sizes = {name: size for name, size in scripts().items() if not name.startswith(left_out)}

    assert len(scripts()) - len(sizes) == len(left_out)
    assert sum(sizes.values()) <= SCRIPT_BYTES, sizes


def test_nothing_of_the_lab_is_loaded_where_there_is_none(
    board: Board, open_page: OpenPage
) -> None:
    """What a hall has no use for does not travel."""
    board.put_poll_view()
    page = open_page()
    expect(page.locator("#freshness")).to_have_text("Live")
    loaded = page.evaluate("performance.getEntriesByType('resource').map(({name}) => name)")
    files = [str(address).rpartition("/")[2] for address in loaded]

    assert any(name.startswith("libraries-") for name in files)
    assert [name for name in files if name.startswith(DEMO_ONLY)] == []


def test_the_first_figures_come_within_a_second_and_nothing_shifts(
    board: Board, open_page: OpenPage
) -> None:
    """Timed by the page itself, the best of three loads: the machine may be busy with others."""
    board.put_poll_view()
    board.tally({"RED": 30, "GREEN": 20, "BLUE": 10})
    page = open_page(
        script="addEventListener('DOMContentLoaded', () => new MutationObserver(() => {"
        " window.figuresAt ??= performance.now(); }).observe(document.querySelector('#total'),"
        " {childList: true}));"
    )
    expect(page.locator("#total")).to_have_text("60")
    times = [page.evaluate("window.figuresAt")]
    for _ in range(2):
        page.reload()
        expect(page.locator("#total")).to_have_text("60")
        times.append(page.evaluate("window.figuresAt"))
    for reads in range(1, 4):
        board.tally({"RED": 30, "GREEN": 20, "BLUE": 10 + reads})
        expect(page.locator("#total")).to_have_text(str(60 + reads))
    shifts = page.evaluate(
        "() => new Promise(done => { const seen = []; new PerformanceObserver(list =>"
        " seen.push(...list.getEntries().map(entry => entry.value)))"
        ".observe({type: 'layout-shift', buffered: true}); setTimeout(() => done(seen), 100); })"
    )

    assert min(times) <= FIRST_FIGURES_MS
    assert shifts == []


def test_an_idle_page_takes_under_5_percent_of_one_core(board: Board, open_page: OpenPage) -> None:
    """Six choices, one read a second, 4 s, by the browser's own metrics."""
    board.put_poll_view(SIX)
    board.tally({name: 10 * place for place, name in enumerate(SIX, 1)})
    page = open_page()
    expect(page.locator("#total")).to_have_text("210")
    session = page.context.new_cdp_session(page)
    session.send("Performance.enable", {"timeDomain": "timeTicks"})

    def busy_seconds() -> float:
        metrics = session.send("Performance.getMetrics")["metrics"]
        return float(next(m["value"] for m in metrics if m["name"] == "TaskDuration"))

    before = busy_seconds()
    page.wait_for_timeout(IDLE_SECONDS * 1000)
    share = (busy_seconds() - before) / IDLE_SECONDS

    assert share < IDLE_SHARE, f"{share:.1%} of one core"
