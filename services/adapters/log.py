"""Logs JSON lines: an event name and fields, never a phone number or a text."""

import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stdout
from io import StringIO
from typing import Any


@contextmanager
def silenced() -> Iterator[None]:
    """Log nothing within the block, in no thread."""
    with redirect_stdout(StringIO()):
        yield


def event(name: str, **fields: Any) -> None:  # noqa: ANN401 - any JSON value
    """Log one event."""
    sys.stdout.write(json.dumps({"event": name, **fields}) + "\n")
    sys.stdout.flush()
