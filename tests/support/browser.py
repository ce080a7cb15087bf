"""The browser of the tests: Chromium, as the machine has it."""

import os
import shutil

import pytest
from playwright.sync_api import Browser, Playwright

_NAMES = ("chromium", "chromium-browser", "google-chrome")
_FLAGS = (
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync",
)  # fmt: skip


def launch(playwright: Playwright) -> Browser:
    """Start it."""
    path = os.environ.get("VOTEAPP_CHROMIUM") or next(filter(None, map(shutil.which, _NAMES)), "")
    if not path or not shutil.which(path):
        pytest.fail(
            f"{path or 'chromium'}: missing. apt-get install chromium, or set VOTEAPP_CHROMIUM."
        )
    return playwright.chromium.launch(executable_path=path, args=list(_FLAGS))
