"""A deployment on moto, for the commands that count: tables, a poll, ballots, a mapping."""

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any
from unittest.mock import patch

import boto3
from moto import mock_aws

from services.adapters.clock import now_ms
from services.adapters.directory import DynamoDirectory
from services.adapters.items import item_of
from services.adapters.provisioning import create_table
from services.adapters.tallies import DynamoTallies
from services.cli.deployment import Deployment
from services.voting import control
from services.voting.ballot import Ballot, Vote, cast
from services.voting.definition import parse_poll
from services.voting.fold import fold
from services.voting.identity import voter_of
from services.voting.poll import Round
from services.voting.schema import AGGREGATES, VOTES
from services.voting.tally import Change, difference, pad_sequence

DAY_MS = 86_400_000
POLL = """
question = "Which color should win tonight?"
{more}
[[choices]]
key = "RED"
label = "Red"
[[choices]]
key = "GREEN"
label = "Green"
[[choices]]
key = "BLUE"
label = "Blue"
"""


@dataclass
class Ledger:
    """What a test works on. `lambda_state` and `ages_ms` are what AWS says of the mapping."""

    dynamodb: Any
    s3: Any
    lambda_state: str = "Enabled"
    last_result: str = "OK"
    ages_ms: list[float] = field(default_factory=list)
    sids: int = 0

    @property
    def deployment(self) -> Deployment:
        """As the commands find it."""
        return Deployment(
            name="VoteApp-test",
            region="us-east-1",
            outputs={
                "VotesTable": "Votes",
                "AggregatesTable": "Aggregates",
                "AggregatorFunction": "Aggregator",
            },
            webhook_url="https://votes.example.com/sms",
            dashboard_url=None,
            client=self._client,
        )

    @property
    def directory(self) -> DynamoDirectory:
        """Its polls."""
        return DynamoDirectory(client=self.dynamodb, table="Aggregates")

    @property
    def standing(self) -> Round:
        """The current round of its poll."""
        return self.directory.entry("colors").round

    def open_poll(self, more: str = "") -> None:
        """Apply a poll file with these lines more."""
        poll = parse_poll(POLL.format(more=more), source="colors.toml")
        self.directory.apply([poll], default_number="+15550100199")

    def close(self, *, ago_ms: int = 60_000) -> None:
        """Close the poll, some time ago."""
        entry = self.directory.entry("colors")
        self.directory.write(replace(entry, round=control.closed(entry.round, now_ms() - ago_ms)))

    def vote(
        self, phone: int, *choices: str, folded: bool = True, at_ms: int | None = None
    ) -> None:
        """Texts of one phone, straight into its ballot; and onto the board, if folded."""
        there, ballot = self.standing, None
        voter = voter_of(b"pepper", "colors", there.number, f"+155501{phone:05d}")
        for choice in choices:
            self.sids += 1
            vote = Vote(
                voter=voter, sid=f"SM{self.sids:032x}", choice=choice, at_ms=at_ms or now_ms()
            )
            after = cast(there, ballot, vote).ballot
            assert after
            self._put(ballot, after, folded=folded)
            ballot = after

    def _put(self, before: Ballot | None, after: Ballot, *, folded: bool) -> None:
        self.dynamodb.put_item(TableName="Votes", Item=item_of(after, self.standing))
        if folded:
            change = Change(
                after.board, after.round, pad_sequence(str(self.sids)),
                difference(before.picks if before else {}, after.picks), int(before is None), 0,
                after.changed_at_ms,
            )  # fmt: skip
            tallies = DynamoTallies(self.dynamodb, "Aggregates")
            fold([change], tallies, stream_label="label", stream_shard="shard")

    def _client(self, service: str) -> Any:
        return {"dynamodb": self.dynamodb, "s3": self.s3}.get(service, self)

    def list_event_source_mappings(self, FunctionName: str) -> Mapping[str, Any]:  # noqa: N803 - AWS's name
        """As AWS Lambda."""
        assert FunctionName == "Aggregator"
        one = {"State": self.lambda_state, "LastProcessingResult": self.last_result}
        return {"EventSourceMappings": [one] if self.lambda_state else []}

    def get_metric_statistics(self, **asked: Any) -> Mapping[str, Any]:
        """As CloudWatch."""
        assert asked["MetricName"] == "IteratorAge"
        return {
            "Datapoints": [
                {"Timestamp": datetime.fromtimestamp(place, UTC), "Maximum": age}
                for place, age in enumerate(self.ages_ms)
            ]
        }


@contextmanager
def ledger(more: str = "") -> Iterator[Ledger]:
    """An empty deployment with one open poll, in this process."""
    environ = {
        "AWS_ACCESS_KEY_ID": "local", "AWS_SECRET_ACCESS_KEY": "local",
        "AWS_REGION": "us-east-1", "AWS_DEFAULT_REGION": "us-east-1",
    }  # fmt: skip
    with patch.dict(os.environ, environ), mock_aws():
        dynamodb = boto3.client("dynamodb")
        create_table(dynamodb, VOTES, "Votes")
        create_table(dynamodb, AGGREGATES, "Aggregates")
        made = Ledger(dynamodb=dynamodb, s3=boto3.client("s3"))
        made.open_poll(more)
        yield made
