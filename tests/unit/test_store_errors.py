"""What client libraries raise, told as the domain's errors: all of it, by both libraries."""

import json
from typing import Any

import pytest
from botocore.exceptions import (
    ClientError,
    ConnectTimeoutError,
    EndpointConnectionError,
    ReadTimeoutError,
)

from services.adapters.dynamodb.allow_lists import DynamoAllowLists
from services.adapters.dynamodb.ballots import DynamoBallots
from services.adapters.dynamodb.client import CLIENT_CONFIG, store_errors
from services.adapters.dynamodb.errors import (
    ConditionFailedError,
    DynamoError,
    ExpiredTokenError,
    UnavailableError,
)
from services.adapters.dynamodb.http_connection import BrokenAnswerError
from services.adapters.dynamodb.late_credentials import NoKeyError
from services.adapters.secrets import Secrets, secrets_loader
from services.settings import WebhookSettings
from services.voting.ballot import cast
from services.voting.errors import StoreUnavailableError
from tests.support.polls import a_round, a_vote

OUTAGES = [
    UnavailableError("ThrottlingException"),
    TimeoutError(),
    ConnectionError(),
    OSError(),
    BrokenAnswerError("cut"),
]
FAULTS = [
    DynamoError("ValidationException"),
    ExpiredTokenError("ExpiredTokenException"),
    NoKeyError(),
    KeyError("x"),
]


class Failing:
    """As `AsyncClient`, which raises."""

    def __init__(self, error: Exception) -> None:
        self.error = error

    async def send_request(self, *, action: str, payload: object) -> dict[str, Any]:  # noqa: ARG002
        """Raise."""
        raise self.error


async def call(name: str, error: Exception) -> object:
    """Each method of the hot path, over a client that raises."""
    client: Any = Failing(error)
    ballots, there = DynamoBallots(client, "Votes"), a_round()
    ballot = cast(there, None, a_vote("RED")).ballot
    assert ballot
    if name == "create":
        return await ballots.create(ballot)
    if name == "replace":
        return await ballots.replace(ballot, expected=1)
    if name == "find":
        return await ballots.find("a", "b")
    if name == "probe":
        await ballots.probe()
        return None
    return await DynamoAllowLists(client, "Polls").holds("colors", "m")


METHODS = ["create", "replace", "find", "probe", "holds"]


@pytest.mark.parametrize("name", METHODS)
@pytest.mark.parametrize("error", OUTAGES, ids=lambda error: type(error).__name__)
async def test_every_outage_of_the_hot_path_is_told_as_one(name: str, error: Exception) -> None:
    """A 503 with Retry-After, and not a 500."""
    with pytest.raises(StoreUnavailableError):
        await call(name, error)


@pytest.mark.parametrize("name", METHODS)
@pytest.mark.parametrize("error", FAULTS, ids=lambda error: type(error).__name__)
async def test_a_fault_of_ours_passes_through(name: str, error: Exception) -> None:
    """Trying again would not mend it."""
    with pytest.raises(type(error)):
        await call(name, error)


@pytest.mark.parametrize("name", ["create", "replace"])
async def test_a_write_whose_condition_fails_has_changed_nothing(name: str) -> None:
    """That is an answer, and no outage."""
    assert await call(name, ConditionFailedError()) is False


def refused(code: str) -> ClientError:
    """An error as boto3 raises it."""
    return ClientError({"Error": {"Code": code, "Message": ""}}, "Query")


BOTO_OUTAGES = [
    refused("InternalServerError"),
    refused("ProvisionedThroughputExceededException"),
    refused("RequestLimitExceeded"),
    refused("ServiceUnavailable"),
    refused("Throttling"),
    refused("ThrottlingException"),
    EndpointConnectionError(endpoint_url="https://dynamodb"),
    ConnectTimeoutError(endpoint_url="https://dynamodb"),
    ReadTimeoutError(endpoint_url="https://dynamodb"),
]


def _name(error: Exception) -> str:
    return (
        error.response["Error"]["Code"] if isinstance(error, ClientError) else type(error).__name__
    )


@pytest.mark.parametrize("error", BOTO_OUTAGES, ids=_name)
def test_every_outage_that_boto3_tells_is_told_as_one(error: Exception) -> None:
    """Of the directory, and of the secret."""

    def get_secret_value(**_: str) -> dict[str, str]:
        raise error

    client: Any = type("Client", (), {"get_secret_value": staticmethod(get_secret_value)})
    settings = WebhookSettings(votes_table="V", polls_table="P", secret_arn="arn")

    with pytest.raises(StoreUnavailableError, match="GetSecretValue"):
        secrets_loader(settings, lambda: client)()
    with pytest.raises(StoreUnavailableError, match="reading"), store_errors("reading"):
        raise error


@pytest.mark.parametrize("code", ["AccessDeniedException", "ResourceNotFoundException"])
def test_what_trying_again_does_not_mend_passes_through(code: str) -> None:
    """It is for whoever deploys, and not for Twilio."""
    with pytest.raises(ClientError, match=code), store_errors("reading"):
        raise refused(code)


def test_boto3_gives_up_while_twilio_still_waits() -> None:
    """Two seconds to connect, five to read, three tries more."""
    config: Any = CLIENT_CONFIG

    assert (config.connect_timeout, config.read_timeout) == (2, 5)
    assert config.retries["total_max_attempts"] == 4


def test_no_secret_is_shown_wherever_it_is_shown() -> None:
    """In a traceback, in a log, in a test that fails."""
    secrets = Secrets("the-token-itself", b"the-pepper-itself" * 2)
    shown = repr(secrets) + str(secrets) + json.dumps(repr([secrets]))

    assert "the-token-itself" not in shown
    assert "the-pepper-itself" not in shown


@pytest.mark.parametrize(
    ("token", "pepper", "complete"),
    [("t", b"p", True), ("", b"p", False), ("t", b"", False), ("", b"", False)],
)
def test_secrets_are_set_if_both_are(
    token: str,
    pepper: bytes,
    complete: bool,  # noqa: FBT001
) -> None:
    """With one alone no text is counted."""
    assert Secrets(token, pepper).are_set is complete
