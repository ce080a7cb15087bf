"""The poll of the self-test: written to DynamoDB for one text, then removed completely.

Its fictional number, keyword, sealed board and unique round number keep it apart from real polls
and from earlier runs. Only the emptied ballot item stays, until it expires a day later.
"""

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final

from services.adapters.dynamodb.directory import DynamoDirectory
from services.adapters.dynamodb.keys import key_of, query
from services.adapters.dynamodb.tallies import DynamoTallies
from services.polls.definition import parse_poll
from services.polls.entry import DirectoryEntry
from services.tools.operations.erasure import DynamoErasure
from services.voting import schema
from services.voting.errors import PollChangedError, PollUnknownError
from services.voting.identity import Pseudonyms
from services.voting.poll import Round, State

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

POLL: Final = "doctor-selftest"
NUMBER: Final = "+15550100198"
PHONE: Final = "+15550100197"
"""Both numbers are fictional."""

BODY: Final = "DOCTORSELFTEST ARRIVED"
CHOICE: Final = "ARRIVED"
DEFINITION: Final = f"""
question = "Does a text arrive?"
numbers = ["{NUMBER}"]
keyword = "DOCTORSELFTEST"
visibility = "sealed"
shards = 1
retention_days = 1
replies.mode = "none"
[[choices]]
key = "ARRIVED"
label = "Arrived"
[[choices]]
key = "UNUSED"
label = "Unused"
"""
OPEN_MS: Final = 3_600_000
"""Time until the poll closes; a poll with a closing time gives its ballots an expiry at once."""
STALE_MS: Final = 180_000
"""A run that began longer ago was killed; a younger one may still be running."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DynamoProbePoll:
    """The poll of one run; `began_at_ms` makes its round number unique."""

    client: "DynamoDBClient"
    votes: str
    aggregates: str
    polls: str
    pseudonyms: Pseudonyms
    began_at_ms: int

    @property
    def round(self) -> Round:
        """The round of this run, open from the start."""
        closes = datetime.fromtimestamp((self.began_at_ms + OPEN_MS) // 1000, UTC)
        definition = f"closes_at = {closes:%Y-%m-%dT%H:%M:%SZ}\n{DEFINITION}"
        return Round(
            poll=parse_poll(definition, source=f"{POLL}.toml"),
            number=self.began_at_ms // 1000,
            state=State.OPEN,
            state_at_ms=self.began_at_ms,
            began_at_ms=self.began_at_ms,
        )

    def open(self) -> bool:
        """Create the poll, after removing that of a killed run; False if another run has one."""
        directory = DynamoDirectory(
            client=self.client, table=self.polls, aggregates=self.aggregates
        )
        try:
            held = directory.entry(POLL).round
        except PollUnknownError:
            held = None
        if held and self.began_at_ms - held.began_at_ms < STALE_MS:
            return False
        self.clear()
        try:
            directory.write(DirectoryEntry(round=self.round, number=NUMBER))
        except PollChangedError:
            return False
        return True

    def has_ballot(self) -> bool:
        """Whether the ballot was written."""
        found = DynamoErasure(self.client, self.votes).find([self.round], PHONE, self.pseudonyms)
        return next(found, None) is not None

    def counted(self) -> int:
        """The votes on the board of this run."""
        totals = DynamoTallies(self.client, self.aggregates)
        round = self.round
        return totals.totals(round.board, round.number).picks.get(CHOICE, 0)

    def forget(self) -> None:
        """Empty the ballot, as `voteapp forget` does."""
        DynamoErasure(self.client, self.votes).remove([self.round], PHONE, self.pseudonyms)

    def clear(self) -> None:
        """Delete the poll from the directory, its log, and every row of its boards."""
        key: Any = key_of(schema.DIRECTORY_PK, POLL)
        self.client.delete_item(TableName=self.polls, Key=key)
        self._delete_all(self.polls, schema.operators_log_pk(POLL))
        for board in schema.boards_of(POLL):
            self._delete_all(self.aggregates, board)

    def _delete_all(self, table: str, pk: str) -> None:
        """Delete every item of a partition."""
        pages = self.client.get_paginator("query").paginate(
            **query(table, pk),
            ProjectionExpression=f"{schema.PARTITION_KEY}, {schema.SORT_KEY}",
            ConsistentRead=True,
        )
        for key in [item for page in pages for item in page["Items"]]:
            self.client.delete_item(TableName=table, Key=key)
