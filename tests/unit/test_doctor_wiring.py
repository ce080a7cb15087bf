"""`voteapp doctor`: each check is handed what it is to look at, and not something beside it."""

from dataclasses import dataclass, field, replace
from types import SimpleNamespace
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError

from services.adapters.secrets import Secrets
from services.cli.checks import DeploymentChecks
from services.polls.entry import DirectoryEntry
from services.tools.doctor import web
from services.tools.doctor.finding import CheckStatus, Finding
from services.voting.poll import State
from services.voting.tally import Totals
from tests.support.polls import a_poll, a_round

STREAM = "arn:aws:dynamodb:us-east-1:000000000000:table/votes/stream/2026"
STREAM_SETTINGS = {"StreamEnabled": True, "StreamViewType": "NEW_AND_OLD_IMAGES"}
KEYS = [{"KeyType": "HASH", "AttributeName": "pk"}, {"KeyType": "RANGE", "AttributeName": "sk"}]


@dataclass
class Aws:
    """An account that is well, as the operator and as a guest; it is every client at once."""

    status: dict[str, str] = field(default_factory=dict)
    recovery: dict[str, str] = field(default_factory=dict)
    expiry: str = "ENABLED"
    raised: tuple[str, ...] = ()
    waiting: int = 0
    guests: list[dict[str, str]] = field(default_factory=list)
    boards: list[str] = field(default_factory=list)
    meta: Any = field(default_factory=lambda: SimpleNamespace(endpoint_url="https://dynamodb"))

    def describe_stacks(self, StackName: str) -> Any:  # noqa: N803 - AWS's name
        """Deployed in full."""
        assert StackName == "VoteApp-prod"
        return {"Stacks": [{"StackStatus": "UPDATE_COMPLETE"}]}

    def describe_table(self, TableName: str) -> Any:  # noqa: N803 - AWS's name
        """Active unless `status` says otherwise; only the ballots have a stream of votes."""
        return {
            "Table": {
                "TableStatus": self.status.get(TableName, "ACTIVE"),
                "KeySchema": KEYS,
                **({} if TableName == "polls" else {"StreamSpecification": STREAM_SETTINGS}),
                "LatestStreamArn": STREAM if TableName == "votes" else "another",
                "DeletionProtectionEnabled": True,
            }
        }

    def describe_time_to_live(self, TableName: str) -> Any:  # noqa: N803 - AWS's name
        """Ballots expire; counts do not."""
        assert TableName == "votes"
        held = {"TimeToLiveStatus": self.expiry, "AttributeName": "expires_at"}
        return {"TimeToLiveDescription": held}

    def describe_continuous_backups(self, TableName: str) -> Any:  # noqa: N803 - AWS's name
        """On unless `recovery` says otherwise."""
        status = self.recovery.get(TableName, "ENABLED")
        held = {"PointInTimeRecoveryDescription": {"PointInTimeRecoveryStatus": status}}
        return {"ContinuousBackupsDescription": held}

    def list_event_source_mappings(self, FunctionName: str) -> Any:  # noqa: N803 - AWS's name
        """One, right."""
        assert FunctionName == "aggregator"
        mapping = {
            "State": "Enabled", "EventSourceArn": STREAM, "StartingPosition": "TRIM_HORIZON",
            "ParallelizationFactor": 1, "TumblingWindowInSeconds": 30, "MaximumRetryAttempts": -1,
            "MaximumRecordAgeInSeconds": -1, "BisectBatchOnFunctionError": False,
        }  # fmt: skip
        return {"EventSourceMappings": [mapping]}

    def describe_alarms(self, AlarmNamePrefix: str) -> Any:  # noqa: N803 - AWS's name
        """One of the stack's, that notifies a topic."""
        assert AlarmNamePrefix == "VoteApp-prod-ObservabilityCountStalled"
        return {"MetricAlarms": [{"AlarmName": "one", "AlarmActions": ["topic"]}]}

    def get_paginator(self, operation: str) -> Any:
        """Of the topic's subscriptions: one, confirmed. Of alarms: those that `raised` names."""
        if operation == "describe_alarms":
            return SimpleNamespace(paginate=self._raised_alarms)
        assert operation == "list_subscriptions_by_topic"
        subscription = {"SubscriptionArn": "arn:one", "Endpoint": "count@example.com"}
        return SimpleNamespace(
            paginate=lambda TopicArn: [  # noqa: N803 - AWS's name
                {"Subscriptions": [subscription] if TopicArn == "topic" else []}
            ]
        )

    def _raised_alarms(self, AlarmNamePrefix: str, StateValue: str) -> Any:  # noqa: N803 - AWS's names
        assert (AlarmNamePrefix, StateValue) == ("VoteApp-prod-Observability", "ALARM")
        return [
            {"MetricAlarms": [{"AlarmName": f"{AlarmNamePrefix}{name}"}]} for name in self.raised
        ]

    def get_metric_statistics(self, **asked: Any) -> Any:
        """Of the aggregator, the longest wait of each minute; of the queue, its oldest text."""
        if asked["Namespace"] == "AWS/SQS":
            assert asked["Dimensions"] == [{"Name": "QueueName", "Value": "queue"}]
            assert asked["MetricName"] == "ApproximateAgeOfOldestMessage"
            return {"Datapoints": [{"Timestamp": n, "Maximum": n * 300.0} for n in (2, 1)]}
        assert asked["Dimensions"] == [{"Name": "FunctionName", "Value": "aggregator"}]
        assert (asked["Period"], asked["Statistics"]) == (60, ["Maximum"])
        return {"Datapoints": [{"Timestamp": 1, "Maximum": 800.0}]}

    def get_credentials_for_identity(self, IdentityId: str) -> Any:  # noqa: N803 - AWS's name
        """A guest's."""
        assert IdentityId == "guest"
        held = {"AccessKeyId": "guest-key", "SecretKey": "secret", "SessionToken": "session"}
        return {"Credentials": held}

    def client(self, service: str, *, endpoint_url: str, **given: str) -> "Guest":
        """The client that a guest makes with credentials, at the operator's address."""
        assert (service, endpoint_url) == ("dynamodb", "https://dynamodb")
        self.guests.append(given)
        return Guest(self)


@dataclass
class Guest:
    """Reads boards as the page does; everything else is refused."""

    aws: Aws

    def query(self, **asked: Any) -> Any:
        """The face of an open board, by named attributes."""
        pk = asked["ExpressionAttributeValues"][":board"]["S"]
        if "ProjectionExpression" not in asked or not pk.startswith("open#"):
            raise ClientError({"Error": {"Code": "AccessDeniedException"}}, "Query")
        self.aws.boards.append(pk)
        return {"Items": [{"question": {"S": "Which?"}}]}

    def __getattr__(self, name: str) -> Any:
        def refused(**_: Any) -> Any:
            raise ClientError({"Error": {"Code": "AccessDeniedException"}}, name)

        return refused


def nobody(url: str, *, data: bytes | None = None) -> web.HttpResponse:
    """Nobody answers over HTTP."""
    del data
    raise ConnectionRefusedError(url)


def examine(aws: Aws, patch: pytest.MonkeyPatch, stage: str = "prod") -> dict[str, Finding]:
    """The findings on a deployment in this account: an archived poll, and one that is shown."""
    for name in ("TWILIO_ACCOUNT_SID", "TWILIO_AUTH_TOKEN"):
        patch.delenv(name, raising=False)
    patch.setattr(web, "fetch", nobody)
    patch.setattr(boto3, "Session", lambda **_: aws)
    old = replace(a_round(), state=State.ARCHIVED, poll=a_poll(id="bygone"))
    there: Any = SimpleNamespace(
        name="VoteApp-prod",
        region="us-east-1",
        outputs={
            "WebhookUrl": "w", "VotesTable": "votes", "AggregatesTable": "boards", "PollsTable": "polls",
            "SiteBucket": "s", "IdentityPoolId": "p", "GuestIdentityId": "guest",
            "SecretArn": "secret", "AggregatorFunction": "aggregator",
            "FallbackQueueUrl": "https://sqs.example.com/1/queue",
        },
        votes_table="votes",
        aggregates_table="boards",
        polls_table="polls",
        webhook_url="https://api.example.com/sms",
        fallback_url=None,
        displayed_number=None,
        dashboard_url=None,
        count_fallback_texts=lambda: aws.waiting,
        client=lambda _: aws,
        secrets=lambda: Secrets("token", b"p" * 32),
        directory=SimpleNamespace(entries=lambda: [DirectoryEntry(round=old), DirectoryEntry(round=a_round())]),
        tallies=SimpleNamespace(
            totals=lambda *_: Totals(picks={}, voters=1, folded=1, as_of_ms=1_000)
        ),
    )  # fmt: skip
    return {one.check: one for one in DeploymentChecks(there, stage).run(text=False)}


def failed(findings: dict[str, Finding]) -> set[str]:
    """Which checks failed, but for those that ask over HTTP."""
    sick = {name for name, one in findings.items() if one.verdict is CheckStatus.FAILED}
    return sick - {"webhook", "forged texts", "clock"}


def test_an_account_that_is_well_is_well(monkeypatch: pytest.MonkeyPatch) -> None:
    """Everything that AWS is asked for is there."""
    findings = examine(Aws(), monkeypatch)

    assert failed(findings) == set()
    assert findings["mapping"].verdict is CheckStatus.OK
    assert findings["iterator age"].detail == "0.8 s at most"


@pytest.mark.parametrize(
    ("aws", "check"),
    [
        (Aws(status={"votes": "DELETING"}), "votes table"),
        (Aws(status={"boards": "DELETING"}), "aggregates table"),
        (Aws(status={"polls": "DELETING"}), "polls table"),
        (Aws(recovery={"votes": "DISABLED"}), "protection"),
        (Aws(expiry="DISABLED"), "expiry of ballots"),
    ],
)
def test_what_is_wrong_with_one_thing_is_found_there_and_nowhere_else(
    aws: Aws, check: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each check looks at its own table."""
    assert failed(examine(aws, monkeypatch)) == {check}


def test_a_stack_that_is_not_production_is_examined_like_one_but_for_its_protection(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """It is on AWS all the same: nothing is let off as on the emulator."""
    findings = examine(Aws(expiry="DISABLED"), monkeypatch, stage="dev")

    assert failed(findings) == {"expiry of ballots"}
    assert findings["protection"].verdict is CheckStatus.SKIPPED
    assert findings["iterator age"].verdict is CheckStatus.OK


def test_what_waits_for_a_person_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    """Alarms that are raised, by their names; texts in the fallback's queue, with their age."""
    findings = examine(Aws(raised=("StreamWaits", "CountStalled"), waiting=3), monkeypatch)
    alarms, queue = findings["alarms"], findings["fallback queue"]

    assert (alarms.verdict, alarms.detail) == (
        CheckStatus.WARNING, "raised: CountStalled, StreamWaits",
    )  # fmt: skip
    assert (queue.verdict, queue.detail) == (
        CheckStatus.FAILED, "3 texts wait, the oldest for 600 s",
    )  # fmt: skip
    assert findings["last fold"].verdict is CheckStatus.OK


def test_a_guest_is_tried_with_a_guests_credentials(monkeypatch: pytest.MonkeyPatch) -> None:
    """Those of the shared identity, as the page gets them."""
    examine(aws := Aws(), monkeypatch)

    guest = {
        "aws_access_key_id": "guest-key", "aws_secret_access_key": "secret",
        "aws_session_token": "session",
    }  # fmt: skip
    assert aws.guests == [guest, guest]


def test_the_board_of_a_poll_that_is_shown_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    """Not that of one that was archived."""
    examine(aws := Aws(), monkeypatch)

    assert aws.boards[0] == "open#colors"


@pytest.mark.parametrize(
    ("stage", "verdict"), [("prod", CheckStatus.OK), ("local", CheckStatus.FAILED)]
)
def test_one_alarm_is_rung_and_nothing_else_is_checked(stage: str, verdict: CheckStatus) -> None:
    """On the stack that was named; a demo has none."""
    states: list[tuple[str, str]] = []

    @dataclass
    class Ringing(Aws):
        """The alarm is quiet until it is set."""

        def describe_alarms(self, AlarmNamePrefix: str) -> Any:  # noqa: N803 - AWS's name
            """With its state."""
            (alarm,) = super().describe_alarms(AlarmNamePrefix)["MetricAlarms"]
            return {"MetricAlarms": [{**alarm, "StateValue": "OK"}]}

        def set_alarm_state(self, **given: str) -> None:
            """Noted."""
            states.append((given["AlarmName"], given["StateValue"]))

    there: Any = SimpleNamespace(name="VoteApp-prod", client=lambda _: Ringing())
    (finding,) = DeploymentChecks(there, stage).ring()

    assert finding.verdict is verdict
    assert states == ([("one", "ALARM"), ("one", "OK")] if stage == "prod" else [])
