"""Allow lists: the phones that may vote in a poll, one item with a keyed hash per phone.

They share the directory's partition and so its grant; the `~` prefix keeps them out of poll
queries.
"""

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from services.adapters.dynamodb.ballots import DynamoClient, within_budget
from services.adapters.dynamodb.keys import EXACT, PREFIX, key_of, query, sk_of
from services.voting import schema

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

_BATCH = 25
"""Maximum number of writes in one BatchWriteItem."""


@dataclass(frozen=True, slots=True)
class DynamoAllowLists:
    """The `AllowLists` port through aiodynamo: one small query per text to a poll with a list."""

    client: DynamoClient
    table: str

    async def holds(self, poll_id: str, phone_id: str) -> bool:
        """Return True if a phone is on the list of a poll."""
        sk = schema.allow_list_sk(poll_id, phone_id)
        request = query(self.table, schema.DIRECTORY_PK, EXACT, sk)
        answer = await within_budget(self.client, "Query", request)
        return bool(answer["Count"])


@dataclass(frozen=True, slots=True)
class PhoneListStore:
    """Reads and replaces allow lists, through boto3."""

    client: "DynamoDBClient"
    table: str

    def phone_ids(self, poll_id: str) -> set[str]:
        """Return the keyed hashes on the list of a poll."""
        prefix = schema.allow_list_sk(poll_id, "")
        pages = self.client.get_paginator("query").paginate(
            **query(self.table, schema.DIRECTORY_PK, PREFIX, prefix), ConsistentRead=True
        )
        return {sk_of(item).removeprefix(prefix) for page in pages for item in page["Items"]}

    def replace(self, poll_id: str, phone_ids: Collection[str]) -> tuple[int, int]:
        """Make the list contain exactly these hashes; return the numbers added and removed.

        Idempotent: repeat it after an interruption.
        """
        stored = self.phone_ids(poll_id)
        added, removed = set(phone_ids) - stored, stored - set(phone_ids)
        keys = [
            *(("PutRequest", "Item", phone_id) for phone_id in sorted(added)),
            *(("DeleteRequest", "Key", phone_id) for phone_id in sorted(removed)),
        ]
        requests = [
            {verb: {what: self._key(poll_id, phone_id)}} for verb, what, phone_id in keys
        ]  # fmt: skip
        for start in range(0, len(requests), _BATCH):
            self._write(requests[start : start + _BATCH])
        return len(added), len(removed)

    def _write(self, requests: list[Any]) -> None:
        while requests:
            answer = self.client.batch_write_item(RequestItems={self.table: requests})
            requests = answer["UnprocessedItems"].get(self.table, [])

    @staticmethod
    def _key(poll_id: str, phone_id: str) -> dict[str, Any]:
        return key_of(schema.DIRECTORY_PK, schema.allow_list_sk(poll_id, phone_id))


def read_phones(text: str) -> Iterator[tuple[int, str]]:
    """Yield line number and phone of each line, without blank lines and `#` comments."""
    for number, line in enumerate(text.splitlines(), start=1):
        if phone := line.partition("#")[0].strip():
            yield number, phone
