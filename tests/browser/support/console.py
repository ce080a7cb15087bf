"""Records errors of a page: in the console, as exceptions, of its content security policy."""

import re
from dataclasses import dataclass, field

from playwright.sync_api import ConsoleMessage, Page


@dataclass(slots=True)
class ConsoleLog:
    """The errors and warnings of one page; the test expects those that match `allow`."""

    allow: str
    messages: list[str] = field(default_factory=list)

    def faults(self) -> list[str]:
        """The errors and warnings that the test does not expect."""
        return [text for text in self.messages if not (self.allow and re.search(self.allow, text))]


def record_console(page: Page, *, allow: str) -> ConsoleLog:
    """Record from now on; a violation of the policy is an error in the console."""
    log = ConsoleLog(allow)

    def on_console(message: ConsoleMessage) -> None:
        if message.type in {"error", "warning"}:
            log.messages.append(f"{message.type}: {message.text}")

    page.on("console", on_console)
    page.on("pageerror", lambda error: log.messages.append(f"exception: {error}"))
    return log
