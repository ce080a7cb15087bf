"""boto3, used alike everywhere: bounded waits, few retries, outages told as the domain's."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

import boto3
from botocore.config import Config
from botocore.exceptions import ClientError, HTTPClientError
from botocore.exceptions import ConnectionError as Unreached

from services.voting.errors import StoreUnavailableError

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

CLIENT_CONFIG = Config(
    connect_timeout=2,
    read_timeout=5,
    retries={"mode": "standard", "total_max_attempts": 4},
    # The account's own endpoint is a host name that no emulator answers to.
    account_id_endpoint_mode="disabled",
)


def sync_client() -> "DynamoDBClient":
    """A client by the SDK's own variables: region, endpoint, credentials."""
    return boto3.client("dynamodb", config=CLIENT_CONFIG)


_OUT_OF_REACH = frozenset(
    {
        "InternalServerError",
        "ProvisionedThroughputExceededException",
        "RequestLimitExceeded",
        "ServiceUnavailable",
        "Throttling",
        "ThrottlingException",
    }
)


@contextmanager
def store_errors(operation: str) -> Iterator[None]:
    """Have throttling and outages, as boto3 tells them, leave as StoreUnavailableError.

    "Programmatic errors with DynamoDB" and Secrets Manager's "Common errors" name the codes.
    """
    try:
        yield
    except (Unreached, HTTPClientError) as error:
        raise StoreUnavailableError(operation) from error
    except ClientError as error:
        if error.response.get("Error", {}).get("Code") not in _OUT_OF_REACH:
            raise
        raise StoreUnavailableError(operation) from error
