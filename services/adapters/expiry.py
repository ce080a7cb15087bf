"""Giving the ballots of an ended round their expiry, where they were cast without one.

While nobody knows when a round ends, its ballots have no expiry: a voter whose ballot is gone
could vote again. The round first stores the earliest expiry, then its ballots get it, one
conditional write each, so that it may be interrupted and run again.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Final

from services.adapters.clock import now_ms
from services.adapters.polls import PollStore
from services.voting import schema
from services.voting.control import DAY_MS, ended_at_ms, has_settled
from services.voting.errors import RoundNotEndedError
from services.voting.poll import Round
from services.voting.ports import Clock, Progress
from services.voting.sharding import all_shards
from services.voting.timing import LANDING_SECONDS

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

NOTICE_MS: Final = 7 * DAY_MS
"""At least so long from now: time to certify and export a round that ended long ago."""

_HAS_NONE: Final = "attribute_exists(pk) AND attribute_not_exists(expires_at)"


def expires_from_ms(ended: Round, now_ms: int) -> int:
    """When the ballots of an ended round may expire, at the earliest.

    Raises:
        RoundNotEndedError: texts may still become ballots of it.
    """
    ended_ms = ended_at_ms(ended, now_ms)
    if ended_ms is None or not has_settled(ended, now_ms):
        raise RoundNotEndedError(ended.poll.id, ended.number, LANDING_SECONDS)
    if ended.expires_from_ms is not None:
        return ended.expires_from_ms
    # To the second, upwards: a ballot's expiry is in seconds.
    at_ms = max(ended_ms + ended.poll.retention_days * DAY_MS, now_ms + NOTICE_MS)
    return -(-at_ms // 1000) * 1000


@dataclass(frozen=True, slots=True, kw_only=True)
class BallotExpiry:
    """Works on the ballots of one deployment."""

    client: "DynamoDBClient"
    table: str
    polls: PollStore
    clock: Clock = field(default=now_ms)

    def promise(self, poll_id: str, number: int) -> int:
        """Store in the round when its ballots may expire, before one carries it. Epoch ms.

        Raises:
            PollUnknownError: there is no such poll.
            RoundNotEndedError: texts may still become ballots of the round.
            PollChangedError: somebody else keeps changing the poll.
        """
        *past, current = self.polls.rounds(poll_id)
        for ended in past:
            if ended.number == number:
                at_ms = expires_from_ms(ended, self.clock())
                self.polls.promise_expiry(ended, at_ms)
                return at_ms
        at_ms = expires_from_ms(current, self.clock())

        def promised(standing: Round) -> Round:
            # Opened again meanwhile, the round raises.
            return replace(standing, expires_from_ms=expires_from_ms(standing, self.clock()))

        if current.expires_from_ms is None:
            _, after = self.polls.change(poll_id, promised)
            at_ms = after.round.expires_from_ms or at_ms
        return at_ms

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
                    ":at": {"N": str(at_ms // 1000 + LANDING_SECONDS)},
                    ":one": {"N": "1"},
                },
            )
        except self.client.exceptions.ConditionalCheckFailedException:
            return False
        return True
