"""A deployment on moto, for the commands that count: tables, a poll, ballots, a mapping.

The stream is moto's own, and the aggregator's code folds it, when the test says so.
"""

import json
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any
from unittest.mock import patch

import boto3
from botocore.config import Config
from moto import mock_aws
from moto.dynamodb.models import dynamodb_backends

from lambdas.aggregator.records import changes_of
from services.adapters.clock import now_ms
from services.adapters.dynamodb.ballot_items import ballot_of, item_of
from services.adapters.dynamodb.directory import DynamoDirectory
from services.adapters.dynamodb.keys import key_of
from services.adapters.dynamodb.provisioning import create_table
from services.adapters.dynamodb.tallies import DynamoTallies
from services.cli.deployment import Deployment
from services.polls.definition import parse_poll
from services.voting import lifecycle
from services.voting.ballot import Ballot, Vote, cast
from services.voting.fold import Folded, fold
from services.voting.identity import Pseudonyms
from services.voting.poll import Policy, Round
from services.voting.schema import AGGREGATES, POLLS, VOTES

DAY_MS = 86_400_000
BEGAN_MS = 90 * DAY_MS
"""So long ago was the poll made."""
PEPPER = b"a pepper that is long enough to be one"
PSEUDONYMS = Pseudonyms(PEPPER)
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
_ACCOUNT = "123456789012"
"""As moto calls it."""
_CONFIG = Config(account_id_endpoint_mode="disabled")


@dataclass
class MotoSystem:
    """What a test works on. `lambda_state` and `ages_ms` are what AWS says of the mapping.

    `unfolded` are the stream records that were read, and that no board holds.
    """

    dynamodb: Any
    s3: Any
    streams: Any
    lambda_state: str = "Enabled"
    last_result: str = "OK"
    ages_ms: list[float] = field(default_factory=list)
    sids: int = 0
    unfolded: list[dict[str, Any]] = field(default_factory=list)
    unread: bool = False
    """Whether the stream may hold records of `unfolded` still."""
    stream: tuple[str, str] = ("", "")
    """Its label, and its only shard."""
    iterator: str = ""

    @property
    def deployment(self) -> Deployment:
        """As the commands find it."""
        return Deployment(
            name="VoteApp-test",
            region="us-east-1",
            outputs={
                "VotesTable": "Votes",
                "AggregatesTable": "Aggregates",
                "PollsTable": "Polls",
                "AggregatorFunction": "Aggregator",
                "SecretArn": "secret",
            },
            webhook_url="https://votes.example.com/sms",
            dashboard_url=None,
            client=self._client,
        )

    @property
    def directory(self) -> DynamoDirectory:
        """Its polls."""
        return self.directory_at(0)

    def directory_at(self, ago_ms: int) -> DynamoDirectory:
        """Its polls, for who changed them some time ago."""
        return DynamoDirectory(
            client=self.dynamodb,
            table="Polls",
            aggregates="Aggregates",
            clock=lambda: now_ms() - ago_ms,
        )

    @property
    def tallies(self) -> DynamoTallies:
        """Its counts."""
        return DynamoTallies(self.dynamodb, "Aggregates")

    @property
    def round(self) -> Round:
        """The current round of its poll."""
        return self.directory.entry("colors").round

    def open_poll(self, more: str = "", *, ago_ms: int = BEGAN_MS) -> None:
        """Apply a poll file with these lines more."""
        poll = parse_poll(POLL.format(more=more), source="colors.toml")
        self.directory_at(ago_ms).apply([poll], default_number="+15550100199")

    def close(self, *, ago_ms: int = 120_000) -> None:
        """Close the poll, some time ago."""
        entry, at_ms = self.directory.entry("colors"), now_ms() - ago_ms
        after = replace(entry, round=lifecycle.closed(entry.round, at_ms))
        self.directory_at(ago_ms).write(after)

    def wait(self, ms: int) -> None:
        """As if that long had passed since anybody changed a poll."""
        for row in self.dynamodb.query(
            TableName="Polls",
            KeyConditionExpression="pk = :directory",
            ExpressionAttributeValues={":directory": {"S": "directory"}},
        )["Items"]:
            times = {"state_at", "changed_at", "began_at", "heard_until"} & set(row)
            moved = {name: {"N": str(int(row[name]["N"]) - ms)} for name in times}
            self.dynamodb.put_item(TableName="Polls", Item=row | moved)

    def ballot(self, phone: int, round: Round | None = None) -> Ballot | None:
        """What a phone holds, in the current round if none is given."""
        round = round or self.round
        key: Any = key_of(*round.ballot_key(_voter(phone, round), ""))
        found = self.dynamodb.get_item(TableName="Votes", Key=key, ConsistentRead=True)
        return ballot_of(found["Item"]) if "Item" in found else None

    def vote(
        self, phone: int, *choices: str, folded: bool = True, at_ms: int | None = None
    ) -> None:
        """Texts of one phone, straight into its ballot; and onto the board, if folded."""
        round = self.round
        ballot = self.ballot(phone, round)
        for choice in choices:
            self.sids += 1
            vote = Vote(
                voter=_voter(phone, round), sid=f"SM{self.sids:032x}", choice=choice,
                at_ms=at_ms or now_ms(),
            )  # fmt: skip
            after = cast(round, ballot, vote).ballot
            assert after
            self.put(after, folded=folded)
            ballot = None if round.poll.policy is Policy.UNLIMITED else after

    def expire(self, *, at_ms: int | None = None) -> int:
        """Delete what TTL would delete, and fold that; how many ballots it was."""
        self.unfolded += self.written()
        gone = [
            item
            for item in self.dynamodb.scan(TableName="Votes")["Items"]
            if "expires_at" in item and int(item["expires_at"]["N"]) * 1000 <= (at_ms or now_ms())
        ]
        for item in gone:
            key = key_of(item["pk"]["S"], item["sk"]["S"])
            self.dynamodb.delete_item(TableName="Votes", Key=key)
        who = {"type": "Service", "principalId": "dynamodb.amazonaws.com"}
        self.unfolded += [{**record, "userIdentity": who} for record in self.written()]
        self.fold()
        return len(gone)

    def written(self) -> list[dict[str, Any]]:
        """The stream records that were not read yet."""
        answer = self.streams.get_records(ShardIterator=self.iterator)
        self.iterator = answer["NextShardIterator"]
        records: list[dict[str, Any]] = answer["Records"]
        return records

    def fold(self) -> Folded:
        """Fold all that waits to be folded, as the aggregator does."""
        waiting = [*self.unfolded, *self.written()]
        self.unfolded = []
        return self._fold(waiting)

    def renew_stream(self) -> None:
        """As if it was disabled and enabled again: what was not folded is lost for good."""
        table = dynamodb_backends[_ACCOUNT]["us-east-1"].get_table("Votes")
        table.set_stream_specification(
            {"StreamEnabled": True, "StreamViewType": "NEW_AND_OLD_IMAGES"}
        )
        self.unfolded = []
        self.read_stream()

    def read_stream(self) -> None:
        """Begin at the first record of the stream."""
        arn = self.dynamodb.describe_table(TableName="Votes")["Table"]["LatestStreamArn"]
        (shard,) = self.streams.describe_stream(StreamArn=arn)["StreamDescription"]["Shards"]
        self.stream = (arn.rpartition("/stream/")[2], shard["ShardId"])
        self.iterator = self.streams.get_shard_iterator(
            StreamArn=arn, ShardId=shard["ShardId"], ShardIteratorType="TRIM_HORIZON"
        )["ShardIterator"]

    def put(self, ballot: Ballot, *, folded: bool = True) -> None:
        """Write a ballot."""
        if folded and self.unread:
            self.unfolded += self.written()
        self.dynamodb.put_item(TableName="Votes", Item=item_of(ballot))
        self.unread = not folded
        if folded:
            self._fold(self.written())

    def _fold(self, records: list[dict[str, Any]]) -> Folded:
        changes, lost = changes_of(records)
        assert not lost
        label, shard = self.stream
        return fold(changes, self.tallies, stream_label=label, stream_shard=shard)

    def _client(self, service: str) -> Any:
        made = {"dynamodb": self.dynamodb, "s3": self.s3, "dynamodbstreams": self.streams}
        return made.get(service, self)

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

    def get_secret_value(self, SecretId: str) -> Mapping[str, str]:  # noqa: N803 - AWS's name
        """As Secrets Manager."""
        assert SecretId == "secret"
        held = {"twilio_auth_token": "token", "voter_pepper": PEPPER.decode()}
        return {"SecretString": json.dumps(held)}


def _voter(phone: int, round: Round) -> str:
    return PSEUDONYMS.voter("colors", round.number, f"+155501{phone:05d}")


@contextmanager
def moto_system(more: str = "") -> Iterator[MotoSystem]:
    """An empty deployment with one open poll, in this process."""
    environ = {
        "AWS_ACCESS_KEY_ID": "local", "AWS_SECRET_ACCESS_KEY": "local",
        "AWS_REGION": "us-east-1", "AWS_DEFAULT_REGION": "us-east-1",
    }  # fmt: skip
    with patch.dict(os.environ, environ), mock_aws():
        dynamodb = boto3.client("dynamodb", config=_CONFIG)
        create_table(dynamodb, VOTES, "Votes")
        create_table(dynamodb, AGGREGATES, "Aggregates")
        create_table(dynamodb, POLLS, "Polls")
        made = MotoSystem(
            dynamodb=dynamodb,
            s3=boto3.client("s3"),
            streams=boto3.client("dynamodbstreams", config=_CONFIG),
        )
        made.read_stream()
        made.open_poll(more)
        yield made
