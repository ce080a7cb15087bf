"""Checks that alarms reach somebody: the e-mail subscription, and one alarm as a test.

Amazon SNS delivers nothing to an address that has not confirmed its subscription, and the link for
that is valid for two days ("Subscribe an email address to an Amazon SNS topic").
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from services.tools.doctor.finding import Finding, failed, ok, skipped, warning

CHECK: Final = "alarm e-mails"
RING_CHECK: Final = "a test alarm"
ALARM: Final = "CountStalled"
"""The alarm that rings as a test; every stack with alarms has it."""

_WITH_EMAIL: Final = "deploy with an address: cdk deploy -c alarm_email=you@example.com"
_REASON: Final = "voteapp doctor --ring: this is a test, nothing is wrong"


@dataclass(frozen=True, slots=True)
class AlarmEmails:
    """The e-mails about the alarms of a stack; the clients are boto3's."""

    stack: str
    cloudwatch: Any
    sns: Any

    def check(self) -> Finding:
        """Check that every address has confirmed; skipped if the stack has none."""
        if not (topics := self._alarm().get("AlarmActions", [])):
            return skipped(CHECK, "the stack mails no alarms", _WITH_EMAIL)
        return self._check_topic(topics[0])

    def ring(self) -> Finding:
        """Set one alarm to ALARM and back to OK, so that CloudWatch mails it."""
        alarm = self._alarm()
        if not (topics := alarm.get("AlarmActions", [])):
            return failed(RING_CHECK, "the stack mails no alarms", _WITH_EMAIL)
        subscribed = self._check_topic(topics[0])
        if subscribed.remedy:
            return failed(RING_CHECK, subscribed.detail, subscribed.remedy)
        name = alarm["AlarmName"]
        if alarm["StateValue"] == "ALARM":
            remedy = "see what it means: docs/alarms.md; ring when it is over"
            return warning(RING_CHECK, f"{name} is ringing already, in earnest", remedy)
        try:
            self._set(name, "ALARM")
        finally:
            self._set(name, "OK")
        detail = f'rang; expect the e-mail ALARM: "{name}" within five minutes: {subscribed.detail}'
        return ok(RING_CHECK, detail)

    def _alarm(self) -> dict[str, Any]:
        """The alarm that rings; empty if the stack has no such alarm."""
        prefix = f"{self.stack}-Observability{ALARM}"
        found = self.cloudwatch.describe_alarms(AlarmNamePrefix=prefix)["MetricAlarms"]
        return dict(found[0]) if found else {}

    def _check_topic(self, topic: str) -> Finding:
        subscriptions = [
            one
            for page in self.sns.get_paginator("list_subscriptions_by_topic").paginate(
                TopicArn=topic
            )
            for one in page["Subscriptions"]
        ]
        return check_subscriptions(subscriptions, topic)

    def _set(self, alarm: str, state: str) -> None:
        self.cloudwatch.set_alarm_state(AlarmName=alarm, StateValue=state, StateReason=_REASON)


def check_subscriptions(subscriptions: Sequence[dict[str, str]], topic: str) -> Finding:
    """Check that there is one at least, and that all are confirmed."""
    if not subscriptions:
        return failed(CHECK, "nobody has subscribed to the alarms", _subscribe(topic, "ADDRESS"))
    for one in subscriptions:
        if not one["SubscriptionArn"].startswith("arn:"):
            remedy = (
                "click on the link in the e-mail AWS Notification - Subscription Confirmation;"
                f" after two days ask for another: {_subscribe(topic, one['Endpoint'])}"
            )
            detail = f"{one['Endpoint']}: {one['SubscriptionArn']}: no alarm is delivered"
            return failed(CHECK, detail, remedy)
    return ok(CHECK, f"to {', '.join(one['Endpoint'] for one in subscriptions)}")


def _subscribe(topic: str, address: str) -> str:
    return (
        f"aws sns subscribe --topic-arn {topic} --protocol email --notification-endpoint {address}"
    )
