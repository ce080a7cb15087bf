"""Calls a Lambda handler that Mangum made, as the runtime does."""

import asyncio
from typing import Any

from mangum import Mangum


def call_function(handler: Mangum, event: dict[str, Any]) -> dict[str, Any]:
    """Return the answer. Mangum needs an event loop of its own: call it in another thread."""
    loop = asyncio.new_event_loop()
    asyncio.set_event_loop(loop)
    try:
        return dict(handler(event, object()))  # type: ignore[arg-type]
    finally:
        loop.close()
