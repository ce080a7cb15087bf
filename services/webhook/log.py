"""Logs JSON lines: an event name and fields, never a phone number or a text."""

import json
import logging
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

_LOGGER = logging.getLogger("voteapp.webhook")


def configure() -> None:
    """Send the events to standard output only."""
    _LOGGER.handlers = [logging.StreamHandler(sys.stdout)]
    _LOGGER.setLevel(logging.INFO)
    _LOGGER.propagate = False


@contextmanager
def silenced() -> Iterator[None]:
    """Log nothing within the block."""
    _LOGGER.disabled = True
    try:
        yield
    finally:
        _LOGGER.disabled = False


def event(name: str, **fields: Any) -> None:  # noqa: ANN401 - any JSON value
    """Log one event."""
    if _LOGGER.isEnabledFor(logging.INFO):
        _LOGGER.info(json.dumps({"event": name, **fields}))
