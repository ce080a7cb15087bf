"""Reads the directory of polls on DynamoDB: all that the webhook needs of the polls table."""

from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from services.adapters.clock import now_ms
from services.adapters.dynamodb.directory_items import UNREADABLE, entry_of, past_round
from services.adapters.dynamodb.keys import BELOW, EXACT, PREFIX, query, sk_of
from services.polls.entry import DirectoryEntry
from services.voting import schema
from services.voting.directory import Directory
from services.voting.poll import Round
from services.voting.timing import REDELIVERED_MS

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient


@dataclass(frozen=True, slots=True, kw_only=True)
class DirectoryReader:
    """All polls of a deployment, in the polls table (strongly consistent reads)."""

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
        """Return every readable poll, also archived ones."""
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
            with suppress(*UNREADABLE):
                rounds.append(past_round(row, poll_id))
        return rounds

    def _read(self) -> tuple[list[DirectoryEntry], tuple[str, ...]]:
        entries, unreadable = [], []
        for row in self._rows(BELOW, schema.DIRECTORY_END):
            try:
                entries.append(entry_of(row))
            except UNREADABLE:
                unreadable.append(sk_of(row))
        return entries, tuple(unreadable)

    def _unreadable_rounds(self) -> Iterator[str]:
        for row in self._rows(PREFIX, schema.PAST_ROUNDS):
            poll_id, number = schema.past_round_of(sk_of(row))
            try:
                past_round(row, poll_id)
            except UNREADABLE:
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
            except UNREADABLE:
                break
        return round

    def _rows(self, condition: str, sk: str) -> list[dict[str, Any]]:
        pages = self.client.get_paginator("query").paginate(
            **query(self.table, schema.DIRECTORY_PK, condition, sk), ConsistentRead=True
        )
        return [item for page in pages for item in page["Items"]]
