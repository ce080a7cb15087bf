"""Alarms: their metrics, thresholds and notifications."""

import json
from typing import Any

import pytest
from starlette.requests import Request

from services.webhook import log
from services.webhook.errors import RefusedRequestError
from services.webhook.routes import refused
from tests.infra.conftest import Resources, Synthesise

# Name: of what, statistic, from which value on, in how many minutes of five.
WATCHED = [
    ("WriteThrottleEvents", {"TableName": "votes"}, "Sum", 1, 2),
    ("5xx", {"ApiId": "the API"}, "Sum", 1, 2),
    ("Latency", {"ApiId": "the API"}, "p99", 2_000, 3),
    ("RefusedSignatures", {}, "Sum", 20, 1),
    ("UnreadablePolls", {}, "Sum", 1, 1),
    ("StaleDirectories", {}, "Sum", 1, 2),
    ("StaleSecrets", {}, "Sum", 1, 2),
    ("WriteThrottleEvents", {"TableName": "aggregates"}, "Sum", 1, 2),
    ("ReadThrottleEvents", {"TableName": "aggregates"}, "Sum", 1, 2),
    ("Errors", {"FunctionName": "aggregator"}, "Sum", 1, 3),
    ("IteratorAge", {"FunctionName": "aggregator"}, "Maximum", 60_000, 1),
    ("BadRecords", {}, "Sum", 1, 1),
    ("5XXError", {"ApiName": "VoteApp-prod-fallback"}, "Sum", 1, 1),
    ("ApproximateAgeOfOldestMessage", {"QueueName": "queue.QueueName"}, "Maximum", 600, 1),
    (
        "ApproximateNumberOfMessagesVisible", {"QueueName": "dead letters.QueueName"},
        "Maximum", 1, 1,
    ),
    ("Errors", {"FunctionName": "replayer"}, "Sum", 1, 3),
    ("ReplayFailures", {}, "Sum", 1, 3),
]  # fmt: skip
NAMESPACES = {
    "TableName": "AWS/DynamoDB",
    "ApiId": "AWS/ApiGateway",
    "ApiName": "AWS/ApiGateway",
    "QueueName": "AWS/SQS",
    "FunctionName": "AWS/Lambda",
    "": "VoteApp-prod",
}


@pytest.fixture
def watched(synthesise: Synthesise) -> Resources:
    """Production with an address for alarms."""
    return Resources(synthesise("prod", alarm_email="count@example.com"))


def alarms(resources: Resources) -> list[dict[str, Any]]:
    """The properties of every alarm."""
    return [alarm["Properties"] for alarm in resources.of("AWS::CloudWatch::Alarm").values()]


def test_each_thing_that_can_go_wrong_has_an_alarm(watched: Resources) -> None:
    """On the right table, API or function."""
    (api,) = watched.of("AWS::ApiGatewayV2::Api")
    found = []
    for alarm in alarms(watched):
        named = {d["Name"]: watched.readable(d["Value"]) for d in alarm.get("Dimensions", [])}
        of = {name: value.replace(api, "the API") for name, value in named.items()}
        statistic = alarm.get("Statistic") or alarm["ExtendedStatistic"]
        minutes = alarm["DatapointsToAlarm"]
        found.append((alarm["MetricName"], of, statistic, alarm["Threshold"], minutes))

        assert alarm["Namespace"] == NAMESPACES[next(iter(of), "")]

    assert found == WATCHED


def test_a_value_at_its_threshold_is_an_alarm_within_five_minutes(watched: Resources) -> None:
    """One throttled write is enough, because an event is over in an hour."""
    for alarm in alarms(watched):
        assert alarm["ComparisonOperator"] == "GreaterThanOrEqualToThreshold"
        assert (alarm["Period"], alarm["EvaluationPeriods"]) == (60, 5)
        assert alarm.get("ActionsEnabled", True) is True


def test_every_alarm_is_sent_by_mail_and_says_what_it_means(watched: Resources) -> None:
    """The name of a metric does not say what to do."""
    (topic,) = watched.of("AWS::SNS::Topic")

    for alarm in alarms(watched):
        assert alarm["AlarmActions"] == [{"Ref": topic}]
        assert len(alarm["AlarmDescription"]) > 40
    subscription = watched.only("AWS::SNS::Subscription")
    assert (subscription["Protocol"], subscription["Endpoint"]) == ("email", "count@example.com")


def test_missing_data_is_no_alarm(watched: Resources) -> None:
    """Without votes there are no metrics."""
    assert {alarm["TreatMissingData"] for alarm in alarms(watched)} == {"notBreaching"}


def test_the_budget_notifies_before_the_bill(watched: Resources) -> None:
    """At 80 % of the actual cost and 100 % of the forecast."""
    budget = watched.only("AWS::Budgets::Budget")

    notices = {
        (n["Notification"]["NotificationType"], n["Notification"]["Threshold"])
        for n in budget["NotificationsWithSubscribers"]
    }
    assert notices == {("ACTUAL", 80), ("FORECASTED", 100)}
    for notice in budget["NotificationsWithSubscribers"]:
        assert notice["Notification"]["ComparisonOperator"] == "GREATER_THAN"
        assert notice["Notification"]["ThresholdType"] == "PERCENTAGE"
        assert notice["Subscribers"] == [
            {"Address": "count@example.com", "SubscriptionType": "EMAIL"}
        ]
    assert (budget["Budget"]["BudgetType"], budget["Budget"]["TimeUnit"]) == ("COST", "MONTHLY")
    assert budget["Budget"]["BudgetLimit"] == {"Amount": 50, "Unit": "USD"}


def test_without_an_address_there_are_alarms_but_no_mail(synthesise: Synthesise) -> None:
    """They are visible in the console."""
    resources = Resources(synthesise("prod"))

    assert len(alarms(resources)) == 17
    assert resources.of("AWS::SNS::Topic") == {}
    assert resources.of("AWS::Budgets::Budget") == {}


def test_the_dashboard_shows_the_way_from_text_to_screen(watched: Resources) -> None:
    """The graphs are in pipeline order."""
    body = json.dumps(watched.only("AWS::CloudWatch::Dashboard")["DashboardBody"])

    titles = ("Texts in", "Votes written", "Oldest vote in the stream", "Folded", "Screens")
    positions = [body.index(title) for title in titles]
    assert positions == sorted(positions)


def test_the_dashboard_asks_for_the_measure_that_the_aggregator_reports(
    watched: Resources,
) -> None:
    """With the stage's namespace and the dimension `service`, else the graph stays empty."""
    parts = watched.only("AWS::CloudWatch::Dashboard")["DashboardBody"]["Fn::Join"][1]
    body = "".join(part for part in parts if isinstance(part, str))

    assert '["VoteApp-prod","VoteToCount","service","aggregator",' in body


@pytest.mark.parametrize("folding", ["BadRecords", "FoldedRecords"])
def test_a_line_of_the_aggregator_counts_as_many_records_as_it_names(
    watched: Resources, folding: str
) -> None:
    """In the aggregator's own log; a line without any counts nothing."""
    name = folding.lower() if folding == "BadRecords" else "folded"
    (found,) = measured(watched, folding)

    assert watched.readable(found["LogGroupName"]) == "aggregator log"
    assert found["FilterPattern"] == f"{{ $.{name} > 0 }}"
    assert found["MetricTransformations"][0]["MetricValue"] == f"$.{name}"


@pytest.mark.parametrize(
    ("name", "pattern"),
    [
        ("RefusedSignatures", '{ $.event = "refused" && $.status = 403 }'),
        ("UnreadablePolls", '{ $.event = "directory.unreadable" }'),
        ("StaleDirectories", '{ $.event = "directory.stale" }'),
        ("StaleSecrets", '{ $.event = "secret.stale" }'),
    ],
)
def test_a_line_of_the_webhook_counts_once(watched: Resources, name: str, pattern: str) -> None:
    """In the webhook's own log."""
    (found,) = measured(watched, name)

    assert watched.readable(found["LogGroupName"]) == "webhook log"
    assert found["FilterPattern"] == pattern
    assert found["MetricTransformations"][0]["MetricValue"] == "1"


def measured(resources: Resources, name: str) -> list[dict[str, Any]]:
    """The filters that make a measure out of lines of a log."""
    filters = [held["Properties"] for held in resources.of("AWS::Logs::MetricFilter").values()]
    return [held for held in filters if held["MetricTransformations"][0]["MetricName"] == name]


def test_two_stages_of_an_account_do_not_share_a_measure(synthesise: Synthesise) -> None:
    """The dev stage must not raise the alarms of production."""
    namespaces = {
        transformation["MetricNamespace"]
        for stage in ("dev", "prod")
        for found in Resources(synthesise(stage)).of("AWS::Logs::MetricFilter").values()
        for transformation in found["Properties"]["MetricTransformations"]
    }

    assert namespaces == {"VoteApp-dev", "VoteApp-prod"}


async def test_the_webhook_logs_the_event_that_the_alarm_reads(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """With the fields that the filter of refused signatures matches."""
    events: list[dict[str, Any]] = []
    monkeypatch.setattr(
        log, "event", lambda name, **fields: events.append({"event": name, **fields})
    )

    await refused(Request({"type": "http"}), RefusedRequestError(403, "forged"))

    assert events == [{"event": "refused", "status": 403, "reason": "forged"}]
