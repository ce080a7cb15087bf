"""Taking a phone's ballots out: the fold takes back what each of them counted for."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from services.voting.identity import voter_of
from services.voting.poll import Round

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient


@dataclass(frozen=True, slots=True, kw_only=True)
class Forgotten:
    """A ballot that was removed, and what it counted for."""

    poll: str
    round: int
    picks: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class DynamoForgetting:
    """Finds a phone by its keyed hash: a phone number is stored nowhere."""

    client: "DynamoDBClient"
    table: str

    def find(
        self, rounds: Iterable[Round], phone: str, pepper: bytes
    ) -> Iterator[tuple[Forgotten, str, str]]:
        """The phone's ballots in these rounds, each with its two keys."""
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
                    yield _forgotten(item, there), pk, item["sk"]["S"]

    def remove(self, rounds: Iterable[Round], phone: str, pepper: bytes) -> list[Forgotten]:
        """Remove them, and say what each counted for when it was removed. Idempotent."""
        removed = []
        for there in rounds:
            for _, pk, sk in list(self.find([there], phone, pepper)):
                answer = self.client.delete_item(
                    TableName=self.table,
                    Key={"pk": {"S": pk}, "sk": {"S": sk}},
                    ReturnValues="ALL_OLD",
                )
                if item := answer.get("Attributes"):
                    removed.append(_forgotten(item, there))
        return removed


def _forgotten(item: Mapping[str, object], there: Round) -> Forgotten:
    picks: Mapping[str, Mapping[str, str]] = item["picks"]["M"]  # type: ignore[index]
    return Forgotten(
        poll=there.poll.id,
        round=there.number,
        picks={choice: int(count["N"]) for choice, count in picks.items()},
    )
