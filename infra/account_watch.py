"""The alarm and the graph of what all functions of an account share."""

from typing import Final

from aws_cdk import aws_cloudwatch as cloudwatch

from infra import metrics
from infra.alarm_spec import ACCOUNT_SETTINGS, AlarmSpec

_PERCENT: Final = 80


class AccountWatch:
    """The concurrency of the account; Lambda, "Monitoring concurrency", has the formula."""

    def __init__(self) -> None:
        self._percent = metrics.expression(
            "100 * claimed / SERVICE_QUOTA(running)",
            claimed=metrics.account_metric("ClaimedAccountConcurrency"),
            running=metrics.account_metric("ConcurrentExecutions"),
        )

    def alarm_specs(self) -> list[AlarmSpec]:
        """Return the alarm."""
        return [
            AlarmSpec(
                name="ConcurrencyNearLimit",
                metric=self._percent,
                threshold=_PERCENT,
                minutes=1,
                means="The account is near its limit of functions that run at a time. At the limit"
                " texts are refused and the count stands still. Stop other functions, or ask AWS"
                " for a higher quota.",
                command=ACCOUNT_SETTINGS,
            )
        ]

    def graphs(self) -> dict[str, list[cloudwatch.IMetric]]:
        """Return the graph."""
        return {"Concurrency of the account (% of its quota)": [self._percent]}
