"""Lambda entry point of the webhook: runs the ASGI application on API Gateway events."""

import random
from importlib.util import find_spec

from mangum import Mangum

from services.webhook.entry import app

# Without lifespan: Mangum would start and stop the application for every request.
handler = Mangum(app, lifespan="off")

# Only Lambda's managed runtime has it (Lambda, "Lambda SnapStart runtime hooks for Python").
if find_spec("snapshot_restore_py"):
    from snapshot_restore_py import (  # type: ignore[import-not-found,unused-ignore]
        register_after_restore,
    )

    # All environments are restored from one snapshot: without this they would draw the same
    # pauses, and after a throttling they would all try again at the same moment. Keys and ids
    # come from the kernel, which Lambda seeds anew ("Handling uniqueness with Lambda SnapStart").
    register_after_restore(random.seed)
