"""The poll of a self-test: written to DynamoDB for one text, then removed completely.

Its fictional number, keyword, sealed board and unique round number keep it apart from real polls
and from earlier runs. If a run is killed, the next one removes what it has left; its ballot
expires a day later.
"""

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final

from services.adapters.dynamodb.directory import DynamoDirectory
from services.adapters.dynamodb.erasure import DynamoErasure
from services.adapters.dynamodb.keys import key_of, query
from services.adapters.dynamodb.tallies import DynamoTallies
from services.polls.definition import parse_poll
from services.polls.entry import DirectoryEntry
from services.voting import schema
from services.voting.errors import PollChangedError, PollUnknownError
from services.voting.identity import Pseudonyms
from services.voting.poll import Round, State
from services.voting.probe_names import CANARY_POLL, DOCTOR_POLL

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

BODY: Final = "{keyword} ARRIVED"
CHOICE: Final = "ARRIVED"
DEFINITION: Final = """
question = "Does a text arrive?"
numbers = ["{number}"]
keyword = "{keyword}"
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


@dataclass(frozen=True, slots=True, kw_only=True)
class Probe:
    """What a self-test calls its poll, and the two fictional numbers that it texts between."""

    poll: str
    keyword: str
    number: str
    phone: str

    @property
    def body(self) -> str:
        """The text that votes for `CHOICE`."""
        return BODY.format(keyword=self.keyword)

    @property
    def definition(self) -> str:
        """The poll as TOML, without times."""
        return DEFINITION.format(number=self.number, keyword=self.keyword)


DOCTOR: Final = Probe(
    poll=DOCTOR_POLL, keyword="DOCTORSELFTEST", number="+15550100198", phone="+15550100197"
)
CANARY: Final = Probe(
    poll=CANARY_POLL, keyword="CANARYSELFTEST", number="+15550100196", phone="+15550100195"
)

OPEN_MS: Final = 3_600_000
"""Time until the poll closes; a poll with a closing time gives its ballots an expiry at once."""
STALE_MS: Final = 180_000
"""A run that began longer ago was killed; a younger one may still be running."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DynamoProbePoll:
    """The poll of one run; `began_at_ms` makes its round number unique."""

    probe: Probe = DOCTOR
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
        definition = f"closes_at = {closes:%Y-%m-%dT%H:%M:%SZ}\n{self.probe.definition}"
        return Round(
            poll=parse_poll(definition, source=f"{self.probe.poll}.toml"),
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
            held = directory.entry(self.probe.poll).round
        except PollUnknownError:
            held = None
        if held and self.began_at_ms - held.began_at_ms < STALE_MS:
            return False
        self.clear()
        try:
            directory.write(DirectoryEntry(round=self.round, number=self.probe.number))
        except PollChangedError:
            return False
        return True

    def has_ballot(self) -> bool:
        """Whether the ballot was written."""
        found = DynamoErasure(self.client, self.votes).find(
            [self.round], self.probe.phone, self.pseudonyms
        )
        return next(found, None) is not None

    def counted(self) -> int:
        """The votes on the board of this run."""
        totals = DynamoTallies(self.client, self.aggregates)
        round = self.round
        return totals.totals(round.board, round.number).picks.get(CHOICE, 0)

    def forget(self) -> None:
        """Empty the ballot, as `voteapp forget` does."""
        DynamoErasure(self.client, self.votes).remove(
            [self.round], self.probe.phone, self.pseudonyms
        )

    def delete_ballot(self) -> int:
        """Delete the emptied ballot; return the stream records that it has caused, at the end."""
        voter = self.pseudonyms.voter(self.probe.poll, self.round.number, self.probe.phone)
        answer: Any = self.client.delete_item(
            TableName=self.votes,
            Key=key_of(*self.round.ballot_key(voter, "")),  # type: ignore[arg-type,unused-ignore]
            ReturnValues="ALL_OLD",
        )
        item = answer.get("Attributes")
        return int(item[schema.WRITES]["N"]) + 1 if item else 0

    def folded(self) -> int:
        """The stream records that the boards of this run have folded."""
        totals = DynamoTallies(self.client, self.aggregates)
        boards = schema.boards_of(self.probe.poll)
        return sum(totals.totals(board, self.round.number).folded for board in boards)

    def clear(self) -> None:
        """Delete the poll from the directory, its log, and every row of its boards."""
        key: Any = key_of(schema.DIRECTORY_PK, self.probe.poll)
        self.client.delete_item(TableName=self.polls, Key=key)
        self._delete_all(self.polls, schema.operators_log_pk(self.probe.poll))
        for board in schema.boards_of(self.probe.poll):
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
