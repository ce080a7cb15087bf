"""What the replayer is built from."""

from typing import Any

import boto3
import pytest
from botocore.exceptions import EndpointConnectionError

from lambdas.replayer import handler
from services.adapters.dynamodb.operators_log import DynamoOperatorsLog
from services.voting.errors import StoreUnavailableError

ENVIRONMENT = {
    "VOTES_TABLE": "votes", "POLLS_TABLE": "polls", "SECRET_ARN": "arn:secret",
    "QUEUE_URL": "https://queue.example.com", "FALLBACK_URL": "https://fallback.example.com/sms",
}  # fmt: skip


@pytest.fixture(autouse=True)
def session(monkeypatch: pytest.MonkeyPatch) -> None:
    """Region and credentials, as Lambda sets them."""
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "local")


def test_an_item_that_names_no_host_was_sent_to_the_url_of_the_settings() -> None:
    """Only emulators write such items."""
    assert handler.assemble(ENVIRONMENT).fallback_url == "https://fallback.example.com/sms"


def test_a_history_that_cannot_be_read_is_an_outage(monkeypatch: pytest.MonkeyPatch) -> None:
    """Then the texts stay in the queue."""

    def fail(_log: DynamoOperatorsLog) -> None:
        raise EndpointConnectionError(endpoint_url="https://dynamodb.example.com")

    monkeypatch.setattr(DynamoOperatorsLog, "changes", fail)

    with pytest.raises(StoreUnavailableError, match=r"^reading the history of the polls: "):
        handler.assemble(ENVIRONMENT).load_history()


def test_the_queue_is_not_waited_for_as_long_as_the_sdk_would(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A minute for each attempt would be longer than the function may run."""
    made: list[Any] = []
    make: Any = boto3.client

    def client(service: str, **options: Any) -> Any:
        made.append(make(service, **options))
        return made[-1]

    monkeypatch.setattr(boto3, "client", client)
    handler.assemble(ENVIRONMENT)

    waits = {
        one.meta.service_model.service_name: (
            one.meta.config.connect_timeout, one.meta.config.read_timeout,
        )
        for one in made
    }  # fmt: skip
    assert waits == {"dynamodb": (2, 5), "sqs": (2, 5)}
