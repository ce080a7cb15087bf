"""Giving the ballots of an ended round their expiry, where they were cast without one.

While nobody knows when a round ends, its ballots have no expiry: a voter whose ballot is gone
could vote again. The round first stores the earliest expiry (`PollStore.promise_expiry`), then
its ballots get it, one conditional write each: it may be interrupted and run again.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from services.voting import schema
from services.voting.poll import Round
from services.voting.ports import Progress
from services.voting.sharding import all_shards
from services.voting.timing import SETTLING_SECONDS

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

# It is still there, has no expiry, and counts its writes: else it is no ballot.
_HAS_NONE: Final = "attribute_not_exists(expires_at) AND attribute_type(writes, :number)"


@dataclass(frozen=True, slots=True, kw_only=True)
class BallotExpiry:
    """Works on the ballots of one deployment."""

    client: "DynamoDBClient"
    table: str

    def carry_out(self, ended: Round, at_ms: int, told: Progress) -> int:
        """Give every ballot of a round that has none this expiry; how many there were.

        Each is one write, and one record on the stream that moves no count.
        """
        done = 0
        for key in self._without(ended):
            done += self._set(key, at_ms)
            told(1)
        return done

    def _without(self, ended: Round) -> Iterator[dict[str, Any]]:
        for shard in all_shards(ended.poll.shards):
            pk = schema.ballot_pk(ended.poll.id, ended.number, shard)
            pages = self.client.get_paginator("query").paginate(
                TableName=self.table,
                KeyConditionExpression="pk = :pk",
                FilterExpression="attribute_not_exists(expires_at)",
                ProjectionExpression="pk, sk",
                ExpressionAttributeValues={":pk": {"S": pk}},
                ConsistentRead=True,
            )
            for page in pages:
                yield from page["Items"]

    def _set(self, key: dict[str, Any], at_ms: int) -> bool:
        try:
            self.client.update_item(
                TableName=self.table,
                Key=key,
                UpdateExpression="SET expires_at = :at ADD writes :one",
                ConditionExpression=_HAS_NONE,
                ExpressionAttributeValues={
                    ":at": {"N": str(at_ms // 1000 + SETTLING_SECONDS)},
                    ":one": {"N": "1"},
                    ":number": {"S": "N"},
                },
            )
        except self.client.exceptions.ConditionalCheckFailedException:
            return False
        return True
