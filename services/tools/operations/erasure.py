"""Taking a phone's votes out: the fold takes back what each of its ballots counted for.

The item stays, empty, with its key, its writes and the moment: its next write then builds on
this one, so that no text of the phone that is on its way brings the old votes back.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from services.adapters.clock import now_ms
from services.adapters.dynamodb.ballot_items import ballot_of, item_of
from services.voting.barring import forget_votes
from services.voting.errors import StoreUnavailableError
from services.voting.identity import voter_of
from services.voting.poll import Round
from services.voting.ports import Clock

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

_RACES: Final = 16
"""How often a text of the same phone may be faster."""

# Nobody has written the ballot since it was read.
_IS_UNCHANGED: Final = "writes = :expected"

_UNREADABLE = (AttributeError, KeyError, TypeError, ValueError)


@dataclass(frozen=True, slots=True, kw_only=True)
class Forgotten:
    """A ballot that was emptied, and what it counted for."""

    poll: str
    round: int
    picks: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class DynamoForgetting:
    """Finds a phone by its keyed hash: a phone number is stored nowhere."""

    client: "DynamoDBClient"
    table: str
    clock: Clock = field(default=now_ms)

    def find(
        self, rounds: Iterable[Round], phone: str, pepper: bytes
    ) -> Iterator[tuple[Forgotten, str, str]]:
        """The phone's ballots in these rounds that hold anything, each with its two keys."""
        for there in rounds:
            voter = voter_of(pepper, there.poll.id, there.number, phone)
            pk, _ = there.ballot_key(voter, "")
            # Where every text is a ballot of its own, the voter begins the key.
            pages = self.client.get_paginator("query").paginate(
                TableName=self.table,
                KeyConditionExpression="pk = :pk AND begins_with(sk, :voter)",
                ExpressionAttributeValues={":pk": {"S": pk}, ":voter": {"S": voter}},
                ConsistentRead=True,
            )
            for page in pages:
                for item in page["Items"]:
                    if _holds_anything(item, there):
                        yield _forgotten(item, there), pk, item["sk"]["S"]

    def remove(self, rounds: Iterable[Round], phone: str, pepper: bytes) -> list[Forgotten]:
        """Empty them, and say what each counted for when it was emptied. Idempotent."""
        removed = []
        for there in rounds:
            for _, pk, sk in list(self.find([there], phone, pepper)):
                if (item := self._empty(there, pk, sk)) is not None:
                    removed.append(_forgotten(item, there))
        return removed

    def _empty(self, there: Round, pk: str, sk: str) -> dict[str, Any] | None:
        """The item as it was, or None where another run has emptied it meanwhile."""
        key: Any = {"pk": {"S": pk}, "sk": {"S": sk}}
        for _ in range(_RACES):
            answer = self.client.get_item(TableName=self.table, Key=key, ConsistentRead=True)
            item: dict[str, Any] | None = answer.get("Item")
            if item is None or not _holds_anything(item, there):
                return None
            try:
                ballot = ballot_of(item, there)
            except _UNREADABLE:
                # Nothing in it can be kept: not even how often it was written.
                self.client.delete_item(TableName=self.table, Key=key)
                return item
            try:
                self.client.put_item(
                    TableName=self.table,
                    Item=item_of(forget_votes(ballot, self.clock()), there),
                    ConditionExpression=_IS_UNCHANGED,
                    ExpressionAttributeValues={":expected": {"N": str(ballot.writes)}},
                )
            except self.client.exceptions.ConditionalCheckFailedException:
                continue
            return item
        raise StoreUnavailableError("a ballot rewritten too often")


def _holds_anything(item: Mapping[str, Any], there: Round) -> bool:
    try:
        ballot = ballot_of(item, there)
    except _UNREADABLE:
        return True
    return bool(ballot.texts or ballot.picks)


def _forgotten(item: Mapping[str, Any], there: Round) -> Forgotten:
    try:
        picks = ballot_of(item, there).picks
    except _UNREADABLE:
        picks = {}
    return Forgotten(poll=there.poll.id, round=there.number, picks=picks)
