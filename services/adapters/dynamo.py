"""The boto3 client of DynamoDB, made alike everywhere: bounded waits, few retries."""

from typing import TYPE_CHECKING

import boto3
from botocore.config import Config

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

_CONFIG = Config(
    connect_timeout=2,
    read_timeout=5,
    retries={"mode": "standard", "total_max_attempts": 4},
    # The account's own endpoint is a host name that no emulator answers to.
    account_id_endpoint_mode="disabled",
)


def sync_client() -> "DynamoDBClient":
    """A client by the SDK's own variables: region, endpoint, credentials."""
    return boto3.client("dynamodb", config=_CONFIG)
