"""Listens to what a page complains of: console errors, exceptions, violated policies."""

import re
from dataclasses import dataclass, field

from playwright.sync_api import ConsoleMessage, Page


@dataclass(slots=True)
class Watch:
    """The complaints of one page; those that match `allow` are part of the test."""

    allow: str
    heard: list[str] = field(default_factory=list)

    def faults(self) -> list[str]:
        """The complaints that no test asked for."""
        return [text for text in self.heard if not (self.allow and re.search(self.allow, text))]


def watch(page: Page, *, allow: str) -> Watch:
    """Listen from the first request on; violations of the policy are errors of the console."""
    seen = Watch(allow)

    def on_console(message: ConsoleMessage) -> None:
        if message.type in {"error", "warning"}:
            seen.heard.append(f"{message.type}: {message.text}")

    page.on("console", on_console)
    page.on("pageerror", lambda error: seen.heard.append(f"exception: {error}"))
    return seen
