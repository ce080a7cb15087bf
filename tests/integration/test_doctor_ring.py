"""`voteapp doctor --ring` on moto: the alarm, its topic, and whoever has subscribed."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import boto3
import pytest
from moto import mock_aws

from services.tools.doctor.finding import CheckStatus
from services.tools.doctor.ring import AlarmEmails, check_subscriptions

NAME = "VoteApp-dev-ObservabilityCountStalledCC8BD4A4-1A2B3C"
CONFIRMED = {"SubscriptionArn": "arn:aws:sns:us-east-1:1:t:1", "Endpoint": "count@example.com"}
PENDING = {"SubscriptionArn": "PendingConfirmation", "Endpoint": "late@example.com"}


@dataclass
class Account:
    """An account with one alarm; `emails` is what the doctor looks at."""

    cloudwatch: Any
    sns: Any
    topic: str

    def add_alarm(self, name: str = NAME, *, is_mailed: bool = True) -> None:
        """An alarm as the stack makes it."""
        self.cloudwatch.put_metric_alarm(
            AlarmName=name, MetricName="any", Namespace="any", Statistic="Sum", Period=60,
            EvaluationPeriods=5, Threshold=1, ComparisonOperator="GreaterThanOrEqualToThreshold",
            AlarmActions=[self.topic] if is_mailed else [],
        )  # fmt: skip

    def subscribe(self) -> None:
        """An address, which moto takes for confirmed."""
        self.sns.subscribe(TopicArn=self.topic, Protocol="email", Endpoint="count@example.com")

    @property
    def emails(self) -> AlarmEmails:
        """The stack's."""
        return AlarmEmails("VoteApp-dev", self.cloudwatch, self.sns)

    def state(self) -> tuple[str, str]:
        """The alarm's state now, and why."""
        (alarm,) = self.cloudwatch.describe_alarms(AlarmNames=[NAME])["MetricAlarms"]
        return alarm["StateValue"], alarm["StateReason"]


@pytest.fixture
def account(monkeypatch: pytest.MonkeyPatch) -> Iterator[Account]:
    """An account on moto, with a topic."""
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "test")
    with mock_aws():
        cloudwatch, sns = (
            boto3.client(service, region_name="us-east-1") for service in ("cloudwatch", "sns")
        )
        yield Account(cloudwatch, sns, sns.create_topic(Name="alarms")["TopicArn"])


def recorded(account: Account, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The states that an alarm is set to."""
    states: list[str] = []
    set_state = account.cloudwatch.set_alarm_state

    def record(**given: str) -> None:
        states.append(given["StateValue"])
        set_state(**given)

    monkeypatch.setattr(account.cloudwatch, "set_alarm_state", record)
    return states


def test_one_alarm_rings_and_is_set_back(account: Account, monkeypatch: pytest.MonkeyPatch) -> None:
    """The person is told which e-mail to expect, and where."""
    account.add_alarm()
    account.subscribe()
    states = recorded(account, monkeypatch)
    finding = account.emails.ring()

    assert states == ["ALARM", "OK"]
    assert account.state() == ("OK", "voteapp doctor --ring: this is a test, nothing is wrong")
    assert finding.verdict is CheckStatus.OK
    assert f'ALARM: "{NAME}"' in finding.detail
    assert "count@example.com" in finding.detail


def test_an_alarm_that_could_not_be_set_to_alarm_is_set_back(
    account: Account, monkeypatch: pytest.MonkeyPatch
) -> None:
    """AWS may have done it and not said so."""
    account.add_alarm()
    account.subscribe()
    states: list[str] = []

    def set_state(**given: str) -> None:
        states.append(given["StateValue"])
        if given["StateValue"] == "ALARM":
            raise ConnectionError

    monkeypatch.setattr(account.cloudwatch, "set_alarm_state", set_state)
    with pytest.raises(ConnectionError):
        account.emails.ring()

    assert states == ["ALARM", "OK"]


@pytest.mark.parametrize("has_alarm", [False, True])
def test_a_stack_without_an_address_is_refused(account: Account, *, has_alarm: bool) -> None:
    """With what to deploy; another stage's alarm is not rung in its place."""
    account.add_alarm(NAME.replace("-dev-", "-prod-"))
    account.subscribe()
    if has_alarm:
        account.add_alarm(is_mailed=False)
    rung, checked = account.emails.ring(), account.emails.check()

    assert (rung.verdict, checked.verdict) == (CheckStatus.FAILED, CheckStatus.SKIPPED)
    assert rung.detail == checked.detail == "the stack mails no alarms"
    assert "-c alarm_email=" in rung.remedy


def test_an_alarm_that_rings_in_earnest_is_left_alone(account: Account) -> None:
    """Set to OK it would look as if all was well."""
    account.add_alarm()
    account.subscribe()
    account.cloudwatch.set_alarm_state(AlarmName=NAME, StateValue="ALARM", StateReason="votes wait")
    finding = account.emails.ring()

    assert finding.verdict is CheckStatus.WARNING
    assert account.state() == ("ALARM", "votes wait")


def test_an_alarm_without_a_subscription_is_not_rung(account: Account) -> None:
    """Nobody would hear it."""
    account.add_alarm()
    before = account.state()
    finding = account.emails.ring()

    assert finding.verdict is CheckStatus.FAILED
    assert "nobody has subscribed" in finding.detail
    assert f"aws sns subscribe --topic-arn {account.topic} " in finding.remedy
    assert account.state() == before


def test_an_address_that_has_not_confirmed_is_named_with_the_remedy() -> None:
    """Also beside one that has."""
    finding = check_subscriptions([CONFIRMED, PENDING], "topic")

    assert finding.verdict is CheckStatus.FAILED
    assert "late@example.com: PendingConfirmation" in finding.detail
    assert "AWS Notification - Subscription Confirmation" in finding.remedy
    assert finding.remedy.endswith("--notification-endpoint late@example.com")


def test_the_check_says_where_alarms_go(account: Account) -> None:
    """Every run of the doctor looks, and none but `--ring` rings."""
    account.add_alarm()
    account.subscribe()
    before = account.state()
    finding = account.emails.check()

    assert (finding.verdict, finding.detail) == (CheckStatus.OK, "to count@example.com")
    assert account.state() == before
