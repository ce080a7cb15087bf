"""One event loop for the process: to create one costs as much as ten texts."""

import asyncio
from functools import cache


@cache
def event_loop() -> asyncio.AbstractEventLoop:
    """Return the event loop of this process."""
    return asyncio.new_event_loop()
