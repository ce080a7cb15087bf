"""Lambda entry point of the custom resources; responds to every request of CloudFormation."""

import logging
from typing import Any

from lambdas.polls.answer import CustomResourceResponse, send

logger = logging.getLogger(__name__)


def handler(event: dict[str, Any], _context: object) -> None:
    """Handle one request. Requests may be repeated; both resources are idempotent."""
    try:
        # Imported here so that a failing import is reported to CloudFormation, too.
        from lambdas.polls.resources import handle_request

        response = handle_request(event)
    except Exception as error:
        # Every failure must be reported: without a response, the deploy hangs.
        logger.exception("custom_resource_failed")
        response = CustomResourceResponse(
            status="FAILED",
            physical_id=event.get("PhysicalResourceId", "none"),
            reason=f"{type(error).__name__}: {error}",
        )
    send(response, event)
