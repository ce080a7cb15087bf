"""Alarms and graphs of the aggregator, and of the table that the screens read."""

from aws_cdk import aws_cloudwatch as cloudwatch
from aws_cdk import aws_dynamodb as dynamodb
from constructs import Construct

from infra import metrics
from infra.aggregation import Aggregation
from infra.alarm_spec import AlarmSpec


class AggregationWatch:
    """What to watch of the aggregator; `scope` gets the metric filters."""

    def __init__(
        self,
        scope: Construct,
        aggregation: Aggregation,
        aggregates: dynamodb.ITable,
        namespace: str,
    ) -> None:
        self._function, self._aggregates = aggregation.aggregator.function, aggregates
        self._namespace = namespace
        log = aggregation.aggregator.log_group
        self._bad = metrics.BAD_RECORDS.create(scope, log, namespace)
        self._folded = metrics.FOLDED_RECORDS.create(scope, log, namespace)

    def alarm_specs(self) -> list[AlarmSpec]:
        """Return the alarms."""
        return [
            AlarmSpec(
                name="FoldThrottled",
                metric=metrics.table_metric(self._aggregates, "WriteThrottleEvents"),
                threshold=1,
                minutes=2,
                means="The screen falls behind; the count stays exact. Raise the capacity.",
            ),
            AlarmSpec(
                name="ScreensThrottled",
                metric=metrics.table_metric(self._aggregates, "ReadThrottleEvents"),
                threshold=1,
                minutes=2,
                means="Screens wait; texts are counted. Too many viewers, or max_reads_per_second.",
            ),
            AlarmSpec(
                name="AggregatorFails",
                metric=metrics.function_metric(self._function, "Errors"),
                threshold=1,
                minutes=3,
                means="Batches are delivered again until they fold; the screen stands still.",
            ),
            AlarmSpec(
                name="StreamWaits",
                metric=metrics.function_metric(self._function, "IteratorAge", "Maximum"),
                threshold=60_000,
                minutes=1,
                means="Votes wait for over a minute. After 24 h they are lost: recount then.",
            ),
            AlarmSpec(
                name="RecordsUnreadable",
                metric=self._bad,
                threshold=1,
                minutes=1,
                means="Votes were cast that the fold cannot read. Recount once the log says why.",
            ),
        ]

    def graphs(self) -> dict[str, list[cloudwatch.IMetric]]:
        """Return the graphs by title."""
        return {
            "Oldest vote in the stream (ms)": [
                metrics.function_metric(self._function, "IteratorAge", "Maximum")
            ],
            "Aggregator": [
                metrics.function_metric(self._function, name) for name in ("Invocations", "Errors")
            ],
            "Folded": [self._folded, self._bad],
            "From vote to count (s)": [
                metrics.aggregator_metric(self._namespace, "VoteToCount", p) for p in ("p50", "p99")
            ],
            "Screens reading": [
                metrics.table_metric(self._aggregates, name)
                for name in ("ConsumedReadCapacityUnits", "ReadThrottleEvents")
            ],
        }
