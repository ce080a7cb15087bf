"""The custom resources: in the template, and the function that answers for them."""

import json
from typing import Any

import boto3
import pytest

from tests.infra.conftest import POLLS, Resources
from tests.support.mailbox import COLORS, Mailbox


def test_the_files_are_applied_at_deploy_and_whenever_code_or_table_change(
    resources: Resources,
) -> None:
    """CloudFormation asks again only when a property is another."""
    applied = resources.only("Custom::Polls")

    assert applied["Files"] == [{"Source": name, "Text": text} for name, text in POLLS.items()]
    assert {"CODE", "VOTES_TABLE", "AGGREGATES_TABLE"} <= set(applied)
    assert int(applied["ServiceTimeout"]) <= 120


def test_viewers_share_one_identity_of_the_pool(resources: Resources) -> None:
    """A pool gives out only 25 new identities a second."""
    (pool,) = resources.of("AWS::Cognito::IdentityPool")

    assert resources.only("Custom::GuestIdentity")["IdentityPoolId"] == {"Ref": pool}


def test_applied_polls_are_in_the_directory_and_on_their_boards(
    mailbox: Mailbox, aggregates: Any
) -> None:
    """What the webhook obeys and what the screen shows, with the number to text to."""
    files = [{"Source": "colors.toml", "Text": COLORS}]

    answer = mailbox.request("Create", "Custom::Polls", Files=files)

    rows = aggregates.scan(TableName="aggregates")["Items"]
    assert answer["Status"] == "SUCCESS"
    assert answer["PhysicalResourceId"] == "polls"
    assert answer["Data"] == {"Polls": "colors"}
    assert {row["pk"]["S"] for row in rows} == {"directory", "open#colors"}
    assert {row["number"]["S"] for row in rows} == {"+15550100199"}


def test_a_refused_poll_file_fails_the_deploy_with_the_files_own_message(
    mailbox: Mailbox, aggregates: Any
) -> None:
    """It names file, key and remedy; and no poll of the deploy is applied."""
    files = [
        {"Source": "colors.toml", "Text": COLORS},
        {"Source": "shapes.toml", "Text": 'question = "Which?"'},
    ]

    answer = mailbox.request("Update", "Custom::Polls", Files=files)

    assert answer["Status"] == "FAILED"
    assert answer["PhysicalResourceId"] == "before"
    assert "shapes.toml" in answer["Reason"]
    assert "choices" in answer["Reason"]
    assert aggregates.scan(TableName="aggregates")["Count"] == 0


@pytest.mark.usefixtures("aggregates")
def test_a_long_reason_is_cut_to_what_an_answer_may_hold(mailbox: Mailbox) -> None:
    """CloudFormation takes 4 KB and drops what is larger, which would hang the deploy."""
    text = "\n".join(f"wrong{number} = 1" for number in range(500))

    answer = mailbox.request("Create", "Custom::Polls", Files=[{"Source": "x.toml", "Text": text}])

    assert answer["Status"] == "FAILED"
    assert len(json.dumps(answer)) < 4096


@pytest.mark.usefixtures("aggregates")
def test_a_guest_identity_is_the_resource_itself(mailbox: Mailbox) -> None:
    """So that its id is stable as long as the pool is."""
    pool = boto3.client("cognito-identity").create_identity_pool(
        IdentityPoolName="guests", AllowUnauthenticatedIdentities=True
    )

    answer = mailbox.request(
        "Create", "Custom::GuestIdentity", IdentityPoolId=pool["IdentityPoolId"]
    )

    assert answer["Status"] == "SUCCESS"
    assert answer["PhysicalResourceId"].startswith("us-east-1:")


def test_a_delete_is_answered_and_touches_nothing(mailbox: Mailbox) -> None:
    """Polls go with their table; in production that table stays."""
    answer = mailbox.request("Delete", "Custom::Polls", Files=[])

    assert (answer["Status"], answer["PhysicalResourceId"]) == ("SUCCESS", "before")


def test_an_unknown_resource_fails_and_is_named(mailbox: Mailbox) -> None:
    """Rather than pretending that it was made."""
    answer = mailbox.request("Create", "Custom::Moon")

    assert answer["Status"] == "FAILED"
    assert "Custom::Moon" in answer["Reason"]
