"""Alarms and the graph of the nightly merge."""

from aws_cdk import Duration
from aws_cdk import aws_cloudwatch as cloudwatch
from constructs import Construct

from infra import metrics
from infra.alarm_spec import AlarmSpec, tail
from infra.merging import Merging


class MergingWatch:
    """What to watch of the nightly merge; `scope` gets the metric filter."""

    def __init__(self, scope: Construct, merging: Merging, namespace: str) -> None:
        self._log = merging.merger.log_group
        self._changed = metrics.CHANGED_ROWS.create(scope, self._log, namespace)
        day = Duration.days(1)
        runs, errors = (
            merging.merger.function.metric(name, statistic="Sum", period=day)
            for name in ("Invocations", "Errors")
        )
        self._successes = cloudwatch.MathExpression(
            expression="FILL(runs, 0) - FILL(errors, 0)",
            using_metrics={"runs": runs, "errors": errors},
            period=day,
            label="nights on which rows were merged",
        )

    def alarm_specs(self) -> list[AlarmSpec]:
        """Return the alarms: a row that changed, and two days in a row without a success."""
        return [
            AlarmSpec(
                name="MergedRowChanged",
                metric=self._changed,
                threshold=1,
                minutes=1,
                means="A tally row was written after it was merged: its newest votes are not"
                " counted. Run voteapp audit, then repair.",
                command=tail(self._log),
            ),
            AlarmSpec(
                name="MergeFails",
                metric=self._successes,
                threshold=1,
                minutes=2,
                periods=2,
                means="Rows were not merged for two days. The count is right; boards grow.",
                command=tail(self._log),
                is_floor=True,
            ),
        ]

    def graphs(self) -> dict[str, list[cloudwatch.IMetric]]:
        """Return the graphs by title."""
        return {"Nightly merge": [self._successes, self._changed]}
