"""The alarm and the graph of the canary."""

from aws_cdk import Duration
from aws_cdk import aws_cloudwatch as cloudwatch

from infra.alarm_spec import AlarmSpec, tail
from infra.canary import Canary


class CanaryWatch:
    """What to watch of the canary that runs every `minutes`."""

    def __init__(self, canary: Canary, minutes: int) -> None:
        self._log = canary.canary.log_group
        period = Duration.minutes(minutes)
        runs, errors = (
            canary.canary.function.metric(name, statistic="Sum", period=period)
            for name in ("Invocations", "Errors")
        )
        self._successes = cloudwatch.MathExpression(
            expression="FILL(runs, 0) - FILL(errors, 0)",
            using_metrics={"runs": runs, "errors": errors},
            period=period,
            label="texts that were counted",
        )

    def alarm_specs(self) -> list[AlarmSpec]:
        """Return the alarm: two intervals in a row without a text that was counted.

        Also if there is no run at all: a missing datapoint raises it.
        """
        return [
            AlarmSpec(
                name="CanaryFails",
                metric=self._successes,
                threshold=1,
                minutes=2,
                periods=2,
                means="No test text was counted, or none was sent: texts of voters may be lost.",
                command=tail(self._log),
                is_floor=True,
            )
        ]

    def graphs(self) -> dict[str, list[cloudwatch.IMetric]]:
        """Return the graphs by title."""
        return {"Canary": [self._successes]}
