"""Both tables in the template are the tables of the schema."""

import pytest

from services.adapters.provisioning import table_arguments
from services.voting import schema
from tests.infra.conftest import Resources, Synthesise

TABLES = [schema.VOTES, schema.AGGREGATES]


@pytest.mark.parametrize("table", TABLES, ids=lambda table: table.name)
def test_a_deployed_table_is_the_table_that_is_provisioned_locally(
    resources: Resources, table: schema.TableSchema
) -> None:
    """Keys, stream and time to live come from one schema through two translations."""
    deployed = resources.table(table.ttl_attribute)["Properties"]
    local = table_arguments("any")

    assert deployed["KeySchema"] == local["KeySchema"]
    assert deployed["AttributeDefinitions"] == local["AttributeDefinitions"]
    assert deployed["BillingMode"] == local["BillingMode"]
    view = local["StreamSpecification"]["StreamViewType"]
    assert deployed["StreamSpecification"] == {"StreamViewType": view}


def test_the_votes_expire_by_the_attribute_of_the_schema(resources: Resources) -> None:
    """The time to live is switched on, not only named."""
    votes = resources.table("expires_at")["Properties"]

    assert votes["TimeToLiveSpecification"] == {"AttributeName": "expires_at", "Enabled": True}


def test_there_are_two_tables_and_both_can_be_restored_to_a_point_in_time(
    resources: Resources,
) -> None:
    """A third table would be a second place for the count."""
    tables = resources.of("AWS::DynamoDB::Table").values()

    assert len(tables) == 2
    for table in tables:
        recovery = table["Properties"]["PointInTimeRecoverySpecification"]
        assert recovery == {"PointInTimeRecoveryEnabled": True}


def test_only_production_keeps_its_tables(synthesise: Synthesise) -> None:
    """A destroy leaves nothing of a trial, and everything of an evening."""
    kept = {
        stage: {
            (table["DeletionPolicy"], table["Properties"].get("DeletionProtectionEnabled"))
            for table in Resources(synthesise(stage)).of("AWS::DynamoDB::Table").values()
        }
        for stage in ("local", "dev", "prod")
    }

    assert kept == {
        "local": {("Delete", False)},
        "dev": {("Delete", False)},
        "prod": {("Retain", True)},
    }


def test_no_resource_has_a_name_of_its_own(resources: Resources) -> None:
    """Two deployments in one account, and a replacement, must not collide."""
    named = [
        (resource["Type"], key)
        for resource in resources.all.values()
        for key in ("TableName", "FunctionName", "BucketName", "RoleName", "LogGroupName")
        if isinstance(resource.get("Properties", {}).get(key), str)
    ]

    assert named == []
