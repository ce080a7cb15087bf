"""An unreachable store raises StoreUnavailableError with both clients, so senders get a 503."""

import socket
from dataclasses import replace
from typing import Any

import pytest
from botocore.exceptions import ClientError

from services.adapters.dynamodb.async_client import async_client, connection_pool
from services.adapters.dynamodb.ballots import DynamoBallots
from services.adapters.dynamodb.client import store_errors
from services.voting.errors import StoreUnavailableError
from tests.contract.conftest import client_of, environment


@pytest.fixture
def nobody() -> str:
    """An address on loopback where nobody listens."""
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))
        return f"http://127.0.0.1:{held.getsockname()[1]}"


def test_an_unreachable_store_is_unavailable_to_boto3(nobody: str) -> None:
    """The error of the client library is translated."""
    with pytest.raises(StoreUnavailableError), store_errors("GetItem"):
        client_of(nobody).get_item(TableName="Votes", Key={"pk": {"S": "a"}, "sk": {"S": "b"}})


async def test_an_unreachable_store_is_unavailable_to_the_webhook(nobody: str) -> None:
    """Once the budget is used up."""
    connections = connection_pool(environment(nobody))
    client = async_client(environment(nobody), connections.send)
    ballots = DynamoBallots(replace(client, budget_seconds=0.3), "Votes")
    with pytest.raises(StoreUnavailableError):
        await ballots.find("a", "b")
    await connections.close()


@pytest.mark.parametrize("code", ["ThrottlingException", "ProvisionedThroughputExceededException"])
def test_throttling_is_an_outage_that_passes(code: str) -> None:
    """The sender may try again."""
    with pytest.raises(StoreUnavailableError), store_errors("Query"):
        raise error_of(code)


def test_what_is_unknown_passes_through() -> None:
    """Retrying does not help against a missing grant."""
    with pytest.raises(ClientError, match="AccessDenied"), store_errors("Query"):
        raise error_of("AccessDeniedException")


def error_of(code: str) -> Any:
    """An error as boto3 raises it."""
    return ClientError({"Error": {"Code": code, "Message": ""}}, "Query")
