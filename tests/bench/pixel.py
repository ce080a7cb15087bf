"""Seconds from a text to the screen, on the local cloud: `python -m tests.bench.pixel`.

A signed text goes out to the webhook, and the number on the page changes: webhook, store, stream,
aggregator, and the page's reads of the table, once a second. The texts are sent at sixty phases of
that second, evenly, so that the figures do not depend on chance.
"""

import asyncio
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from math import ceil
from statistics import median
from threading import Thread

import aiohttp
from playwright.sync_api import Page, expect, sync_playwright

from services.tools.demo.cloud import LocalCloud, clear_aws_environment, local_cloud
from services.tools.phones.delivery import WebhookReply, session
from services.tools.phones.sms import SimulatedText, TextKind
from tests.support.browser import launch

SAMPLES = 60
WARM_UP = 5
READ_SECONDS = 1.0
MARGIN_SECONDS = 0.03
"""A text is prepared so long before it is due."""
WAIT_MS = 15_000
NUMBER = "+15550100100"

RECORD = """() => {
  const at = () => Date.now() / 1000;  // the clock of the machine, as the sender's
  window.reads = [];
  window.changes = [];
  const send = window.fetch;
  window.fetch = (...given) => {
    window.reads.push(at());
    return send(...given);
  };
  new MutationObserver(() => window.changes.push(at()))
    .observe(document.getElementById('total'), { childList: true, characterData: true, subtree: true });
}"""
"""In the page: the times of its reads, and of every change of the number."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PixelSample:
    """One text; seconds from when it was sent to the reply, and to the number on the page."""

    answered: float
    shown: float


def text_to_pixel(samples: int = SAMPLES) -> list[PixelSample]:
    """Measure each text on its own."""
    clear_aws_environment()
    with local_cloud() as cloud, _sender(cloud) as send, sync_playwright() as playwright:
        browser = launch(playwright)
        page = browser.new_page(viewport={"width": 1280, "height": 720})
        page.goto(cloud.dashboard_url)
        expect(page.get_by_text("Live")).to_be_visible(timeout=WAIT_MS)
        page.evaluate(RECORD)
        phases = [READ_SECONDS * (one + 0.5) / samples for one in range(samples)]
        page.wait_for_function("() => window.reads.length > 0")
        found = [_measure(page, send, phase) for phase in [*phases[:WARM_UP], *phases]]
        browser.close()
    return found[WARM_UP:]


def p50_and_p95(samples: Sequence[PixelSample]) -> tuple[float, float]:
    """Seconds to the pixel that half, and 95 of 100, of the texts do not exceed."""
    shown = sorted(sample.shown for sample in samples)
    return median(shown), shown[ceil(0.95 * len(shown)) - 1]


def _measure(page: Page, send: Callable[[], WebhookReply], phase: float) -> PixelSample:
    """Send a text so long after one of the page's reads, and wait until the number changes."""
    before, last = page.evaluate("() => [window.changes.length, window.reads.at(-1)]")
    waited = time.time() + MARGIN_SECONDS - last - phase
    time.sleep(last + phase + max(0, ceil(waited / READ_SECONDS)) * READ_SECONDS - time.time())
    reply = send()
    page.wait_for_function("known => window.changes.length > known", arg=before, timeout=WAIT_MS)
    changed: float = page.evaluate("known => window.changes[known]", before)
    assert reply.accepted, reply
    return PixelSample(answered=reply.answered_at - reply.sent_at, shown=changed - reply.sent_at)


@contextmanager
def _sender(cloud: LocalCloud) -> Iterator[Callable[[], WebhookReply]]:
    """A function that posts the next text over one connection, from a loop in another thread."""
    loop = asyncio.new_event_loop()
    Thread(target=loop.run_forever, daemon=True).start()
    http = asyncio.run_coroutine_threadsafe(_open(), loop).result()
    sent = 0

    def send() -> WebhookReply:
        nonlocal sent
        sent += 1
        text = SimulatedText(
            kind=TextKind.NEW, sid=f"SM{sent:032x}", sender=f"+155501{sent:05}", to=NUMBER,
            body="green", choice="GREEN",
        )  # fmt: skip
        return asyncio.run_coroutine_threadsafe(cloud.webhook.deliver(http, text), loop).result()

    yield send
    asyncio.run_coroutine_threadsafe(http.close(), loop).result()
    loop.call_soon_threadsafe(loop.stop)


async def _open() -> aiohttp.ClientSession:
    return session()


if __name__ == "__main__":
    measured = text_to_pixel()
    print("p50 {:.3f} s, p95 {:.3f} s".format(*p50_and_p95(measured)))
    print(f"reply, median: {median(sample.answered for sample in measured):.3f} s")
