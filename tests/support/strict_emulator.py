"""MiniStack, stricter: run by the emulator's own Python, in place of its `ministack` command.

It adds two things of AWS that the emulator lacks and the proof of the grants needs: the
condition key `dynamodb:LeadingKeys`, without which no guest could be held to open boards, and the
resource of a request to DynamoDB Streams. And it unpacks the code of a function once, not at each of
the many cold starts.
Imports the emulator and the standard library.
"""

import hashlib
import json
import os
import re
import shutil
import tempfile
import zipfile
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

from ministack import app as ministack  # type: ignore[import-not-found]
from ministack.core import iam_actions, iam_evaluator  # type: ignore[import-not-found]

PARTITION_KEY = "pk"
LEADING_KEYS = "dynamodb:LeadingKeys"
BY_TABLE = "leading keys by table"
"""Not a condition key: the keys of a transaction, by the name of the table that they are in."""

_context_of = iam_actions.dynamodb_service_context
_resource_of = iam_actions.extract_resource_arn
_enforce = iam_evaluator.enforce
_extract_all = zipfile.ZipFile.extractall


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


def transaction_keys(request: dict[str, Any]) -> dict[str, list[str]]:
    """The partition key values of a transaction by table: AWS checks each item on its own."""
    found: dict[str, list[str]] = {}
    for item in request.get("TransactItems") or []:
        for part in item.values():
            found.setdefault(part["TableName"], []).extend(leading_keys(part))
    return found


def context_with_leading_keys(body: bytes) -> dict[str, Any]:
    """The emulator's condition keys, and the one it lacks."""
    context: dict[str, Any] = _context_of(body)
    try:
        request = json.loads(body or b"{}")
        found, by_table = list(leading_keys(request)), transaction_keys(request)
    except (ValueError, AttributeError):
        return context
    context |= {BY_TABLE: by_table} if by_table else {}
    return {**context, LEADING_KEYS: found} if found else context


def resource_with_streams(service: str, *request: Any) -> str:
    """The ARN that a request is about; the stream's own in a request of DynamoDB Streams."""
    if service == "dynamodbstreams":
        *_, body, _, _, _ = request
        return str(json.loads(body or b"{}").get("StreamArn", "*"))
    return str(_resource_of(service, *request))


def enforce_by_table(*args: Any, service_context: dict[str, Any] | None = None, **more: Any) -> Any:
    """The emulator's check of one grant; of a transaction with the keys of that table alone."""
    context = dict(service_context or {})
    by_table = context.pop(BY_TABLE, {})
    table = str(more.get("resource_arn", "")).rpartition("/")[2]
    if table in by_table:
        context[LEADING_KEYS] = by_table[table]
    return _enforce(*args, service_context=context, **more)


def extract_once(archive: zipfile.ZipFile, path: str) -> None:
    """Hard links to what the same archive held before: nothing changes the files of a function."""
    digest = hashlib.sha256(Path(str(archive.filename)).read_bytes()).hexdigest()
    kept = Path("unpacked", digest).absolute()
    if not kept.exists():
        kept.parent.mkdir(exist_ok=True)
        draft = tempfile.mkdtemp(dir=kept.parent)
        _extract_all(archive, draft)
        with suppress(OSError):  # another worker was faster
            Path(draft).rename(kept)
    shutil.copytree(kept, path, copy_function=os.link, dirs_exist_ok=True)


if __name__ == "__main__":
    iam_actions.dynamodb_service_context = context_with_leading_keys
    iam_actions.extract_resource_arn = resource_with_streams
    iam_evaluator.enforce = enforce_by_table
    zipfile.ZipFile.extractall = extract_once  # type: ignore[method-assign,assignment]
    ministack.main()
