"""Opens an address in the person's browser, on machines that have a screen."""

import os
import shutil
import sys
import webbrowser


def open_in_browser(address: str) -> None:
    """Open an address, if this machine has a screen."""
    if _has_browser():
        webbrowser.open(address)


def _has_browser() -> bool:
    """Return whether this machine has a screen."""
    if sys.platform == "darwin":
        return True
    screen = os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY")
    return bool(screen and shutil.which("xdg-open"))
