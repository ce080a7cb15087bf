"""Lambda entry point of the reader: answers `GET /boards/<poll>.json` for CloudFront.

CloudFront keeps each answer for a second and sends one request at a time for the same board, so
the table is read about once a second for each of its caches, however many people watch.
"""

import hashlib
import json
import os
import re
from collections.abc import Mapping
from functools import cache
from typing import Any, Final

from botocore.exceptions import ClientError

from lambdas.reader.document import VERSION, board_document
from services.adapters import log
from services.adapters.dynamodb.client import impatient_client, store_errors
from services.adapters.dynamodb.public_boards import DynamoPublicBoards
from services.polls.fields import POLL_ID
from services.settings import ReaderSettings
from services.voting.errors import StoreUnavailableError

_PATH: Final = re.compile(rf"/boards/({POLL_ID})\.json")
_HEADERS: Final[Mapping[str, str]] = {
    "Content-Type": "application/json",
    "Cache-Control": "max-age=1",
    "Access-Control-Allow-Origin": "*",
    "Access-Control-Expose-Headers": "Age, Date, ETag",
    "X-Content-Type-Options": "nosniff",
}
FRESHNESS: Final = "max-age=1, stale-while-revalidate=5, stale-if-error=60"
"""RFC 5861. Of an error, `max-age=1` alone: it must not outlive its cause."""
_REFUSALS: Final = {"AccessDeniedException": "denied", "ResourceNotFoundException": "table"}

Response = dict[str, Any]


@cache
def assemble() -> DynamoPublicBoards:
    """Create the reader of boards, on the first request only."""
    settings = ReaderSettings.from_env(os.environ)
    return DynamoPublicBoards(client=impatient_client(), table=settings.aggregates_table)


def handler(event: Mapping[str, Any], context: object) -> Response:  # noqa: ARG001
    """Answer one request of a function URL (payload format 2.0)."""
    return answer(event, assemble())


def answer(event: Mapping[str, Any], boards: DynamoPublicBoards) -> Response:
    """Answer a request: 200, 304, 404, or 500 and 503 with a name for what is wrong.

    A path that names no poll is 404 without a read.

    Raises:
        ClientError: DynamoDB refused the query for a reason that the page knows no name for.
        KeyError, ValueError: the poll's view cannot be read.
    """
    named = _PATH.fullmatch(event["rawPath"])
    try:
        with store_errors("query"):
            board = boards.find(named[1]) if named else None
    except StoreUnavailableError:
        return _failure(503, "busy")
    except ClientError as error:
        trouble = _REFUSALS.get(error.response["Error"]["Code"])
        if trouble is None:
            raise
        return _failure(500, trouble)
    if board is None:
        return _error(404, "unknown")
    return _success(json.dumps(board_document(board), separators=(",", ":")), event)


def _success(body: str, event: Mapping[str, Any]) -> Response:
    tag = f'"{hashlib.sha256(body.encode()).hexdigest()[:32]}"'
    headers = {**_HEADERS, "Cache-Control": FRESHNESS, "ETag": tag}
    # A list of tags, each in quotes. CloudFront makes that of a compressed answer weak: W/"…".
    if tag in event["headers"].get("if-none-match", ""):
        return {"statusCode": 304, "headers": headers}
    return {"statusCode": 200, "headers": headers, "body": body}


def _failure(status: int, trouble: str) -> Response:
    log.event("board.failed", trouble=trouble)
    return _error(status, trouble)


def _error(status: int, trouble: str) -> Response:
    body = json.dumps({"v": VERSION, "error": trouble})
    return {"statusCode": status, "headers": dict(_HEADERS), "body": body}
