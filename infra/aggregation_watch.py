"""Alarms and graphs of the aggregator, and of the table that the screens read."""

from aws_cdk import aws_cloudwatch as cloudwatch
from aws_cdk import aws_dynamodb as dynamodb
from constructs import Construct

from infra import metrics
from infra.aggregation import Aggregation
from infra.alarm_spec import ACCOUNT_SETTINGS, DOCTOR, AlarmSpec, describe, tail


class AggregationWatch:
    """What to watch of the aggregator; `scope` gets the metric filters."""

    def __init__(
        self,
        scope: Construct,
        aggregation: Aggregation,
        *,
        aggregates: dynamodb.ITable,
        accepted: cloudwatch.IMetric,
        namespace: str,
    ) -> None:
        self._function, self._aggregates = aggregation.aggregator.function, aggregates
        self._mapping_id = aggregation.mapping.ref
        self._namespace, self._accepted = namespace, accepted
        self._log = log = aggregation.aggregator.log_group
        self._bad = metrics.BAD_RECORDS.create(scope, log, namespace)
        self._folded = metrics.FOLDED_RECORDS.create(scope, log, namespace)

    def alarm_specs(self) -> list[AlarmSpec]:
        """Return the alarms."""
        return [*self._standing_still(), *self._failures()]

    def _standing_still(self) -> list[AlarmSpec]:
        """Return alarms that ring where nothing fails, because nothing runs."""
        return [
            AlarmSpec(
                name="CountStalled",
                metric=metrics.expression(
                    "IF(FILL(accepted, 0) > 0 AND FILL(folded, 0) == 0, 1, 0)",
                    accepted=self._accepted,
                    folded=self._folded,
                ),
                threshold=1,
                minutes=3,  # logs of two functions become metrics at different times
                means="Votes are accepted, and none is counted: the screen stands still. Nothing is"
                " lost for 24 h. Look at the mapping, then at the aggregator.",
                command=DOCTOR,
            ),
            AlarmSpec(
                name="MappingSilent",
                metric=metrics.filled(
                    metrics.mapping_metric(self._mapping_id, "PolledEventCount", "SampleCount")
                ),
                threshold=1,
                minutes=5,
                means="Lambda does not read the stream of votes: the mapping is disabled or gone."
                " Nothing is counted, and nothing is lost for 24 h. Put it back:"
                " cdk deploy --revert-drift.",
                command=DOCTOR,
                is_floor=True,
            ),
            AlarmSpec(
                name="AggregatorThrottled",
                metric=metrics.function_metric(self._function, "Throttles"),
                threshold=1,
                minutes=1,
                means="Too many functions run in this account, and votes wait to be counted. Stop"
                " other functions, or ask AWS for a higher quota.",
                command=ACCOUNT_SETTINGS,
            ),
        ]

    def _failures(self) -> list[AlarmSpec]:
        return [
            AlarmSpec(
                name="FoldThrottled",
                metric=metrics.filled(
                    metrics.table_metric(self._aggregates, "WriteThrottleEvents")
                ),
                threshold=1,
                minutes=2,
                means="The screen falls behind; the count stays exact. Raise the capacity.",
                command=describe(self._aggregates),
            ),
            AlarmSpec(
                name="ScreensThrottled",
                metric=metrics.filled(metrics.table_metric(self._aggregates, "ReadThrottleEvents")),
                threshold=1,
                minutes=2,
                means="Screens wait; texts are counted. Too many viewers, or max_reads_per_second.",
                command=describe(self._aggregates),
            ),
            AlarmSpec(
                name="AggregatorFails",
                metric=metrics.function_metric(self._function, "Errors"),
                threshold=1,
                minutes=3,
                means="Batches are delivered again until they fold; the screen stands still.",
                command=tail(self._log),
            ),
            AlarmSpec(
                name="StreamWaits",
                metric=metrics.function_metric(self._function, "IteratorAge", "Maximum"),
                threshold=60_000,
                minutes=1,
                means="Votes wait for over a minute. After 24 h they are lost: recount then.",
                command=DOCTOR,
            ),
            AlarmSpec(
                name="RecordsUnreadable",
                metric=self._bad,
                threshold=1,
                minutes=1,
                means="Votes were cast that the fold cannot read. Recount once the log says why.",
                command=tail(self._log),
            ),
        ]

    def graphs(self) -> dict[str, list[cloudwatch.IMetric]]:
        """Return the graphs by title."""
        return {
            "Oldest vote in the stream (ms)": [
                metrics.function_metric(self._function, "IteratorAge", "Maximum")
            ],
            "Aggregator": [
                metrics.function_metric(self._function, name)
                for name in ("Invocations", "Errors", "Throttles")
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
