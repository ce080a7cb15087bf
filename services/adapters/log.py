"""Logs JSON lines: an event name and fields, never a phone number or a text."""

import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

_silences = 0


@contextmanager
def silenced() -> Iterator[None]:
    """Log nothing within the block, in no thread."""
    global _silences  # noqa: PLW0603 - one log a process
    _silences += 1
    try:
        yield
    finally:
        _silences -= 1


def event(name: str, **fields: Any) -> None:  # noqa: ANN401 - any JSON value
    """Log one event."""
    if _silences:
        return
    sys.stdout.write(json.dumps({"event": name, **fields}) + "\n")
    sys.stdout.flush()
