"""Chromium for the browser tests: the machine's, or Debian's package.

Standard library only; part of the toolchain.
"""

import os
import shutil
import subprocess
from typing import Final

from services.tools.local.errors import CommandFailedError, LocalCloudError

NAMES: Final = ("chromium", "chromium-browser", "google-chrome")
PACKAGES: Final = ("chromium", "chromium-driver")


def found() -> str:
    """The path of the browser; empty where there is none."""
    return next((path for name in NAMES if (path := shutil.which(name))), "")


def present() -> bool:
    """Whether there is one."""
    return bool(found())


def provide() -> None:
    """Install it with apt.

    Raises:
        LocalCloudError: it cannot be installed, and this is CI, where nothing may be skipped.
    """
    try:
        _apt()
    except LocalCloudError as error:
        if os.environ.get("CI"):
            raise
        print(f"not available, the browser tests will be skipped.\n{error}\n    ", end="")


def _apt() -> None:
    sudo = [] if os.geteuid() == 0 else ["sudo", "-n"]
    if not shutil.which("apt-get") or (sudo and not shutil.which("sudo")):
        raise LocalCloudError(
            "no Chromium, and no apt-get to install it with",
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
