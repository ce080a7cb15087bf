"""The directory of polls on DynamoDB, and the public face of each on its board.

Directory row and face are written in one transaction, on condition that nobody else has
changed the row: what the webhook obeys and what the screen shows cannot disagree.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from services.adapters.entries import Entry, entry_of, past_round, past_row, row_of
from services.adapters.faces import face_of
from services.voting import schema
from services.voting.control import closed
from services.voting.directory import Directory
from services.voting.errors import PollChangedError, PollUnknownError
from services.voting.poll import Poll, Round, State

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

    from services.adapters.applying import Applied, Step

__all__ = ["DynamoDirectory", "Entry"]

# Nobody has changed the row since it was read; a new poll has none.
_IS_NEW = "attribute_not_exists(pk)"
_IS_UNCHANGED = "revision = :revision"

_ATTEMPTS = 5
"""Operators at two desks are few; a deploy beside them makes three."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DynamoDirectory:
    """All polls of a deployment, for those who read them and those who change them."""

    client: "DynamoDBClient"
    table: str

    def load(self) -> Directory:
        """Every poll that is not archived."""
        rounds = (entry.round for entry in self.entries())
        return Directory(tuple(r for r in rounds if r.state is not State.ARCHIVED))

    def entries(self) -> list[Entry]:
        """Every poll, archived ones too (a strongly consistent read)."""
        rows = self._rows("sk < :sk", schema.DIRECTORY_END)
        return [entry_of(row) for row in rows]

    def entry(self, poll_id: str) -> Entry:
        """One poll. Raises: PollUnknownError."""
        entries = self.entries()
        for entry in entries:
            if entry.round.poll.id == poll_id:
                return entry
        raise PollUnknownError(poll_id, [entry.round.poll.id for entry in entries])

    def rounds(self, poll_id: str) -> list[Round]:
        """All rounds of a poll, the current one last, each as it was when it ended.

        Raises:
            PollUnknownError: there is no such poll.
        """
        current = self.entry(poll_id).round
        prefix = schema.past_round_sk(poll_id, 0).removesuffix("00000")
        past = [past_round(row, poll_id) for row in self._rows("begins_with(sk, :sk)", prefix)]
        return [*past, current]

    def apply(
        self,
        polls: Sequence[Poll],
        *,
        default_number: str | None = None,
        now_ms: int = 0,
        begun: Callable[[Round], bool] = lambda _: False,
    ) -> "Applied":
        """Make the directory hold exactly these polls; those that are gone are archived.

        Applying the same polls again changes nothing. A round, its state and its ballots
        are never touched. `begun` says whether a round has ballots.

        Raises:
            PollFileError: two polls clash, or a poll changes what a round with ballots
                depends on. Nothing is applied then.
        """
        from services.adapters.applying import carry_out  # not in the webhook's cold start

        steps = self.plan(polls, default_number=default_number, now_ms=now_ms)
        return carry_out(self, steps, begun)

    def plan(
        self, polls: Sequence[Poll], *, default_number: str | None = None, now_ms: int = 0
    ) -> "list[Step]":
        """What `apply` would do."""
        from services.adapters.applying import plan  # not in the webhook's cold start

        return plan(self.entries(), polls, default_number=default_number, now_ms=now_ms)

    def change(
        self, poll_id: str, decide: Callable[[Round], Round], *, now_ms: int = 0
    ) -> tuple[Entry, Entry]:
        """Put a poll's round into another state; the entry before and after.

        Read, decided and written again where somebody else was faster. A new round leaves
        the old one remembered. What stays as it is is not written.

        Raises:
            PollUnknownError: there is no such poll.
            PollChangedError: somebody else kept changing it.
        """
        for _ in range(_ATTEMPTS):
            before = self.entry(poll_id)
            standing = decide(before.round)
            if standing == before.round:
                return before, before
            after = replace(before, round=standing, gone=False)
            ended = closed(before.round, now_ms) if standing.number != before.round.number else None
            try:
                self.write(after, ended=ended)
            except self.client.exceptions.TransactionCanceledException:
                continue
            return before, after
        raise PollChangedError(poll_id)

    def write(self, entry: Entry, *, ended: Round | None = None) -> None:
        """Store an entry and the poll's face, and the round that has ended.

        Raises:
            TransactionCanceledException: somebody else changed the entry meanwhile.
        """
        row: Any = {
            "TableName": self.table,
            "Item": row_of(entry),
            "ConditionExpression": _IS_UNCHANGED if entry.revision else _IS_NEW,
        }
        if entry.revision:
            row["ExpressionAttributeValues"] = {":revision": {"N": str(entry.revision)}}
        items = [face_of(entry.round, entry.number), *([past_row(ended)] if ended else [])]
        puts: list[Any] = [{"Put": {"TableName": self.table, "Item": item}} for item in items]
        self.client.transact_write_items(TransactItems=[{"Put": row}, *puts])

    def _rows(self, condition: str, sk: str) -> list[dict[str, Any]]:
        pages = self.client.get_paginator("query").paginate(
            TableName=self.table,
            KeyConditionExpression=f"pk = :directory AND {condition}",
            ExpressionAttributeValues={
                ":directory": {"S": schema.DIRECTORY_PK},
                ":sk": {"S": sk},
            },
            ConsistentRead=True,
        )
        return [item for page in pages for item in page["Items"]]
