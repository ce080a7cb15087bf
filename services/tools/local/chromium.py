"""Chromium for the browser tests: one that is installed already, or Debian's package."""

import os
import shutil
import subprocess
from typing import Final

from services.tools.local.errors import CommandFailedError, LocalCloudError

NAMES: Final = ("chromium", "chromium-browser", "google-chrome")
PACKAGES: Final = ("chromium", "chromium-driver")


def find_browser() -> str:
    """Return the path of the browser, or "" if none is installed."""
    return next((path for name in NAMES if (path := shutil.which(name))), "")


def is_present() -> bool:
    """Return whether a browser is installed."""
    return bool(find_browser())


def install() -> None:
    """Install Chromium with apt; if that fails, the browser tests are skipped.

    Raises:
        LocalCloudError: the installation failed in CI, where no test may be skipped.
    """
    try:
        _apt_install()
    except LocalCloudError as error:
        if os.environ.get("CI"):
            raise
        print(f"not available, the browser tests will be skipped.\n{error}\n    ", end="")


def _apt_install() -> None:
    sudo = [] if os.geteuid() == 0 else ["sudo", "-n"]
    if not shutil.which("apt-get") or (sudo and not shutil.which("sudo")):
        raise LocalCloudError(
            "Chromium is not installed, and neither is apt-get to install it",
            f"Put one of {', '.join(NAMES)} on the path to run the browser tests.",
        )
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    for arguments in (["update"], ["install", "-y", "--no-install-recommends", *PACKAGES]):
        done = subprocess.run(
            [*sudo, "apt-get", "-qq", *arguments],
            capture_output=True, text=True, check=False, env=environment,
        )  # fmt: skip
        if done.returncode:
            raise CommandFailedError(
                f"apt-get {arguments[0]}",
                f"exit code {done.returncode}",
                f"Install it yourself: apt-get install {' '.join(PACKAGES)}",
                details=done.stderr.strip().splitlines()[-6:],
            )
