"""The poll of a rehearsal: written to DynamoDB, and removed with every ballot and every row."""

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final

from services.adapters.dynamodb.directory import DynamoDirectory
from services.adapters.dynamodb.keys import key_of, query
from services.adapters.dynamodb.tallies import DynamoTallies
from services.polls.definition import parse_poll
from services.polls.entry import DirectoryEntry
from services.tools.rehearsal.texts import KEYWORD, NUMBER
from services.voting import schema
from services.voting.errors import PollUnknownError
from services.voting.poll import Round, State
from services.voting.probe_names import REHEARSAL_POLL
from services.voting.sharding import all_shards

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

AGED_MS: Final = 600_000
"""The poll is dated back by this, or its texts would be treated as those of a change just made."""
MOST_SECONDS: Final = 600
"""Maximum length of a rehearsal. A poll that was made longer ago than twice this is left over."""
OPEN_MS: Final = 3_600_000
DEFINITION: Final = f"""
question = "Is this fast enough?"
numbers = ["{NUMBER}"]
keyword = "{KEYWORD}"
visibility = "sealed"
policy = "each"
limit = 20
retention_days = 1
replies.mode = "none"
[[choices]]
key = "ALPHA"
label = "Alpha"
[[choices]]
key = "BRAVO"
label = "Bravo"
[[choices]]
key = "CHARLIE"
label = "Charlie"
"""
_BATCH: Final = 25
"""Items of one BatchWriteItem."""
_FOLD_SECONDS: Final = 60
_ROUNDS_OF_REMOVAL: Final = 3


class RehearsalUnderWayError(Exception):
    """Another rehearsal has the poll."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RehearsalPoll:
    """The poll of one run; `began_at_ms` makes its round number unique."""

    client: "DynamoDBClient"
    votes: str
    aggregates: str
    polls: str
    began_at_ms: int
    sleep: Callable[[float], None] = field(default=time.sleep)

    @property
    def round(self) -> Round:
        """The round of this run, open for an hour."""
        closes = datetime.fromtimestamp((self.began_at_ms + OPEN_MS) // 1000, UTC)
        definition = f"closes_at = {closes:%Y-%m-%dT%H:%M:%SZ}\n{DEFINITION}"
        aged_ms = self.began_at_ms - AGED_MS
        return Round(
            poll=parse_poll(definition, source=f"{REHEARSAL_POLL}.toml"),
            number=self.began_at_ms // 1000,
            state=State.OPEN,
            state_at_ms=aged_ms,
            began_at_ms=aged_ms,
        )

    def open(self) -> None:
        """Create the poll, after removing what a killed run has left.

        Raises:
            RehearsalUnderWayError: another run has one.
            PollChangedError: another run has just made one.
        """
        directory = self._directory()
        try:
            held = directory.entry(REHEARSAL_POLL).round
        except PollUnknownError:
            held = None
        if held and self.began_at_ms - (held.began_at_ms + AGED_MS) < 2 * MOST_SECONDS * 1000:
            raise RehearsalUnderWayError
        if held:
            self.remove(held)
        directory.write(DirectoryEntry(round=self.round, number=NUMBER))

    def remove(self, round: Round | None = None) -> int:
        """Remove the poll, its ballots and its boards; return the number of ballots.

        The poll goes first, so that no text is accepted any more, and the boards last: a record
        that is folded after them would write a new row. A write of the webhook that was given up
        may come late, so the ballots are looked for again.
        """
        round = round or self.round
        key: Any = key_of(schema.DIRECTORY_PK, REHEARSAL_POLL)
        self.client.delete_item(TableName=self.polls, Key=key)
        removed = 0
        for attempt in range(_ROUNDS_OF_REMOVAL):
            records = self._delete_ballots(round)
            removed += len(records)
            if attempt and not records:
                break
            self._wait_until_folded(round, sum(records))
            self._clear_boards()
            self.sleep(2.5)  # longer than webhooks cache the polls
        self._delete_all(self.polls, schema.operators_log_pk(REHEARSAL_POLL))
        return removed

    def _directory(self) -> DynamoDirectory:
        return DynamoDirectory(
            client=self.client,
            table=self.polls,
            aggregates=self.aggregates,
            clock=lambda: self.began_at_ms - AGED_MS,
        )

    def _delete_ballots(self, round: Round) -> list[int]:
        """Delete all ballots; return how many stream records each has caused, at the end."""
        records = []
        for shard in all_shards(round.poll.shards):
            pk = schema.ballot_pk(round.poll.id, round.number, shard)
            items = list(self._items(self.votes, pk, schema.WRITES))
            records += [int(item[schema.WRITES]["N"]) + 1 for item in items]
            self._delete(self.votes, items)
        return records

    def _wait_until_folded(self, round: Round, records: int) -> None:
        tallies = DynamoTallies(self.client, self.aggregates)
        for _ in range(_FOLD_SECONDS * 2):
            boards = schema.boards_of(round.poll.id)
            if sum(tallies.totals(board, round.number).folded for board in boards) >= records:
                return
            self.sleep(0.5)

    def _clear_boards(self) -> None:
        for board in schema.boards_of(REHEARSAL_POLL):
            self._delete_all(self.aggregates, board)

    def _delete_all(self, table: str, pk: str) -> None:
        self._delete(table, list(self._items(table, pk)))

    def _items(self, table: str, pk: str, *attributes: str) -> Iterator[dict[str, Any]]:
        """Yield the keys of a partition's items, and these attributes."""
        names = (schema.PARTITION_KEY, schema.SORT_KEY, *attributes)
        pages = self.client.get_paginator("query").paginate(
            **query(table, pk), ProjectionExpression=", ".join(names), ConsistentRead=True
        )
        for page in pages:
            yield from page["Items"]

    def _delete(self, table: str, items: list[dict[str, Any]]) -> None:
        keys = [
            {name: item[name] for name in (schema.PARTITION_KEY, schema.SORT_KEY)} for item in items
        ]
        for start in range(0, len(keys), _BATCH):
            batch = keys[start : start + _BATCH]
            waiting: Any = {table: [{"DeleteRequest": {"Key": key}} for key in batch]}
            while waiting:
                waiting = self.client.batch_write_item(RequestItems=waiting).get("UnprocessedItems")
                if waiting:
                    self.sleep(0.5)
