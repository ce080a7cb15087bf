"""MiniStack, stricter: run by the emulator's own Python, in place of its `ministack` command.

It adds one thing of AWS that the emulator lacks and the proof of the grants needs: the
condition key `dynamodb:LeadingKeys`, without which no guest could be held to open boards.
Imports the emulator and the standard library.
"""

import json
import re
from collections.abc import Iterator
from typing import Any

from ministack import app as ministack  # type: ignore[import-not-found]
from ministack.core import iam_actions  # type: ignore[import-not-found]

PARTITION_KEY = "pk"

_context_of = iam_actions.dynamodb_service_context


def leading_keys(request: dict[str, Any]) -> Iterator[str]:
    """The partition key values a DynamoDB request names, as AWS fills `LeadingKeys`."""
    for holder in (request.get("Key"), request.get("Item")):
        if holder and PARTITION_KEY in holder:
            yield from holder[PARTITION_KEY].values()
    names = request.get("ExpressionAttributeNames") or {}
    values = request.get("ExpressionAttributeValues") or {}
    for name, value in re.findall(
        r"([#\w]+)\s*=\s*(:\w+)", request.get("KeyConditionExpression") or ""
    ):
        if names.get(name, name) == PARTITION_KEY and value in values:
            yield from values[value].values()
    for item in request.get("TransactItems") or []:
        for part in item.values():
            yield from leading_keys(part)


def context_with_leading_keys(body: bytes) -> dict[str, Any]:
    """The emulator's condition keys, and the one it lacks."""
    context: dict[str, Any] = _context_of(body)
    try:
        found = list(leading_keys(json.loads(body or b"{}")))
    except (ValueError, AttributeError):
        return context
    return {**context, "dynamodb:LeadingKeys": found} if found else context


if __name__ == "__main__":
    iam_actions.dynamodb_service_context = context_with_leading_keys
    ministack.main()
