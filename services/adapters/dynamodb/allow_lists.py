"""The lists of phones that may vote: keyed hashes in the directory's partition, one a phone.

In the directory's partition, because who may read the polls may read these, and nobody
else; behind the polls, so that reading the polls reads none of them.
"""

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from aiodynamo.client import Client

from services.adapters.dynamodb.ballots import within_budget
from services.voting import schema

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

_BATCH = 25
"""Writes that one BatchWriteItem may hold."""


@dataclass(frozen=True, slots=True)
class DynamoAllowLists:
    """The `AllowLists` port, through aiodynamo: one small query a text, where there is a list."""

    client: Client
    table: str

    async def holds(self, poll_id: str, mark: str) -> bool:
        """Whether a phone is on the list of a poll."""
        request = _query(self.table, schema.allow_list_sk(poll_id, mark), "sk = :sk")
        answer = await within_budget(self.client, "Query", request)
        return bool(answer["Count"])


@dataclass(frozen=True, slots=True)
class PhoneListStore:
    """The lists, for those who write them."""

    client: "DynamoDBClient"
    table: str

    def marks(self, poll_id: str) -> set[str]:
        """The keyed hashes on the list of a poll."""
        prefix = schema.allow_list_sk(poll_id, "")
        query = _query(self.table, prefix, "begins_with(sk, :sk)")
        pages = self.client.get_paginator("query").paginate(**query, ConsistentRead=True)
        return {item["sk"]["S"].removeprefix(prefix) for page in pages for item in page["Items"]}

    def replace(self, poll_id: str, marks: Collection[str]) -> tuple[int, int]:
        """Make the list hold exactly these; how many are new, and how many are gone.

        Idempotent; if it is interrupted, run it again.
        """
        held = self.marks(poll_id)
        added, gone = set(marks) - held, held - set(marks)
        keys = [
            *(("PutRequest", "Item", mark) for mark in sorted(added)),
            *(("DeleteRequest", "Key", mark) for mark in sorted(gone)),
        ]
        requests = [
            {verb: {what: self._key(poll_id, mark)}} for verb, what, mark in keys
        ]  # fmt: skip
        for start in range(0, len(requests), _BATCH):
            self._write(requests[start : start + _BATCH])
        return len(added), len(gone)

    def _write(self, requests: list[Any]) -> None:
        while requests:
            answer = self.client.batch_write_item(RequestItems={self.table: requests})
            requests = answer["UnprocessedItems"].get(self.table, [])

    @staticmethod
    def _key(poll_id: str, mark: str) -> dict[str, Any]:
        sk = schema.allow_list_sk(poll_id, mark)
        return {"pk": {"S": schema.DIRECTORY_PK}, "sk": {"S": sk}}


def read_phones(text: str) -> Iterator[tuple[int, str]]:
    """Line number and phone of each line of a list; blank lines and `#` comments are none."""
    for number, line in enumerate(text.splitlines(), start=1):
        if phone := line.partition("#")[0].strip():
            yield number, phone


def _query(table: str, sk: str, condition: str) -> dict[str, Any]:
    return {
        "TableName": table,
        "KeyConditionExpression": f"pk = :pk AND {condition}",
        "ExpressionAttributeValues": {":pk": {"S": schema.DIRECTORY_PK}, ":sk": {"S": sk}},
    }
