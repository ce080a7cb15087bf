"""The store of a replay on DynamoDB tables, in moto or in an emulator.

The ballots use the real adapter; `InProcessClient` passes its requests to moto without a socket.
"""

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, Final

import boto3
from botocore import xform_name
from botocore.config import Config

from services.adapters.dynamodb.ballots import DynamoBallots, DynamoClient
from services.adapters.dynamodb.errors import ConditionFailedError
from services.adapters.dynamodb.keys import key_of
from services.adapters.dynamodb.provisioning import create_table
from services.adapters.dynamodb.recounts import DynamoRecounts
from services.adapters.dynamodb.tallies import DynamoTallies
from services.tools.replay.stream import TableWrite
from services.voting import schema
from services.voting.ports import Ballots, Recounts, Tallies

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

VOTES: Final = "Votes"
AGGREGATES: Final = "Aggregates"
REGION: Final = "us-east-1"
PAGE: Final = 1000
"""Maximum number of records in one read of the stream."""
_CONFIG = Config(account_id_endpoint_mode="disabled", retries={"max_attempts": 3})


class InProcessClient:
    """The `DynamoClient` on a boto3 client, for moto."""

    def __init__(self, client: "DynamoDBClient") -> None:
        self._client = client

    async def send_request(self, *, action: str, payload: Mapping[str, Any]) -> dict[str, Any]:
        """Send one request. Raises: ConditionFailedError."""
        try:
            return dict(getattr(self._client, xform_name(action))(**payload))
        except self._client.exceptions.ConditionalCheckFailedException:
            raise ConditionFailedError from None


class TableEngine:
    """The `Engine` on two new DynamoDB tables."""

    def __init__(
        self, *, endpoint: str | None, connect: "Callable[[DynamoDBClient], DynamoClient]"
    ) -> None:
        client = boto3.client("dynamodb", region_name=REGION, endpoint_url=endpoint, config=_CONFIG)
        create_table(client, schema.VOTES, VOTES)
        create_table(client, schema.AGGREGATES, AGGREGATES)
        self._client = client
        self._streams = boto3.client(
            "dynamodbstreams", region_name=REGION, endpoint_url=endpoint, config=_CONFIG
        )
        self.ballots: Ballots = DynamoBallots(connect(client), VOTES)
        self.tallies: Tallies = DynamoTallies(client, AGGREGATES)
        self.recounts: Recounts = DynamoRecounts(client, VOTES)
        self._iterator = self._first_iterator()

    def written(self) -> list[TableWrite]:
        """Read the new records of the table's stream."""
        found: list[TableWrite] = []
        while True:
            response = self._streams.get_records(ShardIterator=self._iterator, Limit=PAGE)
            self._iterator = response["NextShardIterator"]
            for record in response["Records"]:
                data: Any = record["dynamodb"]
                body = {k: data[k] for k in ("Keys", "OldImage", "NewImage") if data.get(k)}
                found.append(TableWrite(record["eventName"], body))
            if len(response["Records"]) < PAGE:
                return found

    def remove(self, pk: str, sk: str) -> None:
        """Delete a ballot."""
        self._client.delete_item(TableName=VOTES, Key=key_of(pk, sk))

    def _first_iterator(self) -> str:
        arn = self._client.describe_table(TableName=VOTES)["Table"]["LatestStreamArn"]
        (shard,) = self._streams.describe_stream(StreamArn=arn)["StreamDescription"]["Shards"]
        return self._streams.get_shard_iterator(
            StreamArn=arn, ShardId=shard["ShardId"], ShardIteratorType="TRIM_HORIZON"
        )["ShardIterator"]
