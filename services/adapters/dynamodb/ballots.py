"""Ballots on DynamoDB, as the webhook writes them.

A vote is one conditional put. The client retries throttling and outages. If a write succeeded but
its response was lost, the retry fails its condition, and the caller then finds the ballot stored.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from services.adapters.dynamodb.ballot_items import ballot_of, item_of
from services.adapters.dynamodb.errors import ConditionFailedError, UnavailableError
from services.adapters.dynamodb.keys import IS_NEW, key_of
from services.voting.ballot import Ballot
from services.voting.errors import StoreUnavailableError
from services.voting.schema import WRITES

# Nobody has written the ballot since it was read.
_IS_UNCHANGED = f"{WRITES} = :expected"


class DynamoClient(Protocol):
    """A client that speaks DynamoDB's wire format: `AsyncClient`, or boto3 in threads."""

    async def send_request(self, *, action: str, payload: Mapping[str, Any]) -> dict[str, Any]:
        """Send one request; return the response within the client's budget of time.

        Raises:
            ConditionFailedError: nothing was written.
            UnavailableError, OSError: throttled or unreachable.
            DynamoError: any other refusal.
        """


@dataclass(frozen=True, slots=True)
class DynamoBallots:
    """The `Ballots` port."""

    client: DynamoClient
    table: str

    async def create(self, ballot: Ballot) -> bool:
        """Store a new ballot; return False if it exists already."""
        return await self._put({"Item": item_of(ballot), "ConditionExpression": IS_NEW})

    async def find(self, pk: str, sk: str) -> Ballot | None:
        """Read a ballot (a strongly consistent read)."""
        answer = await self._send("GetItem", {"Key": key_of(pk, sk), "ConsistentRead": True})
        return ballot_of(answer["Item"]) if answer.get("Item") else None

    async def replace(self, ballot: Ballot, *, expected: int) -> bool:
        """Rewrite a ballot; return False unless it was written `expected` times."""
        return await self._put(
            {
                "Item": item_of(ballot),
                "ConditionExpression": _IS_UNCHANGED,
                "ExpressionAttributeValues": {":expected": {"N": str(expected)}},
            }
        )

    async def probe(self) -> None:
        """Read an item that never exists. Raises: StoreUnavailableError."""
        await self._send("GetItem", {"Key": key_of("health", "health")})

    async def _put(self, request: Mapping[str, Any]) -> bool:
        try:
            await self._send("PutItem", request)
        except ConditionFailedError:
            return False
        return True

    async def _send(self, action: str, request: Mapping[str, Any]) -> dict[str, Any]:
        request = {"TableName": self.table, **request}
        return await send(self.client, action, request)


async def send(client: DynamoClient, action: str, request: Mapping[str, Any]) -> dict[str, Any]:
    """Send one request, with the client's retries.

    Raises:
        StoreUnavailableError: the table was throttled or unreachable for the client's budget.
    """
    try:
        return await client.send_request(action=action, payload=request)
    except (UnavailableError, OSError) as error:  # TimeoutError is an OSError
        raise StoreUnavailableError(f"{action} {request['TableName']}") from error
