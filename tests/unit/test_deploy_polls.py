"""What a deploy does to the polls, over both tables in moto, and to the viewers' identity."""

from datetime import UTC, datetime
from typing import Any

import boto3
import pytest

from services.adapters.dynamodb.directory import DynamoDirectory
from services.polls.definition import parse_poll
from tests.support.cloudformation import CloudFormation

LONG_AGO = int(datetime(2025, 1, 1, tzinfo=UTC).timestamp()) * 1000
QUIET = """
question = "Which colour?"
opens_at = 2099-12-31T20:00:00Z
closes_at = 2099-12-31T21:00:00Z
policy = "first"
[[choices]]
key = "RED"
label = "Red"
[[choices]]
key = "BLUE"
label = "Blue"
"""
"""No text can be on its way to it now, but an operator may have had it open before."""


def files(**texts: str) -> list[dict[str, str]]:
    """Poll files as the properties of the resource contain them."""
    return [{"Source": f"{name}.toml", "Text": text} for name, text in texts.items()]


@pytest.fixture
def applied_poll(aggregates: Any) -> Any:
    """A client of tables in whose directory a valid poll was applied long ago."""
    directory = DynamoDirectory(
        client=aggregates, table="polls", aggregates="aggregates", clock=lambda: LONG_AGO
    )
    directory.apply([parse_poll(QUIET, source="colors.toml")], default_number="+15550100199")
    return aggregates


def test_applied_polls_are_in_the_directory_and_on_their_boards(
    cloudformation: CloudFormation, aggregates: Any
) -> None:
    """The directory is for the webhook; the board shows the question and the number."""
    answer = cloudformation.request("Create", "Custom::Polls", Files=files(colors=QUIET))

    rows, log = (aggregates.scan(TableName=name)["Items"] for name in ("aggregates", "polls"))
    assert answer["Status"] == "SUCCESS", answer["Reason"]
    assert answer["PhysicalResourceId"] == "polls"
    assert answer["Data"] == {"Polls": "colors"}
    assert {row["pk"]["S"] for row in rows} == {"open#colors"}
    assert {row["pk"]["S"] for row in log} == {"directory", "log#colors"}
    assert {row["number"]["S"] for row in [*rows, *log] if "number" in row} == {"+15550100199"}
    assert [row["by"]["S"] for row in log if "by" in row] == ["deploy"]
    assert aggregates.scan(TableName="votes")["Count"] == 0


@pytest.mark.usefixtures("aggregates")
def test_the_answer_names_all_polls_in_the_order_of_their_files(
    cloudformation: CloudFormation,
) -> None:
    """The ids are separated by commas."""
    shapes = QUIET.replace("RED", "ROUND").replace("Red", "Round")
    shapes = shapes.replace("BLUE", "SQUARE").replace("Blue", "Square")

    answer = cloudformation.request(
        "Create", "Custom::Polls", Files=files(shapes=shapes, colors=QUIET)
    )

    assert answer["Status"] == "SUCCESS", answer["Reason"]
    assert answer["Data"] == {"Polls": "shapes,colors"}


def test_a_poll_whose_file_is_gone_is_archived(
    cloudformation: CloudFormation, applied_poll: Any
) -> None:
    """Only polls with a file take texts."""
    cloudformation.request(
        "Update", "Custom::Polls", Files=files(shapes=QUIET.replace("RED", "ROUND"))
    )

    directory = DynamoDirectory(client=applied_poll, table="polls", aggregates="aggregates")
    states = {entry.round.poll.id: entry.round.state.value for entry in directory.entries()}
    assert states == {"colors": "archived", "shapes": "auto"}


def test_a_refused_poll_file_fails_the_deploy_with_the_files_own_message(
    cloudformation: CloudFormation, aggregates: Any
) -> None:
    """The message has file, key and remedy; no poll of the deploy is applied."""
    refused = files(colors=QUIET, shapes='question = "Which?"')

    answer = cloudformation.request("Update", "Custom::Polls", Files=refused)

    assert (answer["Status"], answer["PhysicalResourceId"]) == ("FAILED", "made before")
    assert "shapes.toml" in answer["Reason"]
    assert "choices" in answer["Reason"]
    assert aggregates.scan(TableName="aggregates")["Count"] == 0
    assert aggregates.scan(TableName="polls")["Count"] == 0


def test_a_call_that_hangs_is_given_up_before_the_function_is_stopped(
    cloudformation: CloudFormation, applied_poll: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """CloudFormation waits for two minutes, and does not say why a deploy has failed then."""
    made = _clients(monkeypatch)
    pool = boto3.client("cognito-identity").create_identity_pool(
        IdentityPoolName="guests", AllowUnauthenticatedIdentities=True
    )["IdentityPoolId"]
    made.clear()
    cloudformation.request("Update", "Custom::Polls", Files=files(colors=QUIET))
    cloudformation.request("Create", "Custom::GuestIdentity", IdentityPoolId=pool)

    assert set(made) == {"dynamodb", "cognito-identity"}
    for config in made.values():
        a_call = config.connect_timeout + config.read_timeout
        assert a_call * config.retries["total_max_attempts"] <= 45
    assert applied_poll


def _clients(monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """Record the configuration of every client that is created from now on."""
    made: dict[str, Any] = {}
    make: Any = boto3.client

    def watched(service: str, **arguments: Any) -> Any:
        client = make(service, **arguments)
        made[service] = client.meta.config
        return client

    monkeypatch.setattr(boto3, "client", watched)
    return made


@pytest.mark.usefixtures("aggregates")
def test_a_guest_identity_is_the_resource_itself_and_asked_for_by_nobody(
    cloudformation: CloudFormation, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its id is stable as long as the pool is; the role of the function may not sign for it."""
    pool = boto3.client("cognito-identity").create_identity_pool(
        IdentityPoolName="guests", AllowUnauthenticatedIdentities=True
    )["IdentityPoolId"]
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.delenv(name)
    monkeypatch.setattr(boto3, "DEFAULT_SESSION", None)

    answer = cloudformation.request("Create", "Custom::GuestIdentity", IdentityPoolId=pool)

    assert answer["Status"] == "SUCCESS", answer["Reason"]
    assert answer["PhysicalResourceId"].startswith("us-east-1:")
