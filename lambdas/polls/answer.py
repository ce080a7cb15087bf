"""The response to CloudFormation: a PUT to the presigned URL of the request.

Without a response a deploy hangs for an hour, so every code path sends one. Format and limits:
CloudFormation guide, "Custom resource response objects".
"""

import json
import urllib.request
from collections.abc import Mapping
from dataclasses import dataclass, field
from itertools import accumulate
from typing import Any, Final, Literal

_REASON_BYTES: Final = 2_000
"""As JSON, in which a non-ASCII letter takes six or more; the whole response may have 4,096."""
_TIMEOUT_SECONDS: Final = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class CustomResourceResponse:
    """The result of a request; a deploy shows the reason of a failure to the operator."""

    status: Literal["SUCCESS", "FAILED"] = "SUCCESS"
    physical_id: str
    reason: str = ""
    data: Mapping[str, str] = field(default_factory=dict)

    def to_body(self, event: Mapping[str, Any]) -> bytes:
        """The response as JSON, with the ids of the request."""
        body = {
            "Status": self.status,
            "Reason": _shortened(self.reason),
            "PhysicalResourceId": self.physical_id,
            "StackId": event["StackId"],
            "RequestId": event["RequestId"],
            "LogicalResourceId": event["LogicalResourceId"],
            "Data": dict(self.data),
        }
        return json.dumps(body).encode()


def send(response: CustomResourceResponse, event: Mapping[str, Any]) -> None:
    """Send a response.

    Raises:
        OSError: it could not be sent; CloudFormation will time out.
    """
    # The URL is presigned for a PUT without a content type.
    request = urllib.request.Request(  # noqa: S310 - CloudFormation's URL
        event["ResponseURL"],
        data=response.to_body(event),
        method="PUT",
        headers={"Content-Type": ""},
    )
    with urllib.request.urlopen(request, timeout=_TIMEOUT_SECONDS):  # noqa: S310 - the same
        pass


def _shortened(reason: str) -> str:
    ends = accumulate(len(json.dumps(letter)) - 2 for letter in reason)
    fits = sum(1 for end in ends if end <= _REASON_BYTES)
    if fits == len(reason):
        return reason
    return reason[:fits] + " ... (the rest is in the function's log)"
