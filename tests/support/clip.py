"""Records the clip at the top of the README: `python -m tests.support.clip FILE.webp`.

Ten seconds of the scoreboard of a real local cloud, from the first vote on: simulated phones text
to the webhook, the emulator's stream and the aggregator count, and Chromium shows it.
"""

import argparse
import base64
import io
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from PIL import Image
from playwright.sync_api import Page, expect, sync_playwright

from services.tools.demo.cloud import DEFAULT_POLL, LocalCloud, clear_aws_environment, local_cloud
from services.tools.demo.demo import crowd_for
from services.tools.phones.load_generator import LoadGenerator
from tests.support.browser import launch

SECONDS: Final = 10
FRAMES_PER_SECOND: Final = 10
TEXTS_PER_SECOND: Final = 25
SEED: Final = 7
VIEW: Final = {"width": 1280, "height": 720}
SIZE: Final = (960, 540)
QUALITY: Final = 60
START_MS: Final = 20_000

Frame = tuple[float, bytes]
"""The time in seconds, and the picture as PNG."""


def record(page: Page) -> list[Frame]:
    """Collect what Chromium draws, with the time of each picture."""
    frames: list[Frame] = []
    devtools = page.context.new_cdp_session(page)

    def on_frame(event: Mapping[str, Any]) -> None:
        frames.append((event["metadata"]["timestamp"], base64.b64decode(event["data"])))
        devtools.send("Page.screencastFrameAck", {"sessionId": event["sessionId"]})

    devtools.on("Page.screencastFrame", on_frame)
    devtools.send("Page.startScreencast", {"format": "png", "everyNthFrame": 3})
    page.wait_for_timeout(SECONDS * 1000)
    devtools.send("Page.stopScreencast")
    return frames


def record_demo(cloud: LocalCloud) -> list[Frame]:
    """Open the scoreboard before the first vote, let the phones text, and record."""
    round, number = cloud.round_of(DEFAULT_POLL)
    crowd = crowd_for(round, number, seed=SEED)
    generator = LoadGenerator(
        crowd.next, cloud.webhook.deliver, rate=lambda: TEXTS_PER_SECOND, on_reply=lambda *_: None
    )
    with sync_playwright() as playwright:
        browser = launch(playwright)
        page = browser.new_page(viewport=VIEW, color_scheme="dark", locale="en-US")  # type: ignore[arg-type]
        page.goto(f"{cloud.dashboard_url}/?stage=1")
        expect(page.locator("#number")).to_be_visible(timeout=START_MS)
        with generator:
            frames = record(page)
        browser.close()
    return frames


def pick_frames(frames: list[Frame]) -> list[tuple[int, bytes]]:
    """Return the pictures at an even pace, and for how many ms each is shown."""
    began, step = frames[0][0], 1 / FRAMES_PER_SECOND
    shown: list[tuple[int, bytes]] = []
    for place in range(SECONDS * FRAMES_PER_SECOND):
        drawn = [png for at, png in frames if at <= began + place * step][-1]
        if shown and shown[-1][1] is drawn:
            shown[-1] = (shown[-1][0] + round(step * 1000), drawn)
        else:
            shown.append((round(step * 1000), drawn))
    return shown


def write(frames: list[tuple[int, bytes]], file: Path) -> None:
    """Write an animated WebP that repeats."""
    pictures = [
        Image.open(io.BytesIO(png)).convert("RGB").resize(SIZE, Image.Resampling.LANCZOS)
        for _, png in frames
    ]
    pictures[0].save(
        file, save_all=True, append_images=pictures[1:], duration=[ms for ms, _ in frames],
        loop=0, quality=QUALITY, method=6, minimize_size=True,
    )  # fmt: skip


def main() -> None:
    """Bring the local cloud up, record, and write the file."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("file", type=Path)
    file = parser.parse_args().file
    clear_aws_environment()
    started = time.monotonic()
    with local_cloud() as cloud:
        frames = record_demo(cloud)
    shown = pick_frames(frames)
    write(shown, file)
    size, seconds = file.stat().st_size, time.monotonic() - started
    print(f"{file}: {len(shown)} pictures of {len(frames)}, {size:,} bytes, {seconds:.0f} s")  # noqa: T201


if __name__ == "__main__":
    main()
