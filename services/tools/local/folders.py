"""The folders that the local cloud is made of; the Makefile sets them up."""

from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).parents[3]
VENV: Final = ROOT / ".venv"
EMULATOR_VENV: Final = ROOT / ".venv-emulator"
