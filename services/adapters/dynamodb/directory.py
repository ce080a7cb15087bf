"""The directory of polls on DynamoDB, and the public view of each poll on its board.

Directory row, log row and view are written in one transaction over both tables, on condition that
the row is unchanged, so the webhook, the operator's log and the dashboard always agree.
"""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any

from services.adapters.dynamodb.directory_items import past_round_row, row_of
from services.adapters.dynamodb.directory_reader import DirectoryReader
from services.adapters.dynamodb.keys import IS_NEW, key_of
from services.adapters.dynamodb.operators_log import log_put
from services.adapters.dynamodb.poll_view import poll_view_item
from services.adapters.poll_store import PollStore, unknown_operator
from services.polls.entry import DirectoryEntry
from services.voting import schema
from services.voting.errors import PollChangedError
from services.voting.operators_log import LoggedChange, What
from services.voting.poll import Round

__all__ = ["DirectoryEntry", "DynamoDirectory"]

# The row is unchanged since it was read; a new poll has no row.
_IS_UNCHANGED = f"{schema.REVISION} = :revision"
# The past round exists, and its ballots do not expire earlier.
_EXPIRES_LATER = (
    f"attribute_exists({schema.PARTITION_KEY})"
    f" AND (attribute_not_exists({schema.EXPIRES_FROM}) OR {schema.EXPIRES_FROM} >= :at)"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class DynamoDirectory(DirectoryReader, PollStore):
    """All polls of a deployment, and their changes. `table` is the table of polls."""

    aggregates: str
    by: Callable[[], str] = field(default=unknown_operator)

    def write(
        self,
        entry: DirectoryEntry,
        *,
        ended: Round | None = None,
        what: What | None = None,
        detail: str = "",
    ) -> DirectoryEntry:
        """Stamp and store an entry, its log row, the poll's view and the round that was reset.

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
        view = poll_view_item(stored.round, entry.number)
        puts: list[Any] = [
            row,
            {"TableName": self.aggregates, "Item": view},
            log_put(self.table, self.logged(stored, what, detail), entry.revision + 1),
            *([{"TableName": self.table, "Item": past_round_row(ended)}] if ended else []),
        ]
        self._transact(entry.round.poll.id, *({"Put": put} for put in puts))
        return replace(stored, revision=entry.revision + 1)

    def store_expiry(self, ended: Round, expires_from_ms: int, *, revision: int) -> None:
        """Store the earliest expiry of a round that was reset; an earlier one stays.

        Raises:
            PollChangedError: there is no such round, or it has an earlier one.
        """
        sk = schema.past_round_sk(ended.poll.id, ended.number)
        update: Any = {
            "TableName": self.table,
            "Key": key_of(schema.DIRECTORY_PK, sk),
            "UpdateExpression": f"SET {schema.EXPIRES_FROM} = :at",
            "ConditionExpression": _EXPIRES_LATER,
            "ExpressionAttributeValues": {":at": {"N": str(expires_from_ms)}},
        }
        change = self.logged_past(replace(ended, expires_from_ms=expires_from_ms), "expiry")
        log = log_put(self.table, change, revision, is_event=True)
        self._transact(ended.poll.id, {"Update": update}, {"Put": log})

    def log_event(self, change: LoggedChange, *, revision: int) -> None:
        """Store a row of the log for an event that does not change the entry."""
        self.client.put_item(**log_put(self.table, change, revision, is_event=True))

    def _transact(self, poll_id: str, *writes: Any) -> None:  # noqa: ANN401 - boto3's TypedDicts
        try:
            self.client.transact_write_items(TransactItems=list(writes))
        except self.client.exceptions.TransactionCanceledException:
            raise PollChangedError(poll_id) from None
