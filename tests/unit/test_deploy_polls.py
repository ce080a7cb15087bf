"""What a deploy does to the polls, over both tables in moto, and to the viewers' identity."""

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import boto3
import pytest
from moto import mock_aws

from services.adapters.directory import DynamoDirectory
from services.adapters.provisioning import create_table
from services.voting import schema
from services.voting.definition import parse_poll
from tests.support.mailbox import Mailbox

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
CHANGED = QUIET.replace('"first"', '"last"')


def files(**texts: str) -> list[dict[str, str]]:
    """Poll files as they are among the properties of the resource."""
    return [{"Source": f"{name}.toml", "Text": text} for name, text in texts.items()]


@pytest.fixture
def account(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """An account with two empty tables, which the function finds in its environment."""
    environment = {
        "AWS_ACCESS_KEY_ID": "testing", "AWS_SECRET_ACCESS_KEY": "testing",
        "AWS_DEFAULT_REGION": "us-east-1", "AWS_EC2_METADATA_DISABLED": "true",
        "AWS_SHARED_CREDENTIALS_FILE": "/dev/null", "AWS_CONFIG_FILE": "/dev/null",
        "VOTES_TABLE": "votes", "AGGREGATES_TABLE": "aggregates",
        "DEFAULT_NUMBER": "+15550100199",
    }  # fmt: skip
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    with mock_aws(config={"core": {"mock_credentials": False}}):
        client = boto3.client("dynamodb")
        create_table(client, schema.VOTES, "votes")
        create_table(client, schema.AGGREGATES, "aggregates")
        yield client


@pytest.fixture
def standing(account: Any) -> Any:
    """The same account with the quiet poll in its directory."""
    directory = DynamoDirectory(client=account, table="aggregates", clock=lambda: LONG_AGO)
    directory.apply([parse_poll(QUIET, source="colors.toml")], default_number="+15550100199")
    return account


def policy(client: Any) -> str:
    """The policy that guests see on the board."""
    key = {"pk": {"S": "open#colors"}, "sk": {"S": "poll"}}
    return str(client.get_item(TableName="aggregates", Key=key)["Item"]["policy"]["S"])


def test_applied_polls_are_in_the_directory_and_on_their_boards(
    mailbox: Mailbox, account: Any
) -> None:
    """What the webhook obeys and what the screen shows, with the number to text to."""
    answer = mailbox.request("Create", "Custom::Polls", Files=files(colors=QUIET))

    rows = account.scan(TableName="aggregates")["Items"]
    assert answer["Status"] == "SUCCESS", answer["Reason"]
    assert answer["PhysicalResourceId"] == "polls"
    assert answer["Data"] == {"Polls": "colors"}
    assert {row["pk"]["S"] for row in rows} == {"directory", "open#colors"}
    assert {row["number"]["S"] for row in rows} == {"+15550100199"}
    assert account.scan(TableName="votes")["Count"] == 0


def test_a_poll_whose_file_is_gone_is_archived(mailbox: Mailbox, standing: Any) -> None:
    """The directory holds what the files say, and nothing else takes texts."""
    mailbox.request("Update", "Custom::Polls", Files=files(shapes=QUIET.replace("RED", "ROUND")))

    directory = DynamoDirectory(client=standing, table="aggregates")
    states = {entry.round.poll.id: entry.round.state.value for entry in directory.entries()}
    assert states == {"colors": "archived", "shapes": "auto"}


def test_a_refused_poll_file_fails_the_deploy_with_the_files_own_message(
    mailbox: Mailbox, account: Any
) -> None:
    """It names file, key and remedy; and no poll of the deploy is applied."""
    refused = files(colors=QUIET, shapes='question = "Which?"')

    answer = mailbox.request("Update", "Custom::Polls", Files=refused)

    assert (answer["Status"], answer["PhysicalResourceId"]) == ("FAILED", "made before")
    assert "shapes.toml" in answer["Reason"]
    assert "choices" in answer["Reason"]
    assert account.scan(TableName="aggregates")["Count"] == 0


def test_a_round_that_has_not_begun_may_get_another_policy(mailbox: Mailbox, standing: Any) -> None:
    """Nobody has voted by the one before."""
    answer = mailbox.request("Update", "Custom::Polls", Files=files(colors=CHANGED))

    assert answer["Status"] == "SUCCESS", answer["Reason"]
    assert policy(standing) == "last"


BALLOT = {"pk": {"S": "colors:1#0"}, "sk": {"S": "voter"}, "picks": {"M": {"RED": {"N": "1"}}}}
TALLY = {
    "pk": {"S": "open#colors"}, "sk": {"S": "tally#1#label#shard"}, "c#RED": {"N": "1"},
    "voters": {"N": "1"}, "folded": {"N": "1"}, "bad": {"N": "0"}, "as_of": {"N": "1"},
    "wm": {"S": "1"},
}  # fmt: skip
CERTIFICATE = {
    "pk": {"S": "open#colors"}, "sk": {"S": "certified#1"}, "c#RED": {"N": "1"},
    "ballots": {"N": "1"}, "voters": {"N": "1"}, "certified_at": {"N": "1"}, "digest": {"S": "d"},
}  # fmt: skip
BEGUN = {
    "a ballot": ("votes", BALLOT),
    "a count": ("aggregates", TALLY),
    "a certificate": ("aggregates", CERTIFICATE),
}


@pytest.mark.parametrize("trace", BEGUN)
def test_a_deploy_changes_no_policy_of_a_round_that_has_begun(
    mailbox: Mailbox, standing: Any, trace: str
) -> None:
    """Each of the three is enough to tell: ballots expire, a count lags, a certificate stays."""
    table, item = BEGUN[trace]
    standing.put_item(TableName=table, Item=item)

    answer = mailbox.request("Update", "Custom::Polls", Files=files(colors=CHANGED))

    assert answer["Status"] == "FAILED"
    assert "round 1 has begun: put back 'first'" in answer["Reason"]
    assert policy(standing) == "first"


def test_a_call_that_hangs_is_given_up_before_the_function_is_stopped(
    mailbox: Mailbox, standing: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Stopped after 60 seconds, the function could not answer any more."""
    made = _clients(monkeypatch)
    pool = boto3.client("cognito-identity").create_identity_pool(
        IdentityPoolName="guests", AllowUnauthenticatedIdentities=True
    )["IdentityPoolId"]
    made.clear()
    mailbox.request("Update", "Custom::Polls", Files=files(colors=QUIET))
    mailbox.bodies.clear()
    mailbox.request("Create", "Custom::GuestIdentity", IdentityPoolId=pool)

    assert set(made) == {"dynamodb", "cognito-identity"}
    for config in made.values():
        a_call = config.connect_timeout + config.read_timeout
        assert a_call * config.retries["total_max_attempts"] <= 45
    assert standing


def _clients(monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """The configuration of each client that is made from here on."""
    made: dict[str, Any] = {}
    make: Any = boto3.client

    def watched(service: str, **arguments: Any) -> Any:
        client = make(service, **arguments)
        made[service] = client.meta.config
        return client

    monkeypatch.setattr(boto3, "client", watched)
    return made


@pytest.mark.usefixtures("account")
def test_a_guest_identity_is_the_resource_itself_and_asked_for_by_nobody(
    mailbox: Mailbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its id is stable as long as the pool is; the role of the function may not sign for it."""
    pool = boto3.client("cognito-identity").create_identity_pool(
        IdentityPoolName="guests", AllowUnauthenticatedIdentities=True
    )["IdentityPoolId"]
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.delenv(name)
    monkeypatch.setattr(boto3, "DEFAULT_SESSION", None)

    answer = mailbox.request("Create", "Custom::GuestIdentity", IdentityPoolId=pool)

    assert answer["Status"] == "SUCCESS", answer["Reason"]
    assert answer["PhysicalResourceId"].startswith("us-east-1:")
