"""Metrics that are made from lines of logs: which lines, of which log."""

import json
from typing import Any

import pytest

from services.adapters import log
from services.webhook.errors import RefusedRequestError
from services.webhook.routes import refused
from tests.infra.conftest import Resources, Synthesise


@pytest.fixture
def watched(synthesise: Synthesise) -> Resources:
    """Production."""
    return Resources(synthesise("prod"))


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
        (
            "AcceptedVotes",
            '{ $.event = "text" && ($.outcome = "accepted" || $.outcome = "changed") }',
        ),
    ],
)
def test_a_line_of_the_webhook_counts_once(watched: Resources, name: str, pattern: str) -> None:
    """In the webhook's own log."""
    (found,) = measured(watched, name)

    assert watched.readable(found["LogGroupName"]) == "webhook log"
    assert found["FilterPattern"] == pattern
    assert found["MetricTransformations"][0]["MetricValue"] == "1"


@pytest.mark.parametrize(
    ("name", "pattern"),
    [
        ("ThrottledRequests", '{ $.status = "429" }'),
        ("RefusedRequests", '{ $.status = "4*" && $.status != "403" && $.status != "429" }'),
    ],
)
def test_a_line_of_the_access_log_counts_once(watched: Resources, name: str, pattern: str) -> None:
    """The status stands in quotes there."""
    (found,) = measured(watched, name)
    stage = watched.only("AWS::ApiGatewayV2::Stage")
    log = stage["AccessLogSettings"]["DestinationArn"]["Fn::GetAtt"][0]

    assert found["LogGroupName"] == {"Ref": log}
    assert found["FilterPattern"] == pattern
    assert json.loads(stage["AccessLogSettings"]["Format"])["status"] == "$context.status"


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


def test_the_webhook_logs_the_event_that_the_alarm_reads(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """With the fields that the filter of refused signatures matches."""
    events: list[dict[str, Any]] = []
    monkeypatch.setattr(
        log, "event", lambda name, **fields: events.append({"event": name, **fields})
    )

    refused(RefusedRequestError(403, "forged"))

    assert events == [{"event": "refused", "status": 403, "reason": "forged"}]
