"""All ballots of a round, by one query for each of its partition keys."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from services.adapters.items import ballot_of
from services.voting import schema
from services.voting.ballot import Ballot
from services.voting.poll import Round
from services.voting.sharding import all_shards

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient


@dataclass(frozen=True, slots=True)
class DynamoRecounts:
    """The `Recounts` port."""

    client: "DynamoDBClient"
    table: str

    def ballots(self, standing_in: Round) -> Iterator[Ballot]:
        """Every ballot of the round, shard by shard; one page is held at a time."""
        for shard in all_shards(standing_in.poll.shards):
            pk = schema.ballot_pk(standing_in.poll.id, standing_in.number, shard)
            pages = self.client.get_paginator("query").paginate(
                TableName=self.table,
                KeyConditionExpression="pk = :pk",
                ExpressionAttributeValues={":pk": {"S": pk}},
                ConsistentRead=True,
            )
            for page in pages:
                for item in page["Items"]:
                    yield ballot_of(item, standing_in)
