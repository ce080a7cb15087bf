"""What the world may do with the credentials that the page hands out: read, and no more."""

from collections.abc import Callable
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.support.strict_cloud import Cloud

pytestmark = pytest.mark.cloud

GuestCall = Callable[[Cloud, Any], Any]

REFUSED: dict[str, GuestCall] = {
    "scan the boards": lambda c, g: g("dynamodb").scan(TableName=c.outputs["AggregatesTable"]),
    "read a row": lambda c, g: g("dynamodb").get_item(
        TableName=c.outputs["AggregatesTable"],
        Key={"pk": {"S": "open#colors"}, "sk": {"S": "poll"}},
    ),
    "put a row": lambda c, g: g("dynamodb").put_item(
        TableName=c.outputs["AggregatesTable"],
        Item={"pk": {"S": "open#colors"}, "sk": {"S": "poll"}},
    ),
    "change a tally": lambda c, g: g("dynamodb").update_item(
        TableName=c.outputs["AggregatesTable"],
        Key={"pk": {"S": "open#colors"}, "sk": {"S": "00001#tally#x#y"}},
        UpdateExpression="SET voters = :many",
        ExpressionAttributeValues={":many": {"N": "1000"}},
    ),
    "delete a row": lambda c, g: g("dynamodb").delete_item(
        TableName=c.outputs["AggregatesTable"],
        Key={"pk": {"S": "open#colors"}, "sk": {"S": "poll"}},
    ),
    "query the directory": lambda c, g: g("dynamodb").query(**c.board("directory")),
    "query the polls": lambda c, g: g("dynamodb").query(
        **c.board("directory", TableName=c.outputs["PollsTable"])
    ),
    "query the operator's log": lambda c, g: g("dynamodb").query(
        **c.board("log#colors", TableName=c.outputs["PollsTable"])
    ),
    "put a poll": lambda c, g: g("dynamodb").put_item(
        TableName=c.outputs["PollsTable"], Item={"pk": {"S": "directory"}, "sk": {"S": "mine"}}
    ),
    "query a sealed board": lambda c, g: g("dynamodb").query(**c.board("sealed#colors")),
    "query other attributes": lambda c, g: g("dynamodb").query(
        **c.board(
            ProjectionExpression="sk, #other", ExpressionAttributeNames={"#other": "definition"}
        )
    ),
    "query whole rows": lambda c, g: g("dynamodb").query(
        TableName=c.outputs["AggregatesTable"],
        KeyConditionExpression="pk = :board",
        ExpressionAttributeValues={":board": {"S": "open#colors"}},
    ),
    "query the votes": lambda c, g: g("dynamodb").query(
        **c.board("open#colors", TableName=c.outputs["VotesTable"])
    ),
    "scan the votes": lambda c, g: g("dynamodb").scan(TableName=c.outputs["VotesTable"]),
    "put a vote": lambda c, g: g("dynamodb").put_item(
        TableName=c.outputs["VotesTable"],
        Item={"pk": {"S": "colors:1#0"}, "sk": {"S": "me"}},
    ),
    "describe the votes": lambda c, g: g("dynamodb").describe_table(
        TableName=c.outputs["VotesTable"]
    ),
    "list the tables": lambda _, g: g("dynamodb").list_tables(),
    "list the site": lambda c, g: g("s3").list_objects_v2(Bucket=c.outputs["SiteBucket"]),
    "write to the site": lambda c, g: g("s3").put_object(
        Bucket=c.outputs["SiteBucket"], Key="index.html", Body=b"!"
    ),
    "read the secret": lambda c, g: g("secretsmanager").get_secret_value(
        SecretId=c.outputs["SecretArn"]
    ),
    "call the aggregator": lambda c, g: g("lambda").invoke(
        FunctionName=c.outputs["AggregatorFunction"], Payload=b"{}"
    ),
    "list the roles": lambda _, g: g("iam").list_roles(),
}


@pytest.mark.parametrize("call", REFUSED)
def test_a_guest_is_refused(cloud: Cloud, call: str) -> None:
    """Whoever opens the page holds these credentials."""
    credentials = cloud.guest()

    with pytest.raises(ClientError) as refusal:
        REFUSED[call](cloud, lambda service: cloud.client(service, **credentials))

    code = refusal.value.response["Error"]["Code"]
    assert code in {"AccessDeniedException", "AccessDenied"}
