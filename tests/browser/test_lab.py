"""The lab: a hot partition before one's eyes, and how it disappears."""

import re
from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Page, expect

from services.tools.demo.cloud import LocalCloud
from services.tools.lab.lab_poll import POLL
from tests.browser.support.axe import violations
from tests.support.cloud import wait_until_settled

pytestmark = pytest.mark.cloud

OpenDemo = Callable[..., Page]
Picture = Callable[[Page, str], None]

START_MS = 15_000
DRAINED_MS = 30_000
"""A text that meets a full partition is tried again for 3 s."""
SIZES = {"hd": (1280, 720), "phone": (390, 844), "narrow": (320, 640), "full-hd": (1920, 1080)}


@pytest.fixture
def lab(open_demo: OpenDemo, cloud: LocalCloud) -> Iterator[Page]:
    """The lab, running: 30 texts/s into 180 writes/s on ten partitions."""
    wait_until_settled(cloud)
    cloud.lab.change({"texts_per_second": 30, "write_capacity": 180})
    cloud.lab.begin_round(1)  # the partitions may have saved capacity from another test
    page = open_demo("/lab")
    expect(page.locator(".lab")).to_have_attribute("data-ready", "yes", timeout=START_MS)
    yield page
    cloud.lab.change({"texts_per_second": 0})


def moved(page: Page, slider: str, key: str, times: int = 1) -> None:
    """Move a slider with the keyboard."""
    handle = page.get_by_role("slider", name=slider)
    for _ in range(times):
        handle.press(key)


def told_writes(page: Page) -> tuple[int, int]:
    """What the words over the last writes say: stored and throttled."""
    told = page.get_by_text(re.compile(r"^Last \d+ writes")).inner_text()
    found = re.fullmatch(r"Last \d+ writes: (\d+) stored, (\d+) throttled \(\d+%\)", told)
    assert found, told
    return int(found[1]), int(found[2])


def test_one_shard_is_throttled_ten_are_not_and_every_vote_stored_is_counted(
    lab: Page, cloud: LocalCloud, picture: Picture
) -> None:
    """The whole lesson, by the keyboard alone."""
    hot = lab.locator(".cell.throttled")
    full = lab.get_by_text(re.compile("^Last 300 writes"))
    expect(full).to_be_visible(timeout=DRAINED_MS)
    expect(hot.nth(150)).to_be_visible(timeout=DRAINED_MS)
    expect(lab.locator(".partition.hot")).to_have_count(1)
    expect(hot.first).to_have_css("border-style", "dashed")
    lab.keyboard.press("p")
    picture(lab, "lab-hot")
    counted = lab.locator(".cell.stored").count(), hot.count()

    assert told_writes(lab) == counted
    assert sum(counted) == 300
    expect(lab.get_by_role("img", name=re.compile("^Last 300 writes"))).to_be_visible()
    lab.keyboard.press("p")

    before = int(lab.locator(".lab").get_attribute("data-round") or 0)
    moved(lab, "Shards", "ArrowRight", 3)
    expect(lab.locator(".lab")).to_have_attribute("data-round", str(before + 1))
    expect(lab.get_by_text("Last 300 writes: 300 stored, 0 throttled (0%)")).to_be_visible(
        timeout=DRAINED_MS
    )
    expect(hot).to_have_count(0)
    expect(lab.get_by_text(re.compile(r"10 keys on \d of 10 partitions"))).to_be_visible()
    picture(lab, "lab-spread")

    moved(lab, "Texts arriving", "Home")
    expect(lab.get_by_text("No texts are arriving.")).to_be_visible(timeout=DRAINED_MS)
    stored = int(lab.locator(".lab").get_attribute("data-stored") or 0)
    expect(lab.locator("#total")).to_have_text(f"{stored:,}")
    round, _ = cloud.round_of(POLL)

    assert stored > 0
    assert round.poll.shards == 10
    assert sum(cloud.totals(round).picks.values()) == stored


def test_every_slider_acts_on_the_lab(lab: Page, cloud: LocalCloud) -> None:
    """What it says is what the lab then does."""
    moved(lab, "Texts arriving", "ArrowLeft", 4)
    moved(lab, "Write capacity", "End")
    moved(lab, "Shards", "ArrowRight")
    shards = lab.get_by_role("slider", name="Shards")
    expect(lab.locator(".slider output")).to_have_text(
        ["10 a second", "3,000 a second, 300 a partition", "2: spread over 2 keys"]
    )
    expect(shards).to_have_attribute("aria-valuetext", "2: spread over 2 keys")
    expect(lab.get_by_text(re.compile(r"^2 keys on 2 of 10"))).to_be_visible()
    settings = cloud.lab.settings

    assert (settings.texts_per_second, settings.write_capacity, settings.shards) == (10, 3000, 2)
    lab.reload()
    expect(lab.locator(".slider output").last).to_have_text("2: spread over 2 keys")


def test_the_lab_fits_every_screen_and_axe_finds_nothing(lab: Page, picture: Picture) -> None:
    """Nothing sideways; on a desk nothing scrolls; both themes."""
    expect(lab.locator(".cell.stored").first).to_be_visible(timeout=DRAINED_MS)
    for size, (width, height) in SIZES.items():
        lab.set_viewport_size({"width": width, "height": height})
        for theme in ("dark", "light"):
            lab.emulate_media(color_scheme=theme)
            picture(lab, f"lab-{size}-{theme}")
            if size in {"hd", "phone"}:
                assert violations(lab) == [], (size, theme)
        wide, high = lab.evaluate(
            "[document.documentElement.scrollWidth, document.documentElement.scrollHeight]"
        )

        assert wide <= width, size
        assert high <= height or width < 800, size
