"""Commands as a page of the documentation shows them."""

import re
import shlex
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parents[2]


def commands(page: str) -> Iterator[list[str]]:
    """Every line of every `sh` block, as a shell splits it."""
    text = (ROOT / "docs" / page).read_text(encoding="utf-8")
    for block in re.findall(r"^ *```sh\n(.*?)^ *```", text, re.MULTILINE | re.DOTALL):
        for line in block.splitlines():
            if line.strip():
                yield shlex.split(line)


def mentioned(page: str, program: str) -> Iterator[list[str]]:
    """Commands of a program within the text, as in `voteapp doctor`."""
    text = (ROOT / "docs" / page).read_text(encoding="utf-8")
    for inline in re.findall(rf"`({program} [^`\n]+)`", text):
        yield shlex.split(inline)
