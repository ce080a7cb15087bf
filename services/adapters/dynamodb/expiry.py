"""Sets the expiry of ballots in an ended round that were cast without one.

While the end of a round is unknown, its ballots have no expiry, because a voter whose ballot has
expired could vote again. First the round stores the earliest expiry
(`PollStore.promise_expiry`), then each ballot gets it by a conditional write; an interrupted run
can be repeated.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from services.adapters.dynamodb.keys import query
from services.voting import schema
from services.voting.poll import Round
from services.voting.ports import Progress
from services.voting.sharding import all_shards
from services.voting.timing import SETTLING_SECONDS

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

# An item that counts its writes is a ballot, and still exists.
_HAS_NO_EXPIRY: Final = f"attribute_not_exists({schema.EXPIRES_AT})"
_IS_BALLOT: Final = f"attribute_type({schema.WRITES}, :number)"


@dataclass(frozen=True, slots=True, kw_only=True)
class BallotExpiry:
    """Sets the expiry of ballots in one votes table."""

    client: "DynamoDBClient"
    table: str

    def set_expiry(self, ended: Round, at_ms: int, on_progress: Progress) -> int:
        """Set the expiry of every ballot that has none; return how many.

        Each write also makes a stream record, which changes no count.
        """
        done = 0
        for key in self._without_expiry(ended):
            done += self._set(key, at_ms)
            on_progress(1)
        return done

    def _without_expiry(self, ended: Round) -> Iterator[dict[str, Any]]:
        for shard in all_shards(ended.poll.shards):
            pk = schema.ballot_pk(ended.poll.id, ended.number, shard)
            pages = self.client.get_paginator("query").paginate(
                **query(self.table, pk),
                FilterExpression=_HAS_NO_EXPIRY,
                ProjectionExpression=f"{schema.PARTITION_KEY}, {schema.SORT_KEY}",
                ConsistentRead=True,
            )
            for page in pages:
                yield from page["Items"]

    def _set(self, key: dict[str, Any], at_ms: int) -> bool:
        try:
            self.client.update_item(
                TableName=self.table,
                Key=key,
                UpdateExpression=f"SET {schema.EXPIRES_AT} = :at ADD {schema.WRITES} :one",
                ConditionExpression=f"{_HAS_NO_EXPIRY} AND {_IS_BALLOT}",
                ExpressionAttributeValues={
                    ":at": {"N": str(at_ms // 1000 + SETTLING_SECONDS)},
                    ":one": {"N": "1"},
                    ":number": {"S": "N"},
                },
            )
        except self.client.exceptions.ConditionalCheckFailedException:
            return False
        return True
