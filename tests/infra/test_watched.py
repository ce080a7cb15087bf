"""The bill counts the metrics of alarms and the custom metrics that the stack has."""

from typing import Any, get_args

import pytest

from lambdas.aggregator import handler as aggregator
from lambdas.aggregator.batch import FoldedBatch
from services.tools.cost import watched
from services.tools.cost.usage import Webhook
from tests.infra.conftest import Resources, Synthesise
from tests.infra.standstill import alarms_of
from tests.support.cloudwatch import metrics_of

EVENT_COUNT = {
    "PolledEventCount", "FilteredOutEventCount", "InvokedEventCount", "FailedInvokeEventCount",
    "DroppedEventCount", "OnFailureDestinationDeliveredEventCount",
}  # fmt: skip
"""What a mapping on a stream publishes at the most (Lambda, "Event source mapping metrics")."""


def count_alarm_metrics(resources: Resources) -> int:
    """CloudWatch charges an alarm for each metric that it looks at, not for expressions."""
    return sum(len(metrics_of(alarm)) for _, alarm in alarms_of(resources))


def count_filters(resources: Resources) -> int:
    """Metrics that are made from logs."""
    return len(
        {
            (one["MetricNamespace"], one["MetricName"])
            for held in resources.of("AWS::Logs::MetricFilter").values()
            for one in held["Properties"]["MetricTransformations"]
        }
    )


def names_of_the_aggregator(monkeypatch: pytest.MonkeyPatch) -> set[str]:
    """The metrics that a batch with one vote publishes."""
    names: set[str] = set()
    monkeypatch.setattr(aggregator.metrics, "add_metric", lambda name, *_: names.add(name))
    batch = FoldedBatch(folded=1, duplicates=0, bad=0, newest_ms=1)
    monkeypatch.setattr(aggregator, "fold_batch", lambda *_, **__: batch)
    tallies: Any = None
    aggregator.aggregate({"Records": [{}]}, tallies, default_shard="shard")
    return names


@pytest.mark.parametrize("webhook", get_args(Webhook))
def test_the_bill_counts_every_metric_of_an_alarm(synthesise: Synthesise, webhook: Webhook) -> None:
    """With either webhook."""
    resources = Resources(synthesise("prod", webhook=webhook))

    assert count_alarm_metrics(resources) == watched.ALARM_METRICS[webhook]


@pytest.mark.parametrize("webhook", get_args(Webhook))
def test_the_bill_counts_every_custom_metric(
    synthesise: Synthesise, webhook: Webhook, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of logs, of the aggregator, and of the mapping."""
    resources = Resources(synthesise("prod", webhook=webhook))
    own = names_of_the_aggregator(monkeypatch)

    assert own == {"Folded", "Duplicates", "BadRecords", "VoteToCount"}
    assert resources.mapping("aggregator")["MetricsConfig"] == {"Metrics": ["EventCount"]}
    assert count_filters(resources) + len(own) + len(EVENT_COUNT) == watched.METRICS


def test_the_bill_counts_what_a_schedule_adds(synthesise: Synthesise) -> None:
    """Alarms and a metric of the scheduled reconciliation."""
    without, with_it = (
        Resources(synthesise("prod", reconcile=every)) for every in ("off", "5 minutes")
    )

    added = count_alarm_metrics(with_it) - count_alarm_metrics(without)
    assert added == watched.RECONCILE_ALARM_METRICS
    assert count_filters(with_it) - count_filters(without) == watched.RECONCILE_METRICS


def test_the_bill_counts_what_a_canary_adds(synthesise: Synthesise) -> None:
    """One alarm on two metrics, and no custom metric."""
    without, with_it = (
        Resources(synthesise("prod", canary=every)) for every in ("off", "5 minutes")
    )

    added = count_alarm_metrics(with_it) - count_alarm_metrics(without)
    assert added == watched.CANARY_ALARM_METRICS
    assert count_filters(with_it) == count_filters(without)


def test_the_bill_counts_what_a_large_audience_adds(synthesise: Synthesise) -> None:
    """Two alarms of the reader, and no custom metric."""
    without, with_it = (
        Resources(synthesise("prod", audience=audience)) for audience in ("direct", "large")
    )

    added = count_alarm_metrics(with_it) - count_alarm_metrics(without)
    assert added == watched.READER_ALARM_METRICS
    assert count_filters(with_it) == count_filters(without)
