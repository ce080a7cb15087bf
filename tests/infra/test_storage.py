"""Both tables in the template are the tables of the schema."""

from collections import Counter

import pytest

from services.adapters.dynamodb.provisioning import table_arguments
from services.voting import schema
from tests.infra.conftest import Resources, Synthesise

TABLES = [schema.VOTES, schema.AGGREGATES, schema.POLLS]


@pytest.mark.parametrize("table", TABLES, ids=lambda table: table.name)
def test_a_deployed_table_is_the_table_that_is_provisioned_locally(
    resources: Resources, table: schema.TableSchema
) -> None:
    """Keys, stream and time to live come from one schema through two translations."""
    deployed = resources.table(table.name.lower())["Properties"]
    local = table_arguments(table, "any")

    assert deployed["KeySchema"] == local["KeySchema"]
    assert deployed["AttributeDefinitions"] == local["AttributeDefinitions"]
    assert deployed["BillingMode"] == local["BillingMode"] == "PAY_PER_REQUEST"
    view = {"StreamViewType": "NEW_AND_OLD_IMAGES"}
    streams = (local.get("StreamSpecification"), deployed.get("StreamSpecification"))
    expected = (None, None) if table.name == "Polls" else ({"StreamEnabled": True, **view}, view)
    assert streams == expected


def test_the_votes_expire_by_the_attribute_of_the_schema(resources: Resources) -> None:
    """The time to live is switched on, not only named."""
    votes = resources.table("votes")["Properties"]

    assert votes["TimeToLiveSpecification"] == {"AttributeName": "expires_at", "Enabled": True}


def test_there_are_three_tables_and_all_can_be_restored_to_a_point_in_time(
    resources: Resources,
) -> None:
    """Only the aggregates hold counts, and only the polls hold the operator's log."""
    tables = resources.of("AWS::DynamoDB::Table").values()

    assert len(tables) == 3
    for table in tables:
        recovery = table["Properties"]["PointInTimeRecoverySpecification"]
        assert recovery == {"PointInTimeRecoveryEnabled": True}


@pytest.mark.parametrize(
    ("stage", "webhook"),
    [
        ("local", "lambda"),
        ("dev", "lambda"),
        ("dev", "container"),
        ("prod", "lambda"),
        ("prod", "container"),
    ],
)
def test_only_production_keeps_what_cannot_be_made_again(
    synthesise: Synthesise, stage: str, webhook: str
) -> None:
    """Without the secret's pepper, everybody could vote again.

    The page can be uploaded again, so neither it nor the log of its upload is kept. The role with
    which all REST APIs of the account write their logs is kept on every stage: another stage may
    use it.
    """
    resources = Resources(synthesise(stage, webhook=webhook))
    kept = Counter(
        resource["Type"]
        for resource in resources.all.values()
        if "Retain" in f"{resource.get('DeletionPolicy')}{resource.get('UpdateReplacePolicy')}"
    )
    of_the_account = [kept.pop(kind, 0) for kind in ("AWS::ApiGateway::Account", "AWS::IAM::Role")]

    in_production = {
        "AWS::DynamoDB::Table": 3,
        "AWS::SecretsManager::Secret": 1,
        "AWS::Logs::LogGroup": 7,  # webhook, replayer, their APIs, aggregator, merger, polls
        "AWS::SQS::Queue": 2,
    }
    assert of_the_account == ([0, 0] if stage == "local" else [1, 1])
    assert kept == (in_production if stage == "prod" else {})
    for kind in kept:
        for resource in resources.of(kind).values():
            deleted, replaced = resource["DeletionPolicy"], resource["UpdateReplacePolicy"]
            assert (deleted == "Delete") == (replaced == "Delete")


def test_a_failed_first_deploy_leaves_only_the_tables(synthesise: Synthesise) -> None:
    """Tables that are protected against deletion cannot be deleted by a rollback: it would fail."""
    resources = Resources(synthesise("prod"))
    policies = {
        kind: {resource["DeletionPolicy"] for resource in resources.of(kind).values()}
        for kind in (
            "AWS::DynamoDB::Table",
            "AWS::SecretsManager::Secret",
            "AWS::SQS::Queue",
            "AWS::Logs::LogGroup",
        )
    }

    assert policies.pop("AWS::DynamoDB::Table") == {"Retain"}
    assert policies.pop("AWS::Logs::LogGroup") == {"RetainExceptOnCreate", "Delete"}
    assert set(map(frozenset, policies.values())) == {frozenset({"RetainExceptOnCreate"})}


def test_a_table_of_production_is_not_even_deleted_by_hand(
    resources: Resources, stage: str
) -> None:
    """Unless somebody removes the protection."""
    for table in resources.of("AWS::DynamoDB::Table").values():
        assert table["Properties"]["DeletionProtectionEnabled"] == (stage == "prod")


def test_a_table_is_encrypted_with_the_key_that_needs_no_grant(resources: Resources) -> None:
    """Guests have no access to KMS keys, so with another key they could read nothing."""
    for table in resources.of("AWS::DynamoDB::Table").values():
        assert "SSESpecification" not in table["Properties"]


def test_no_resource_has_a_name_of_its_own(resources: Resources) -> None:
    """Two deployments in one account, and a replacement, must not collide."""
    named = [
        (resource["Type"], key)
        for resource in resources.all.values()
        for key in ("TableName", "FunctionName", "BucketName", "RoleName", "LogGroupName")
        if isinstance(resource.get("Properties", {}).get(key), str)
    ]

    assert named == []
