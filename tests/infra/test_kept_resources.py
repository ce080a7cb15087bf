"""Resources that a deploy must not replace: their logical ids and what replaces them are pinned.

A new logical id or a new key schema makes CloudFormation create an empty resource beside the old
one: an evening without its ballots, a pepper with which everybody votes again, a webhook at an
address that the number does not know. This is the one test that spells logical ids. If it fails,
change the stack, not the test: a construct was moved or renamed.
"""

import json
from typing import Any

import pytest

from tests.infra.conftest import Resources, Synthesise

KEPT: dict[str, dict[str, str]] = {
    "AWS::DynamoDB::Table": {
        "StorageVotes6D84B348": "ballots",
        "StorageAggregates164A1710": "totals",
        "StoragePolls4920691F": "polls, phone lists and the operator's log",
    },
    "AWS::SecretsManager::Secret": {"IngestSecret2D14BC44": "the pepper and Twilio's token"},
    "AWS::SQS::Queue": {
        "FallbackQueue9D48D008": "texts that wait",
        "FallbackDeadLettersBEF481E7": "texts that could not be counted",
    },
    "AWS::Cognito::IdentityPool": {"DashboardGuests24A65A09": "screens that are open"},
    "Custom::GuestIdentity": {"PollsGuest76285A90": "screens that are open"},
    "AWS::ApiGatewayV2::Api": {"IngestApiE2DAED7B": "the URL at Twilio"},
    "AWS::ApiGateway::RestApi": {"FallbackApiC77DA43C": "the fallback URL at Twilio"},
    "AWS::ApiGateway::Stage": {"FallbackStageD8371C4F": "the fallback URL at Twilio"},
}
"""Logical ids by type, with what a replacement would lose."""
ON_AWS = {"AWS::CloudFront::Distribution": {"DashboardEdge4065FAAA": "the URL of the screens"}}

REPLACING: dict[str, dict[str, Any]] = {
    "AWS::DynamoDB::Table": {
        "TableName": None,
        "KeySchema": [
            {"AttributeName": "pk", "KeyType": "HASH"},
            {"AttributeName": "sk", "KeyType": "RANGE"},
        ],
        "AttributeDefinitions": [
            {"AttributeName": "pk", "AttributeType": "S"},
            {"AttributeName": "sk", "AttributeType": "S"},
        ],
        "LocalSecondaryIndexes": None,
        "ImportSourceSpecification": None,
    },
    "AWS::SecretsManager::Secret": {"Name": None},
    "AWS::SQS::Queue": {"QueueName": None, "FifoQueue": None},
    "AWS::ApiGatewayV2::Api": {"ProtocolType": "HTTP"},
    "AWS::ApiGateway::Stage": {"StageName": "fallback"},
}
"""Properties whose change is a replacement ("Update requires: Replacement" in the reference)."""


VARIANTS = [
    ("local", "lambda"), ("dev", "lambda"), ("dev", "container"),
    ("prod", "lambda"), ("prod", "container"),
]  # fmt: skip


@pytest.fixture(params=VARIANTS, ids="-".join)
def kept(synthesise: Synthesise, request: pytest.FixtureRequest) -> Resources:
    """The resources of a stage with either webhook: the option must not replace anything."""
    stage, webhook = request.param
    return Resources(synthesise(stage, webhook=webhook))


def test_what_cannot_be_made_again_keeps_its_logical_id(kept: Resources) -> None:
    """In every stage, and with either kind of webhook."""
    wanted = KEPT | ON_AWS if kept.of("AWS::CloudFront::Distribution") else KEPT
    found = {kind: set(kept.of(kind)) for kind in wanted}

    assert found == {kind: set(names) for kind, names in wanted.items()}


@pytest.mark.parametrize("kind", REPLACING)
def test_no_property_that_replaces_a_resource_has_changed(kept: Resources, kind: str) -> None:
    """Also not a name: with one, a replacement even fails halfway."""
    for resource in kept.of(kind).values():
        properties = resource["Properties"]

        assert {name: properties.get(name) for name in REPLACING[kind]} == REPLACING[kind]


def test_the_guests_identity_depends_on_nothing_but_its_pool(kept: Resources) -> None:
    """Its function makes a new identity at every update."""
    properties = kept.only("Custom::GuestIdentity")

    assert set(properties) == {"IdentityPoolId", "ServiceToken", "ServiceTimeout"}


def test_every_resource_that_can_be_tagged_names_project_and_stage(
    synthesise: Synthesise, stage: str
) -> None:
    """By them AWS reports the cost of a stage, and the budget filters."""
    resources = Resources(synthesise(stage))
    kinds = ("AWS::DynamoDB::Table", "AWS::Lambda::Function", "AWS::SQS::Queue", "AWS::S3::Bucket",
             "AWS::SecretsManager::Secret", "AWS::Logs::LogGroup", "AWS::IAM::Role",
             "AWS::ApiGateway::RestApi", "AWS::ApiGatewayV2::Api")  # fmt: skip
    for kind in kinds:
        for name, resource in resources.of(kind).items():
            if name.startswith("Custom"):
                continue  # CDK's own helpers, which run during a deploy only
            tags = json.dumps(resource["Properties"].get("Tags"))

            assert '"VoteApp"' in tags, name
            assert f'"VoteApp-{stage}"' in tags, name


def test_the_budget_counts_the_cost_of_its_own_stage(synthesise: Synthesise) -> None:
    """Without a filter it would warn of whatever else the account runs."""
    budget = Resources(synthesise("prod", alarm_email="count@example.com")).only(
        "AWS::Budgets::Budget"
    )

    assert budget["Budget"]["CostFilters"] == {"TagKeyValue": ["user:stage$VoteApp-prod"]}
