"""Erases a phone's votes by emptying its ballots; the aggregator then subtracts them.

The item stays, empty, with its key, its number of writes and the time: the optimistic lock then
keeps concurrent texts of the phone from restoring the old votes.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from services.adapters.clock import now_ms
from services.adapters.dynamodb.ballot_items import ballot_of, item_of
from services.adapters.dynamodb.keys import PREFIX, key_of, query, sk_of
from services.voting.barring import forget_votes
from services.voting.errors import StoreUnavailableError
from services.voting.identity import Pseudonyms
from services.voting.poll import Round
from services.voting.ports import Clock
from services.voting.schema import WRITES

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

_ATTEMPTS: Final = 16
"""Attempts of an optimistic write, against concurrent texts of the same phone."""

# The ballot is unchanged since it was read.
_IS_UNCHANGED: Final = f"{WRITES} = :expected"

_UNREADABLE = (AttributeError, KeyError, TypeError, ValueError)


@dataclass(frozen=True, slots=True, kw_only=True)
class ErasedBallot:
    """A ballot that was emptied, with the votes it had."""

    poll: str
    round: int
    picks: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class DynamoErasure:
    """Finds and empties the ballots of a phone by its keyed hash; no phone number is stored."""

    client: "DynamoDBClient"
    table: str
    clock: Clock = field(default=now_ms)

    def find(
        self, rounds: Iterable[Round], phone: str, pseudonyms: Pseudonyms
    ) -> Iterator[tuple[ErasedBallot, str, str]]:
        """Yield the phone's ballots that are not empty, each with its partition and sort key."""
        for round in rounds:
            voter = pseudonyms.voter(round.poll.id, round.number, phone)
            pk, _ = round.ballot_key(voter, "")
            # If every text is a ballot of its own, the voter is a prefix of the key.
            pages = self.client.get_paginator("query").paginate(
                **query(self.table, pk, PREFIX, voter), ConsistentRead=True
            )
            for page in pages:
                for item in page["Items"]:
                    if not _is_empty(item):
                        yield _erased_ballot(item, round), pk, sk_of(item)

    def remove(
        self, rounds: Iterable[Round], phone: str, pseudonyms: Pseudonyms
    ) -> list[ErasedBallot]:
        """Empty the phone's ballots; return the votes that each had. Idempotent."""
        removed = []
        for round in rounds:
            for _, pk, sk in list(self.find([round], phone, pseudonyms)):
                if (item := self._empty(pk, sk)) is not None:
                    removed.append(_erased_ballot(item, round))
        return removed

    def _empty(self, pk: str, sk: str) -> dict[str, Any] | None:
        """Return the item before the write, or None if another run emptied it meanwhile."""
        key: Any = key_of(pk, sk)
        for _ in range(_ATTEMPTS):
            answer = self.client.get_item(TableName=self.table, Key=key, ConsistentRead=True)
            item: dict[str, Any] | None = answer.get("Item")
            if item is None or _is_empty(item):
                return None
            try:
                ballot = ballot_of(item)
            except _UNREADABLE:
                # Nothing in it can be kept, not even the number of writes.
                self.client.delete_item(TableName=self.table, Key=key)
                return item
            try:
                self.client.put_item(
                    TableName=self.table,
                    Item=item_of(forget_votes(ballot, self.clock())),
                    ConditionExpression=_IS_UNCHANGED,
                    ExpressionAttributeValues={":expected": {"N": str(ballot.writes)}},
                )
            except self.client.exceptions.ConditionalCheckFailedException:
                continue
            return item
        raise StoreUnavailableError("a ballot rewritten too often")


def _is_empty(item: Mapping[str, Any]) -> bool:
    try:
        ballot = ballot_of(item)
    except _UNREADABLE:
        return False
    return not (ballot.texts or ballot.picks)


def _erased_ballot(item: Mapping[str, Any], round: Round) -> ErasedBallot:
    try:
        picks = ballot_of(item).picks
    except _UNREADABLE:
        picks = {}
    return ErasedBallot(poll=round.poll.id, round=round.number, picks=picks)
