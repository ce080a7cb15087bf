"""Alarms and the graph of the scheduled reconciliation."""

from aws_cdk import aws_cloudwatch as cloudwatch
from constructs import Construct

from infra import metrics
from infra.alarm_spec import ACCOUNT_SETTINGS, AlarmSpec, tail
from infra.reconciliation import Reconciliation


class ReconciliationWatch:
    """What to watch of the schedule; `scope` gets the metric filter."""

    def __init__(self, scope: Construct, reconciliation: Reconciliation, namespace: str) -> None:
        self._function = reconciliation.reconciler.function
        self._log = reconciliation.reconciler.log_group
        self._unexplained = metrics.UNEXPLAINED_TEXTS.create(scope, self._log, namespace)

    def alarm_specs(self) -> list[AlarmSpec]:
        """Return the alarms."""
        return [
            AlarmSpec(
                name="ReconcilerFails",
                metric=metrics.function_metric(self._function, "Errors"),
                threshold=1,
                minutes=1,
                means="A round was not compared with Twilio's log. Run voteapp reconcile yourself.",
                command=tail(self._log),
            ),
            AlarmSpec(
                name="TextsUnexplained",
                metric=self._unexplained,
                threshold=1,
                minutes=1,
                means="Ballots hold texts unknown to Twilio, or a report does not add up: the log.",
                command=tail(self._log),
            ),
            AlarmSpec(
                name="ReconcilerThrottled",
                metric=metrics.function_metric(self._function, "Throttles"),
                threshold=1,
                minutes=1,
                means="Too many functions run in this account. The next run reconciles the same"
                " texts.",
                command=ACCOUNT_SETTINGS,
            ),
        ]

    def graphs(self) -> dict[str, list[cloudwatch.IMetric]]:
        """Return the graphs by title."""
        runs = [metrics.function_metric(self._function, name) for name in ("Invocations", "Errors")]
        return {"Scheduled reconciliation": [*runs, self._unexplained]}
