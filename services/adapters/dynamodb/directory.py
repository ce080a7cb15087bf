"""The directory of polls on DynamoDB, and the public view of each poll on its board.

Directory row and view are written in one transaction, on condition that the row is unchanged, so
the webhook and the dashboard always agree.
"""

from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from services.adapters.clock import now_ms
from services.adapters.dynamodb.directory_items import entry_of, past_round, past_round_row, row_of
from services.adapters.dynamodb.keys import BELOW, EXACT, IS_NEW, PREFIX, key_of, query, sk_of
from services.adapters.dynamodb.poll_view import poll_view_item
from services.adapters.poll_store import PollStore
from services.polls.entry import DirectoryEntry
from services.voting import schema
from services.voting.directory import Directory
from services.voting.errors import PollChangedError, PollFileError
from services.voting.poll import Round
from services.voting.timing import REDELIVERED_MS

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

__all__ = ["DirectoryEntry", "DynamoDirectory"]

# The row is unchanged since it was read; a new poll has no row.
_IS_UNCHANGED = f"{schema.REVISION} = :revision"
# The past round exists, and its ballots do not expire earlier.
_EXPIRES_LATER = (
    f"attribute_exists({schema.PARTITION_KEY})"
    f" AND (attribute_not_exists({schema.EXPIRES_FROM}) OR {schema.EXPIRES_FROM} >= :at)"
)

_UNREADABLE = (AttributeError, KeyError, TypeError, ValueError, PollFileError)
"""Errors raised by reading a malformed row."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DynamoDirectory(PollStore):
    """All polls of a deployment."""

    client: "DynamoDBClient"
    table: str
    clock: Callable[[], int] = field(default=now_ms)

    def load(self) -> Directory:
        """Load every poll that accepts texts, or did a few minutes ago.

        Unreadable rows are named in `unreadable`, so that one bad row does not stop the other
        polls.
        """
        entries, unreadable = self._read()
        since_ms = self.clock() - REDELIVERED_MS
        rounds = (self._with_previous(entry.round, since_ms) for entry in entries)
        return Directory(
            tuple(r for r in rounds if r.was_active_after(since_ms)), unreadable=unreadable
        )

    def entries(self) -> list[DirectoryEntry]:
        """Return every readable poll, also archived ones (a strongly consistent read)."""
        return self._read()[0]

    def unreadable(self) -> tuple[str, ...]:
        """Return what cannot be read: ids of polls, and past rounds as "colors, round 1"."""
        return (*self._read()[1], *self._unreadable_rounds())

    def past_rounds(self, poll_id: str) -> list[Round]:
        """Return the past rounds of a poll, oldest first, each as it was when it was reset.

        Unreadable rounds are left out.
        """
        rounds = []
        prefix = schema.past_round_sk(poll_id, 0).removesuffix("00000")
        for row in self._rows(PREFIX, prefix):
            with suppress(*_UNREADABLE):
                rounds.append(past_round(row, poll_id))
        return rounds

    def write(self, entry: DirectoryEntry, *, ended: Round | None = None) -> DirectoryEntry:
        """Stamp and store an entry, the poll's view and the round that was reset.

        Raises:
            PollChangedError: somebody else changed the entry meanwhile.
        """
        stored = self.stamped(entry)
        row: Any = {
            "TableName": self.table,
            "Item": row_of(stored),
            "ConditionExpression": _IS_UNCHANGED if entry.revision else IS_NEW,
        }
        if entry.revision:
            row["ExpressionAttributeValues"] = {":revision": {"N": str(entry.revision)}}
        items = [
            poll_view_item(stored.round, entry.number),
            *([past_round_row(ended)] if ended else []),
        ]
        puts: list[Any] = [{"Put": {"TableName": self.table, "Item": item}} for item in items]
        try:
            self.client.transact_write_items(TransactItems=[{"Put": row}, *puts])
        except self.client.exceptions.TransactionCanceledException:
            raise PollChangedError(entry.round.poll.id) from None
        return replace(stored, revision=entry.revision + 1)

    def store_expiry(self, ended: Round, expires_from_ms: int) -> None:
        """Store the earliest expiry of a round that was reset; an earlier one stays.

        Raises:
            PollChangedError: there is no such round, or it has an earlier one.
        """
        sk = schema.past_round_sk(ended.poll.id, ended.number)
        try:
            self.client.update_item(
                TableName=self.table,
                Key=key_of(schema.DIRECTORY_PK, sk),
                UpdateExpression=f"SET {schema.EXPIRES_FROM} = :at",
                ConditionExpression=_EXPIRES_LATER,
                ExpressionAttributeValues={":at": {"N": str(expires_from_ms)}},
            )
        except self.client.exceptions.ConditionalCheckFailedException:
            raise PollChangedError(ended.poll.id) from None

    def _read(self) -> tuple[list[DirectoryEntry], tuple[str, ...]]:
        entries, unreadable = [], []
        for row in self._rows(BELOW, schema.DIRECTORY_END):
            try:
                entries.append(entry_of(row))
            except _UNREADABLE:
                unreadable.append(sk_of(row))
        return entries, tuple(unreadable)

    def _unreadable_rounds(self) -> Iterator[str]:
        for row in self._rows(PREFIX, schema.PAST_ROUNDS):
            poll_id, number = schema.past_round_of(sk_of(row))
            try:
                past_round(row, poll_id)
            except _UNREADABLE:
                yield f"{poll_id}, round {number}"

    def _with_previous(self, round: Round, since_ms: int) -> Round:
        """Attach the previous rounds that were reset after `since_ms`."""
        if round.number == 1 or round.began_at_ms <= since_ms:
            return round
        sk = schema.past_round_sk(round.poll.id, round.number - 1)
        for row in self._rows(EXACT, sk):
            try:
                before = self._with_previous(past_round(row, round.poll.id), since_ms)
                return replace(round, previous=before)
            except _UNREADABLE:
                break
        return round

    def _rows(self, condition: str, sk: str) -> list[dict[str, Any]]:
        pages = self.client.get_paginator("query").paginate(
            **query(self.table, schema.DIRECTORY_PK, condition, sk), ConsistentRead=True
        )
        return [item for page in pages for item in page["Items"]]
