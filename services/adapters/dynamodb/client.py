"""Shared boto3 configuration (timeouts, retries) and error translation."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

import boto3
from botocore.config import Config
from botocore.exceptions import ClientError, HTTPClientError
from botocore.exceptions import ConnectionError as BotoConnectionError

from services.adapters.dynamodb.errors import UNAVAILABLE_CODES
from services.voting.errors import StoreUnavailableError

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

CLIENT_CONFIG = Config(
    connect_timeout=2,
    read_timeout=5,
    retries={"mode": "standard", "total_max_attempts": 4},
    # Account-based endpoints are host names that emulators do not serve.
    account_id_endpoint_mode="disabled",
    # The parameters are our own. Checking them takes a third of a write's CPU time.
    parameter_validation=False,
)


def sync_client() -> "DynamoDBClient":
    """Create a client, configured by the SDK's environment variables."""
    return boto3.client("dynamodb", config=CLIENT_CONFIG)


IMPATIENT_CONFIG = CLIENT_CONFIG.merge(
    Config(
        connect_timeout=0.5, read_timeout=1, retries={"mode": "standard", "total_max_attempts": 2}
    )
)
"""For reads that a text may wait for: both attempts take about 3 s."""


def impatient_client(session: boto3.Session | None = None) -> "DynamoDBClient":
    """Create a client for the webhook, in this session or in the default one."""
    return (session or boto3).client("dynamodb", config=IMPATIENT_CONFIG)


@contextmanager
def store_errors(operation: str) -> Iterator[None]:
    """Translate boto3's errors of throttling and outages into StoreUnavailableError."""
    try:
        yield
    except (BotoConnectionError, HTTPClientError) as error:
        raise StoreUnavailableError(operation) from error
    except ClientError as error:
        if error.response.get("Error", {}).get("Code") not in UNAVAILABLE_CODES:
            raise
        raise StoreUnavailableError(operation) from error
