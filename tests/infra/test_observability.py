"""Alarms: their metrics, thresholds and notifications."""

import json
import re
from typing import Any

import pytest

from tests.infra.alarm_page import OPTIONS
from tests.infra.conftest import Resources, Synthesise
from tests.infra.standstill import alarms_of, key_of
from tests.support.cloudwatch import metrics_of

# Name: what is compared, statistic, from which value on, in how many minutes of five.
WATCHED: dict[str, tuple[str, str, float, int]] = {
    "VotesThrottled": ("FILL(WriteThrottleEvents of votes, 0)", "Sum", 1, 2),
    "WebhookFails": ("5xx of the API", "Sum", 1, 2),
    "WebhookSlow": ("Latency of the API", "p99", 2_000, 3),
    "WebhookThrottled": ("Throttles of webhook", "Sum", 1, 1),
    "SignaturesRefused": ("RefusedSignatures", "Sum", 20, 1),
    "Flood": ("Count of the API", "Sum", 9_000, 2),
    "RequestsThrottled": ("ThrottledRequests", "Sum", 1, 1),
    "RequestsRefused": ("RefusedRequests", "Sum", 20, 1),
    "PollsUnreadable": ("UnreadablePolls", "Sum", 1, 1),
    "DirectoryStale": ("StaleDirectories", "Sum", 1, 2),
    "SecretStale": ("StaleSecrets", "Sum", 1, 2),
    "CountStalled": (
        "IF(FILL(AcceptedVotes, 0) > 0 AND FILL(FoldedRecords, 0) == 0, 1, 0)", "Sum", 1, 3,
    ),
    "MappingSilent": ("FILL(PolledEventCount of the mapping, 0)", "SampleCount", 1, 5),
    "AggregatorThrottled": ("Throttles of aggregator", "Sum", 1, 1),
    "FoldThrottled": ("FILL(WriteThrottleEvents of aggregates, 0)", "Sum", 1, 2),
    "ScreensThrottled": ("FILL(ReadThrottleEvents of aggregates, 0)", "Sum", 1, 2),
    "AggregatorFails": ("Errors of aggregator", "Sum", 1, 3),
    "StreamWaits": ("IteratorAge of aggregator", "Maximum", 60_000, 1),
    "RecordsUnreadable": ("BadRecords", "Sum", 1, 1),
    "MergedRowChanged": ("ChangedRows", "Sum", 1, 1),
    "MergeFails": ("FILL(Invocations of merger, 0) - FILL(Errors of merger, 0)", "Sum", 1, 2),
    "ConcurrencyNearLimit": (
        "100 * ClaimedAccountConcurrency / SERVICE_QUOTA(ConcurrentExecutions)", "Maximum", 80, 1,
    ),
    "FallbackFails": ("5XXError of the fallback", "Sum", 1, 1),
    "FallbackWaits": ("ApproximateAgeOfOldestMessage of the queue", "Maximum", 600, 1),
    "DeadLetters": ("ApproximateNumberOfMessagesVisible of the dead letters", "Maximum", 1, 1),
    "ReplayerFails": ("Errors of replayer", "Sum", 1, 3),
    "ReplayFails": ("ReplayFailures", "Sum", 1, 3),
    "ReplayerThrottled": ("Throttles of replayer", "Sum", 1, 1),
    "FallbackFlood": ("Count of the fallback", "Sum", 9_000, 2),
    "FallbackRefuses": ("4XXError of the fallback", "Sum", 20, 1),
    "ReconcilerFails": ("Errors of reconciler", "Sum", 1, 1),
    "TextsUnexplained": ("UnexplainedTexts", "Sum", 1, 1),
    "ReconcilerThrottled": ("Throttles of reconciler", "Sum", 1, 1),
    "CanaryFails": ("FILL(Invocations of canary, 0) - FILL(Errors of canary, 0)", "Sum", 1, 2),
    "ReaderFails": ("Url5xxCount of reader", "Sum", 5, 2),
    "ReaderThrottled": ("Throttles of reader", "Sum", 1, 2),
}  # fmt: skip
NAMES = list(WATCHED)
OPTIONAL = {
    "ReconcilerFails", "TextsUnexplained", "ReconcilerThrottled", "CanaryFails",
    "ReaderFails", "ReaderThrottled",
}  # fmt: skip
"""Of the scheduled reconciliation, the canary and the reader, which are options."""
FLOORS = {"MappingSilent", "MergeFails", "CanaryFails"}
"""Raised below their threshold, and where nothing is measured."""

NAMESPACES = {
    "TableName": "AWS/DynamoDB",
    "ApiId": "AWS/ApiGateway",
    "ApiName": "AWS/ApiGateway",
    "QueueName": "AWS/SQS",
    "FunctionName": "AWS/Lambda",
    "EventSourceMappingUUID": "AWS/Lambda",
    "": "VoteApp-prod",
}


@pytest.fixture
def watched(synthesise: Synthesise) -> Resources:
    """Production with every alarm, and an address for them."""
    return Resources(synthesise("prod", **OPTIONS))


def alarms(resources: Resources) -> list[dict[str, Any]]:
    """The properties of every alarm."""
    return [alarm["Properties"] for alarm in resources.of("AWS::CloudWatch::Alarm").values()]


def test_each_thing_that_can_go_wrong_has_an_alarm(watched: Resources) -> None:
    """On the right table, API, function or mapping."""
    found = {}
    for name, alarm in alarms_of(watched):
        text = next((m["Expression"] for m in alarm.get("Metrics", []) if "Expression" in m), None)
        keys = {used: key_of(watched, metric) for used, metric in metrics_of(alarm).items()}
        compared = re.sub("[a-z]+", lambda word, keys=keys: keys[word[0]], text or "measured")
        stats = [m["MetricStat"]["Stat"] for m in alarm.get("Metrics", []) if "MetricStat" in m]
        statistic = alarm.get("Statistic") or alarm.get("ExtendedStatistic") or stats[0]
        found[name] = (compared, statistic, alarm["Threshold"], alarm["DatapointsToAlarm"])

        assert len(set(stats)) <= 1

    assert found == WATCHED


def test_a_metric_is_read_where_it_is_published(watched: Resources) -> None:
    """In the namespace of the service that it has a dimension of; ours have none."""
    for name, alarm in alarms_of(watched):
        for metric in metrics_of(alarm).values():
            dimension = next((one["Name"] for one in metric.get("Dimensions", [])), "")
            of_account = name == "ConcurrencyNearLimit"

            assert metric["Namespace"] == ("AWS/Lambda" if of_account else NAMESPACES[dimension])


def test_a_value_at_its_threshold_is_an_alarm_within_minutes(watched: Resources) -> None:
    """One throttled write is enough, because an event is over in an hour."""
    reaches, below = "GreaterThanOrEqualToThreshold", "LessThanThreshold"
    for name, alarm in alarms_of(watched):
        periods = [m["MetricStat"]["Period"] for m in alarm.get("Metrics", []) if "MetricStat" in m]

        assert alarm["ComparisonOperator"] == (below if name in FLOORS else reaches)
        looks_at = {"CanaryFails": (300, 2), "MergeFails": (86_400, 2)}.get(name, (60, 5))
        assert {*periods, alarm.get("Period", looks_at[0])} == {looks_at[0]}
        assert alarm["EvaluationPeriods"] == looks_at[1]
        assert alarm.get("ActionsEnabled", True) is True


def test_every_alarm_is_sent_by_mail_and_says_what_it_means(watched: Resources) -> None:
    """The name of a metric does not say what to do."""
    (topic,) = watched.of("AWS::SNS::Topic")

    for alarm in alarms(watched):
        assert alarm["AlarmActions"] == [{"Ref": topic}]
        assert len(json.dumps(alarm["AlarmDescription"])) > 40
        assert "\\nFirst: " in json.dumps(alarm["AlarmDescription"])
    subscription = watched.only("AWS::SNS::Subscription")
    assert (subscription["Protocol"], subscription["Endpoint"]) == ("email", "count@example.com")


def test_missing_data_is_no_alarm(watched: Resources) -> None:
    """Without votes there are no metrics; only a mapping is never silent."""
    treatments = {name: alarm["TreatMissingData"] for name, alarm in alarms_of(watched)}

    assert {name for name, treatment in treatments.items() if treatment == "breaching"} == FLOORS
    assert set(treatments.values()) == {"notBreaching", "breaching"}


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

    assert [name for name, _ in alarms_of(resources)] == [n for n in NAMES if n not in OPTIONAL]
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


def test_the_mapping_of_a_watched_stage_counts_what_it_reads(synthesise: Synthesise) -> None:
    """The emulator has no metrics."""
    found = {
        stage: Resources(synthesise(stage)).mapping("aggregator").get("MetricsConfig")
        for stage in ("local", "dev", "prod")
    }

    counted = {"Metrics": ["EventCount"]}
    assert found == {"local": None, "dev": counted, "prod": counted}


def test_a_webhook_in_containers_has_no_function_to_watch(synthesise: Synthesise) -> None:
    """Every other alarm is there, and those of the load balancer."""
    resources = Resources(synthesise("prod", webhook="container"))
    gone = {"WebhookThrottled", *OPTIONAL}
    added = {"TasksUnhealthy", "BalancerFails", "TasksFail"}
    found = [name for name, _ in alarms_of(resources)]

    assert [name for name in found if name not in added] == [n for n in NAMES if n not in gone]
    assert added <= set(found)
