"""Rows under the sort keys of older versions: read beside the others, and moved.

An older version kept a tally row under `tally#3#<label>#<shard>`, and its certificate under
`certified#3`. Three things keep the count exact while both kinds exist:

- Of a row that is under both keys, the one with more folded records counts, once.
- The first write of a row under its new key closes the old key in the same transaction: it keeps
  the counts, but its watermark becomes a number, so that the condition of an older version fails,
  and the version with it, on every later write. So a rollback stops the count, and counts nothing
  twice or not at all; the next deploy continues it.
- A row that is written no more is copied, and the old one is deleted a day later: no reader sees
  neither.

Once every deployment has run this version for a week, this module and its uses can be deleted.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from services.adapters.dynamodb.keys import IS_NEW, PREFIX, key_of, query, sk_of
from services.voting import schema
from services.voting.merging import PHASE_MS

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

Item = dict[str, Any]

_CLOSED: Final = {"N": "0"}
_VERSION: Final = (schema.WATERMARK, schema.FOLDED, schema.DIGEST)
"""Attributes of which one changes with every write."""


@dataclass(frozen=True, slots=True)
class FormerRows:
    """The rows of the aggregates table that are still under old keys."""

    client: "DynamoDBClient"
    table: str

    def tallies(self, board: str, round_number: int) -> Iterator[Item]:
        """Yield the tally and correction rows of a round (a strongly consistent read)."""
        prefix = schema.former_sk(schema.tally_prefix(round_number)) + "#"
        pages = self.client.get_paginator("query").paginate(
            **query(self.table, board, PREFIX, prefix), ConsistentRead=True
        )
        for page in pages:
            yield from page["Items"]

    def find(self, board: str, sk: str) -> Item | None:
        """Return the row that is now under `sk` (a strongly consistent read)."""
        answer = self.client.get_item(
            TableName=self.table, Key=key_of(board, schema.former_sk(sk)), ConsistentRead=True
        )
        return answer.get("Item")

    def closing(self, board: str, sk: str, former: Item | None) -> Any:  # noqa: ANN401 - a write
        """Build the part of a transaction that closes the old key of the row under `sk`."""
        item = former or {**key_of(board, schema.former_sk(sk)), schema.FOLDED: {"N": "0"}}
        condition = _is_as_read(former) if former else {"ConditionExpression": IS_NEW}
        closed = {**item, schema.WATERMARK: _CLOSED}
        return {"Put": {"TableName": self.table, "Item": closed, **condition}}

    def copy(self, board: str, former: Item, now_ms: int) -> bool:
        """Copy a correction row or a certificate to its new key; return whether this call did."""
        sk = schema.sk_from_former(sk_of(former))
        item = {**former, **key_of(board, sk), schema.MOVED_AT: {"N": str(now_ms)}}
        put = {"TableName": self.table, "Item": item, "ConditionExpression": IS_NEW}
        check = {"TableName": self.table, "Key": _key(former), **_is_as_read(former)}
        return self._transact([{"Put": put}, {"ConditionCheck": check}])

    def delete(self, former: Item) -> bool:
        """Delete an old row that is as it was read; return whether it was."""
        delete = {"TableName": self.table, "Key": _key(former), **_is_as_read(former)}
        return self._transact([{"Delete": delete}])

    def settle(self, board: str, items: Sequence[Item], now_ms: int) -> None:
        """Copy the corrections and certificates of a board; delete the copied a day later.

        `items` are all items of the board. Tally rows are merged where they are.
        """
        by_sk = {sk_of(item): item for item in items}
        for sk, former in by_sk.items():
            if not _is_copied_as_it_is(sk):
                continue
            copy = by_sk.get(schema.sk_from_former(sk))
            if copy is None:
                self.copy(board, former, now_ms)
            elif now_ms - _number(copy, schema.MOVED_AT) >= PHASE_MS and _number(
                copy, schema.FOLDED
            ) >= _number(former, schema.FOLDED):
                self.delete(former)

    def _transact(self, writes: Any) -> bool:  # noqa: ANN401 - the writes of a transaction
        try:
            self.client.transact_write_items(TransactItems=writes)
        except self.client.exceptions.TransactionCanceledException:
            return False
        return True


def _is_copied_as_it_is(sk: str) -> bool:
    if sk.startswith(schema.FORMER_TALLIES):
        return schema.is_correction(sk)
    return sk.startswith(schema.FORMER_CERTIFICATES)


def _is_as_read(item: Item) -> dict[str, Any]:
    held = [name for name in _VERSION if name in item]
    if not held:
        return {"ConditionExpression": f"attribute_exists({schema.PARTITION_KEY})"}
    return {
        "ConditionExpression": " AND ".join(f"#{name} = :{name}" for name in held),
        "ExpressionAttributeNames": {f"#{name}": name for name in held},
        "ExpressionAttributeValues": {f":{name}": item[name] for name in held},
    }


def _number(item: Item, name: str) -> int:
    return int(item.get(name, {}).get("N", "0"))


def _key(item: Item) -> Any:  # noqa: ANN401 - a primary key
    return {name: item[name] for name in (schema.PARTITION_KEY, schema.SORT_KEY)}
