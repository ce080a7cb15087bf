"""Allow lists: the phones that may vote in a poll, one item with a keyed hash per phone.

They share the directory's partition and so its grant; the `~` prefix keeps them out of poll
queries. An item stays when its phone leaves the list, with the times from when until when it was
listed, so that it can be told whether a text was listed when it was sent.
"""

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from services.adapters.clock import now_ms
from services.adapters.dynamodb.ballots import DynamoClient, send
from services.adapters.dynamodb.keys import EXACT, PREFIX, key_of, query, sk_of
from services.voting import schema

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

_BATCH = 25
"""Maximum number of writes in one BatchWriteItem."""

Spans = Sequence[Sequence[int]]
"""From when until when a phone was listed, in epoch ms; the last span may have no end."""

_SINCE_EVER: Spans = ((0,),)


@dataclass(frozen=True, slots=True)
class DynamoAllowLists:
    """The `AllowLists` port: one small query per text to a poll with a list."""

    client: DynamoClient
    table: str

    async def holds(self, poll_id: str, phone_id: str) -> bool:
        """Return True if a phone is on the list of a poll."""
        return _is_listed(await self._spans(poll_id, phone_id))

    async def was_listed(self, poll_id: str, phone_id: str, at_ms: int) -> bool:
        """Return True if a phone was on the list of a poll at that time."""
        return any(
            since <= at_ms and (not until or at_ms < until[0])
            for since, *until in await self._spans(poll_id, phone_id)
        )

    async def _spans(self, poll_id: str, phone_id: str) -> Spans:
        sk = schema.allow_list_sk(poll_id, phone_id)
        request = query(self.table, schema.DIRECTORY_PK, EXACT, sk)
        answer = await send(self.client, "Query", request)
        return next(map(_spans_of, answer["Items"]), ())


@dataclass(frozen=True, slots=True)
class PhoneListStore:
    """Reads and replaces allow lists, through boto3."""

    client: "DynamoDBClient"
    table: str
    clock: Callable[[], int] = field(default=now_ms)

    def phone_ids(self, poll_id: str) -> set[str]:
        """Return the keyed hashes on the list of a poll."""
        return {phone_id for phone_id, spans in self._items(poll_id) if _is_listed(spans)}

    def replace(self, poll_id: str, phone_ids: Collection[str]) -> tuple[int, int]:
        """Make the list contain exactly these hashes; return the numbers added and removed.

        Idempotent: repeat it after an interruption.
        """
        stored, at_ms, wanted = dict(self._items(poll_id)), self.clock(), set(phone_ids)
        listed = {phone_id for phone_id, spans in stored.items() if _is_listed(spans)}
        added, removed = wanted - listed, listed - wanted
        changed = {one: (*stored.get(one, ()), (at_ms,)) for one in added}
        changed |= {one: (*stored[one][:-1], (stored[one][-1][0], at_ms)) for one in removed}
        requests = [
            {"PutRequest": {"Item": _item_of(poll_id, phone_id, spans)}}
            for phone_id, spans in sorted(changed.items())
        ]
        for start in range(0, len(requests), _BATCH):
            self._write(requests[start : start + _BATCH])
        return len(added), len(removed)

    def _items(self, poll_id: str) -> Iterator[tuple[str, Spans]]:
        prefix = schema.allow_list_sk(poll_id, "")
        pages = self.client.get_paginator("query").paginate(
            **query(self.table, schema.DIRECTORY_PK, PREFIX, prefix), ConsistentRead=True
        )
        for page in pages:
            for item in page["Items"]:
                yield sk_of(item).removeprefix(prefix), _spans_of(item)

    def _write(self, requests: list[Any]) -> None:
        while requests:
            answer = self.client.batch_write_item(RequestItems={self.table: requests})
            requests = answer["UnprocessedItems"].get(self.table, [])


def _item_of(poll_id: str, phone_id: str, spans: Spans) -> dict[str, Any]:
    serialized = [{"L": [{"N": str(at_ms)} for at_ms in span]} for span in spans]
    key = key_of(schema.DIRECTORY_PK, schema.allow_list_sk(poll_id, phone_id))
    return key | {schema.SPANS: {"L": serialized}}


def _spans_of(item: Mapping[str, Any]) -> Spans:
    if schema.SPANS not in item:
        return _SINCE_EVER
    return [[int(at_ms["N"]) for at_ms in span["L"]] for span in item[schema.SPANS]["L"]]


def _is_listed(spans: Spans) -> bool:
    return bool(spans) and len(spans[-1]) == 1


def read_phones(text: str) -> Iterator[tuple[int, str]]:
    """Yield line number and phone of each line, without blank lines and `#` comments."""
    for number, line in enumerate(text.splitlines(), start=1):
        if phone := line.partition("#")[0].strip():
            yield number, phone
