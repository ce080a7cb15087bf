"""The answer CloudFormation waits for: a PUT to an address it made for this one request.

Without an answer a deploy hangs for an hour, so every path ends in one. Format and limits
after "Custom resource response objects" of the CloudFormation guide.
"""

import json
import urllib.request
from collections.abc import Mapping
from dataclasses import dataclass, field
from itertools import accumulate
from typing import Any, Final, Literal

_REASON_BYTES: Final = 2_000
"""As JSON, where a letter beyond ASCII takes six or more; a whole answer may have 4,096."""
_TIMEOUT_SECONDS: Final = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class CustomResourceResponse:
    """What became of a request; a failure's reason is what the person deploying reads."""

    status: Literal["SUCCESS", "FAILED"] = "SUCCESS"
    physical_id: str
    reason: str = ""
    data: Mapping[str, str] = field(default_factory=dict)

    def to_body(self, event: Mapping[str, Any]) -> bytes:
        """The answer as the JSON that goes with a request."""
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


def send(answer: CustomResourceResponse, event: Mapping[str, Any]) -> None:
    """Deliver an answer.

    Raises:
        OSError: it could not be delivered; CloudFormation will time out.
    """
    # The address is presigned for a PUT without a content type.
    request = urllib.request.Request(  # noqa: S310 - CloudFormation's own address
        event["ResponseURL"],
        data=answer.to_body(event),
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
