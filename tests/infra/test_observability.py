"""Alarms: what each one watches, and that somebody is told."""

import json
from io import StringIO
from typing import Any

import pytest
from starlette.requests import Request

from infra.metrics import BAD_RECORDS, FOLDED_RECORDS, REFUSED_SIGNATURES
from lambdas.aggregator import handler as aggregator
from services.adapters.memory import MemoryTallies
from services.webhook import log
from services.webhook.errors import RefusedRequestError
from services.webhook.routes import refused
from tests.infra.conftest import Resources, Synthesise

WATCHED = {
    ("WriteThrottleEvents", "Sum", 1.0),
    ("5xx", "Sum", 1.0),
    ("Latency", "p99", 5000.0),
    ("RefusedSignatures", "Sum", 20.0),
    ("Errors", "Sum", 1.0),
    ("IteratorAge", "Maximum", 60000.0),
    ("BadRecords", "Sum", 1.0),
}


@pytest.fixture
def watched(synthesise: Synthesise) -> Resources:
    """Production with somebody to tell."""
    return Resources(synthesise("prod", alarm_email="count@example.com"))


def alarms(resources: Resources) -> list[dict[str, Any]]:
    """The properties of every alarm."""
    return [alarm["Properties"] for alarm in resources.of("AWS::CloudWatch::Alarm").values()]


def test_each_thing_that_can_go_wrong_has_an_alarm(watched: Resources) -> None:
    """Two for throttled writes: one a table."""
    found = [
        (a["MetricName"], a.get("Statistic") or a["ExtendedStatistic"], float(a["Threshold"]))
        for a in alarms(watched)
    ]

    assert set(found) == WATCHED
    assert len(found) == len(WATCHED) + 1


def test_every_alarm_is_sent_by_mail_and_says_what_it_means(watched: Resources) -> None:
    """Whoever reads it at night needs more than a metric's name."""
    (topic,) = watched.of("AWS::SNS::Topic")

    for alarm in alarms(watched):
        assert alarm["AlarmActions"] == [{"Ref": topic}]
        assert len(alarm["AlarmDescription"]) > 40
    subscription = watched.only("AWS::SNS::Subscription")
    assert (subscription["Protocol"], subscription["Endpoint"]) == ("email", "count@example.com")


def test_silence_is_no_alarm(watched: Resources) -> None:
    """Between two votes nothing is measured at all."""
    assert {alarm["TreatMissingData"] for alarm in alarms(watched)} == {"notBreaching"}


def test_a_cost_out_of_line_is_told_before_the_bill(watched: Resources) -> None:
    """At 80 % of the budget, and as soon as the forecast exceeds it."""
    budget = watched.only("AWS::Budgets::Budget")

    notices = {
        (n["Notification"]["NotificationType"], n["Notification"]["Threshold"])
        for n in budget["NotificationsWithSubscribers"]
    }
    assert notices == {("ACTUAL", 80), ("FORECASTED", 100)}
    assert budget["Budget"]["BudgetLimit"] == {"Amount": 50, "Unit": "USD"}


def test_without_an_address_there_are_alarms_but_no_mail(synthesise: Synthesise) -> None:
    """They still show on the dashboard."""
    resources = Resources(synthesise("prod"))

    assert len(alarms(resources)) == len(WATCHED) + 1
    assert resources.of("AWS::SNS::Topic") == {}
    assert resources.of("AWS::Budgets::Budget") == {}


def test_the_dashboard_shows_the_way_from_text_to_screen(watched: Resources) -> None:
    """One graph a station, in the order in which a text passes them."""
    body = json.dumps(watched.only("AWS::CloudWatch::Dashboard")["DashboardBody"])

    stations = ("Texts in", "Votes written", "Oldest vote in the stream", "Folded", "Screens")
    positions = [body.index(station) for station in stations]
    assert positions == sorted(positions)


def test_two_stages_of_an_account_do_not_share_a_measure(synthesise: Synthesise) -> None:
    """A rehearsal must not raise the alarm of the evening."""
    namespaces = {
        transformation["MetricNamespace"]
        for stage in ("dev", "prod")
        for found in Resources(synthesise(stage)).of("AWS::Logs::MetricFilter").values()
        for transformation in found["Properties"]["MetricTransformations"]
    }

    assert namespaces == {"VoteApp-dev", "VoteApp-prod"}


def test_the_aggregator_logs_the_fields_that_the_alarms_read(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A renamed field would silence the alarm for good."""
    lines = StringIO()
    monkeypatch.setattr(aggregator.logger.registered_handler, "stream", lines)
    event = {"shardId": "shard", "Records": [{"dynamodb": "not a record"}]}

    aggregator.aggregate(event, MemoryTallies(), default_shard=None)

    (batch,) = [json.loads(line) for line in lines.getvalue().splitlines()]
    assert batch["badrecords"] == 1
    assert BAD_RECORDS.value == "$.badrecords"
    assert FOLDED_RECORDS.value.removeprefix("$.") in batch


async def test_the_webhook_logs_the_event_that_the_alarm_reads(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A refused signature, and nothing else that is refused."""
    events: list[dict[str, Any]] = []
    monkeypatch.setattr(
        log, "event", lambda name, **fields: events.append({"event": name, **fields})
    )

    await refused(Request({"type": "http"}), RefusedRequestError(403, "forged"))

    assert events == [{"event": "refused", "status": 403, "reason": "forged"}]
    assert REFUSED_SIGNATURES.lines == '{ $.event = "refused" && $.status = 403 }'
