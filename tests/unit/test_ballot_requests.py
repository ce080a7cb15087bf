"""What the webhook sends to the table of ballots, and how a store out of reach is named."""

from collections.abc import Mapping
from typing import Any

import pytest

from services.adapters.dynamodb.ballots import DynamoBallots, send
from services.adapters.dynamodb.client import sync_client
from services.voting.errors import StoreUnavailableError


class Client:
    """As `AsyncClient`; answers nothing, or fails."""

    def __init__(self, error: Exception | None = None) -> None:
        self.error = error
        self.requests: list[tuple[str, Mapping[str, Any]]] = []

    async def send_request(self, *, action: str, payload: Mapping[str, Any]) -> dict[str, Any]:
        """Keep the request."""
        self.requests.append((action, payload))
        if self.error:
            raise self.error
        return {}


async def test_the_probe_asks_for_an_item_that_is_never_there() -> None:
    """Half a read unit; a table that is missing or throttled does not answer it."""
    client: Any = Client()
    await DynamoBallots(client, "Votes").probe()

    key = {"pk": {"S": "health"}, "sk": {"S": "health"}}
    assert client.requests == [("GetItem", {"TableName": "Votes", "Key": key})]


@pytest.mark.parametrize("error", [TimeoutError(), OSError("connection reset")])
async def test_a_store_out_of_reach_is_named_with_action_and_table(error: Exception) -> None:
    """As the log has it."""
    client: Any = Client(error)
    with pytest.raises(StoreUnavailableError) as refused:
        await send(client, "PutItem", {"TableName": "Votes", "Item": {}})

    assert refused.value.operation == "PutItem Votes"


def test_the_synchronous_client_is_dynamodbs(monkeypatch: pytest.MonkeyPatch) -> None:
    """By the region of the environment."""
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "none")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "eu-central-1")
    client = sync_client()
    config: Any = client.meta.config

    assert (client.meta.service_model.service_name, client.meta.region_name) == (
        "dynamodb",
        "eu-central-1",
    )
    assert (config.connect_timeout, config.read_timeout) == (2, 5)
    assert config.account_id_endpoint_mode == "disabled"
