"""The life of a stack: deployed again, updated, taken down."""

from typing import Any

import pytest

from tests.integration.deploy.steps import a_vote_is_counted
from tests.support.strict_cloud import OPTIONS, Cloud

pytestmark = pytest.mark.cloud


def test_after_a_deploy_nothing_differs(cloud: Cloud) -> None:
    """Synthesis is repeatable: no time, no random name, no host in it."""
    said = cloud.cdk("diff", "--fail", *OPTIONS)

    assert "There were no differences" in said


def test_an_update_of_code_and_poll_keeps_every_vote(cloud: Cloud) -> None:
    """The evening goes on while its question is mended."""
    counted, outputs = cloud.counts(), cloud.outputs
    code_before = code_of(cloud)
    poll = cloud.project / "polls" / "colors.toml"
    poll.write_text(poll.read_text().replace('question = "', 'question = "Mended: ', 1))
    handler = cloud.project / "lambdas" / "aggregator" / "handler.py"
    handler.write_text(handler.read_text() + "\n# changed\n")

    cloud.deploy()

    assert outputs | {"OpenPolls": "colors"} == cloud.outputs
    assert code_of(cloud) != code_before  # and the deploy has named the polls that were open
    assert cloud.counts() == counted
    rows = cloud.client("dynamodb", **cloud.guest()).query(**cloud.board())["Items"]
    (question,) = [row["question"]["S"] for row in rows if "question" in row]
    assert question.startswith("Mended: ")
    assert a_vote_is_counted(cloud)


def code_of(cloud: Cloud) -> str:
    """Digest of the aggregator's code."""
    function = cloud.outputs["AggregatorFunction"]
    found = cloud.client("lambda").get_function_configuration(FunctionName=function)
    return str(found["CodeSha256"])


def test_a_destroy_leaves_nothing(cloud: Cloud) -> None:
    """Of a trial; in production the data stays, which the template tests hold."""
    cloud.cdk("destroy", "--force", *OPTIONS)

    left = {
        "tables": cloud.client("dynamodb").list_tables()["TableNames"],
        "functions": cloud.client("lambda").list_functions()["Functions"],
        "mappings": cloud.client("lambda").list_event_source_mappings()["EventSourceMappings"],
        "apis": cloud.client("apigatewayv2").get_apis()["Items"],
        "rest apis": cloud.client("apigateway").get_rest_apis()["items"],
        "queues": cloud.client("sqs").list_queues().get("QueueUrls", []),
        "pools": cloud.client("cognito-identity").list_identity_pools(MaxResults=10)[
            "IdentityPools"
        ],
        "secrets": cloud.client("secretsmanager").list_secrets()["SecretList"],
        "schedules": cloud.client("events").list_rules()["Rules"],
        "logs": cloud.client("logs").describe_log_groups()["logGroups"],
        "buckets": ours(cloud.client("s3").list_buckets()["Buckets"], "Name"),
        "roles": ours(cloud.client("iam").list_roles()["Roles"], "RoleName"),
    }
    assert not any(left.values()), left


def ours(things: list[dict[str, Any]], name: str) -> list[str]:
    """Names of things that are not of CDK's bootstrap."""
    return [thing[name] for thing in things if not thing[name].startswith("cdk-")]
