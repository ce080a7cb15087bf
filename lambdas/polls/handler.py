"""Custom resources of the stack: apply the polls, make the viewers' shared identity.

Takes a request of CloudFormation and answers it, whatever becomes of it.
"""

import logging
from typing import Any

from lambdas.polls.answer import CustomResourceResponse, send

logger = logging.getLogger(__name__)


def handler(event: dict[str, Any], _context: object) -> None:
    """Carry out one request. Both resources are idempotent: it may come twice."""
    try:
        # Imported here so that a bundle that lacks something is an answer too.
        from lambdas.polls.resources import carry_out

        answer = carry_out(event)
    except Exception as error:
        # Every failure must reach the person who deploys: unanswered, a deploy hangs.
        logger.exception("custom_resource_failed")
        answer = CustomResourceResponse(
            status="FAILED",
            physical_id=event.get("PhysicalResourceId", "none"),
            reason=f"{type(error).__name__}: {error}",
        )
    send(answer, event)
