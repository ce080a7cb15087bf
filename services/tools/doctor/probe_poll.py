"""The self-test's own poll on DynamoDB: made for one text, and removed to the last row.

It has a number of its own that nobody has, a keyword of its own, a sealed board and a round
number that no other run has, so that it can touch no real poll, nor an earlier run's rows. Of
its ballot the emptied item stays until it expires, a day later: forgetting deletes nothing.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final

from services.adapters.dynamodb.directory import DynamoDirectory
from services.adapters.dynamodb.tallies import DynamoTallies
from services.polls.definition import parse_poll
from services.polls.entry import DirectoryEntry
from services.tools.operations.erasure import DynamoForgetting
from services.voting import schema
from services.voting.errors import PollChangedError, PollUnknownError
from services.voting.poll import Round, State

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

POLL: Final = "doctor-selftest"
NUMBER: Final = "+15550100198"
PHONE: Final = "+15550100197"
"""Both fictional: nobody has them."""

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
"""A poll with a closing time: its ballot has an expiry from the first write on."""
STALE_MS: Final = 180_000
"""A run that began longer ago was killed; a younger one may still be under way."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DynamoProbePoll:
    """One run. `began_at_ms` tells its round from every other."""

    client: "DynamoDBClient"
    votes: str
    aggregates: str
    pepper: bytes
    began_at_ms: int

    @property
    def round(self) -> Round:
        """The round of this run, open from its beginning."""
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
        """Make the poll; False where another run has it. What a killed run left goes first."""
        directory = DynamoDirectory(client=self.client, table=self.aggregates)
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
        """Whether the text is a ballot."""
        found = DynamoForgetting(self.client, self.votes).find([self.round], PHONE, self.pepper)
        return next(found, None) is not None

    def counted(self) -> int:
        """Votes on the board of this run."""
        totals = DynamoTallies(self.client, self.aggregates)
        round = self.round
        return totals.totals(round.board, round.number).picks.get(CHOICE, 0)

    def forget(self) -> None:
        """Empty the ballot, as `voteapp forget` does."""
        DynamoForgetting(self.client, self.votes).remove([self.round], PHONE, self.pepper)

    def clear(self) -> None:
        """Remove the poll, its face and every row of its boards."""
        for key in [*self._keys()]:
            self.client.delete_item(TableName=self.aggregates, Key=key)

    def _keys(self) -> Iterator[dict[str, Any]]:
        yield {"pk": {"S": schema.DIRECTORY_PK}, "sk": {"S": POLL}}
        for visibility in ("open", "sealed"):
            pages = self.client.get_paginator("query").paginate(
                TableName=self.aggregates,
                KeyConditionExpression="pk = :board",
                ExpressionAttributeValues={":board": {"S": schema.board_pk(POLL, visibility)}},
                ProjectionExpression="pk, sk",
                ConsistentRead=True,
            )
            for page in pages:
                yield from page["Items"]
