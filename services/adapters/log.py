"""Logs JSON lines: an event name and fields, never a phone number or a text."""

import json
import sys
from typing import Any


def event(name: str, **fields: Any) -> None:  # noqa: ANN401 - any JSON value
    """Log one event."""
    sys.stdout.write(json.dumps({"event": name, **fields}) + "\n")
    sys.stdout.flush()
