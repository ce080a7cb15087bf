"""The errors that DynamoDB answers with, whichever client sent the request."""

import json
from typing import Final

CONDITION_FAILED: Final = "ConditionalCheckFailedException"
EXPIRED_TOKEN: Final = "ExpiredTokenException"  # noqa: S105 - an error's code

UNAVAILABLE_CODES: Final = frozenset(
    {
        "InternalServerError",
        "ProvisionedThroughputExceededException",
        "RequestLimitExceeded",
        "ServiceUnavailable",
        "Throttling",
        "ThrottlingException",
    }
)
"""DynamoDB, "Programmatic errors with DynamoDB"; Secrets Manager, "Common errors"."""

_SHOWN: Final = frozenset(
    {"AccessDeniedException", "ResourceNotFoundException", "ValidationException"}
)
"""Other messages are left out: that of a wrong signature repeats the session token."""

_FIRST_SERVER_ERROR: Final = 500


class DynamoError(Exception):
    """An error that DynamoDB answered with. Sending the same request again does not help."""

    def __init__(self, code: str, message: str = "") -> None:
        self.code = code
        super().__init__(f"{code}: {message}" if message else code)


class ConditionFailedError(DynamoError):
    """The condition of a write was false; nothing was written."""

    def __init__(self) -> None:
        super().__init__(CONDITION_FAILED)


class UnavailableError(DynamoError):
    """The request was throttled, or DynamoDB failed. The same request may succeed later."""


class ExpiredTokenError(DynamoError):
    """The credentials have expired; newer ones may be available."""


def error_of(status: int, body: bytes) -> DynamoError:
    """Return the error of an answer that is not 200."""
    code, message = _code_and_message(body)
    if status >= _FIRST_SERVER_ERROR or code in UNAVAILABLE_CODES:
        return UnavailableError(code or f"status {status}")
    if code == CONDITION_FAILED:
        return ConditionFailedError()
    if code == EXPIRED_TOKEN:
        return ExpiredTokenError(code)
    return DynamoError(code or f"status {status}", message if code in _SHOWN else "")


def _code_and_message(body: bytes) -> tuple[str, str]:
    try:
        error = json.loads(body)
        code = str(error["__type"]).rpartition("#")[2]
        return code, str(error.get("message") or error.get("Message") or "")
    except (ValueError, TypeError, KeyError, AttributeError):
        return "", ""
