"""The browser of the tests: Chromium, as the machine has it."""

import os
import shutil

import pytest
from playwright.sync_api import Browser, Playwright

_NAMES = ("chromium", "chromium-browser", "google-chrome")
_FEATURES = (
    "WebUIOmniboxPopup", "WebUIOmniboxAimPopup", "WebUIOmniboxFullPopup",
    # Those that Playwright disables: the last such flag counts.
    "AvoidUnnecessaryBeforeUnloadCheckSync", "DestroyProfileOnBrowserClose", "HttpsUpgrades",
    "HttpsFirstBalancedModeAutoEnable", "LensOverlay", "MediaRouter", "PaintHolding",
    "ThirdPartyStoragePartitioning", "AvoidCorsURLLoaderRestartOnRedirect", "OptimizationHints",
    "NetworkTimeServiceQuerying", "AimEnabled", "PreconnectToSearch",
)  # fmt: skip
"""Disabled. For the popups of its address bar Chromium loads two pages of its own with each window:
two thirds of the CPU that a new page takes here."""
_FLAGS = (
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync",
    f"--disable-features={','.join(_FEATURES)}",
)  # fmt: skip


def launch(playwright: Playwright) -> Browser:
    """Start it."""
    path = os.environ.get("VOTEAPP_CHROMIUM") or next(filter(None, map(shutil.which, _NAMES)), "")
    if not path or not shutil.which(path):
        pytest.fail(
            f"{path or 'chromium'}: missing. apt-get install chromium, or set VOTEAPP_CHROMIUM."
        )
    return playwright.chromium.launch(executable_path=path, args=list(_FLAGS))
