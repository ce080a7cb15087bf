"""What the doctor says about guests, where permissions are enforced."""

import json
from typing import Any

import pytest

from services.tools.doctor.finding import Finding, Verdict
from services.tools.doctor.guest import check_only_reading, check_reading
from services.tools.doctor.stack import check_stack
from tests.integration.deploy.steps import guest_role
from tests.support.strict_cloud import Cloud

pytestmark = pytest.mark.cloud


def only_reading(cloud: Cloud) -> Finding:
    """The finding on the guests of a deployment, with their own credentials."""
    guest: Any = cloud.client("dynamodb", **cloud.guest())
    votes, aggregates = cloud.outputs["VotesTable"], cloud.outputs["AggregatesTable"]
    return check_only_reading(guest, votes=votes, aggregates=aggregates)


def test_the_doctor_finds_a_fresh_deployment_well(cloud: Cloud) -> None:
    """Outputs, a guest who reads, and one who is refused everything else."""
    guest: Any = cloud.client("dynamodb", **cloud.guest())
    aggregates = cloud.outputs["AggregatesTable"]

    assert check_stack(cloud.outputs, "CREATE_COMPLETE").verdict is Verdict.OK
    assert check_reading(guest, aggregates, "colors").verdict is Verdict.OK
    assert only_reading(cloud).verdict is Verdict.OK


def test_the_doctor_finds_a_guest_who_may_write_and_writes_nothing_in_finding_out(
    cloud: Cloud,
) -> None:
    """As after a policy that somebody widened by hand."""
    iam, role = cloud.client("iam"), guest_role(cloud)
    table = cloud.client("dynamodb").describe_table(TableName=cloud.outputs["AggregatesTable"])
    wide = {"Effect": "Allow", "Action": "dynamodb:PutItem", "Resource": table["Table"]["TableArn"]}
    policy = json.dumps({"Version": "2012-10-17", "Statement": [wide]})
    before = rows(cloud)
    iam.put_role_policy(RoleName=role, PolicyName="Widened", PolicyDocument=policy)
    try:
        finding = only_reading(cloud)
    finally:
        iam.delete_role_policy(RoleName=role, PolicyName="Widened")

    assert finding.verdict is Verdict.FAILED
    assert finding.detail == "a guest may put a row"
    assert rows(cloud) == before


def rows(cloud: Cloud) -> list[dict[str, Any]]:
    """All rows of the aggregates table."""
    found = cloud.client("dynamodb").scan(TableName=cloud.outputs["AggregatesTable"])["Items"]
    return sorted(found, key=lambda row: (row["pk"]["S"], row["sk"]["S"]))
