"""Creates the tables without a deploy, for tests and the replay."""

from typing import TYPE_CHECKING, Any

from services.voting.schema import PARTITION_KEY, SORT_KEY, STREAM_VIEW, TableSchema

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient


def table_arguments(table: TableSchema, name: str) -> dict[str, Any]:
    """Build the arguments of `create_table`; all tables have the same keys."""
    stream = {"StreamEnabled": True, "StreamViewType": STREAM_VIEW}
    return {
        "TableName": name,
        "KeySchema": [
            {"AttributeName": PARTITION_KEY, "KeyType": "HASH"},
            {"AttributeName": SORT_KEY, "KeyType": "RANGE"},
        ],
        "AttributeDefinitions": [
            {"AttributeName": name, "AttributeType": "S"} for name in (PARTITION_KEY, SORT_KEY)
        ],
        "BillingMode": "PAY_PER_REQUEST",
        **({"StreamSpecification": stream} if table.has_stream else {}),
    }


def create_table(client: "DynamoDBClient", table: TableSchema, name: str) -> None:
    """Create a table under this name and wait until it exists."""
    client.create_table(**table_arguments(table, name))
    client.get_waiter("table_exists").wait(TableName=name, WaiterConfig={"Delay": 1})
    if table.ttl_attribute:
        client.update_time_to_live(
            TableName=name,
            TimeToLiveSpecification={"Enabled": True, "AttributeName": table.ttl_attribute},
        )
