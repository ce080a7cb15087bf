"""Alarms and the graph of the reader."""

from aws_cdk import aws_cloudwatch as cloudwatch

from infra import metrics
from infra.alarm_spec import AlarmSpec, tail
from infra.reader import Reader


class ReaderWatch:
    """What to watch of the function that answers with boards."""

    def __init__(self, reader: Reader) -> None:
        self._log = reader.reader.log_group
        # Failed calls, timeouts, and answers of 500 and 503 ("Monitoring Lambda function URLs").
        self._failures, self._throttles, self._requests = (
            metrics.function_metric(reader.reader.function, name)
            for name in ("Url5xxCount", "Throttles", "UrlRequestCount")
        )

    def alarm_specs(self) -> list[AlarmSpec]:
        """Return the alarms."""
        return [
            AlarmSpec(
                name="ReaderFails",
                metric=self._failures,
                threshold=5,
                minutes=2,
                means="Screens show an old count, after a minute none. Votes are still counted.",
                command=tail(self._log),
            ),
            AlarmSpec(
                name="ReaderThrottled",
                metric=self._throttles,
                threshold=1,
                minutes=2,
                means="More requests reach the reader than its 20 executions take: somebody asks"
                " for boards that do not exist. Screens may lag. Block the requests with AWS WAF.",
                command=tail(self._log),
            ),
        ]

    def graphs(self) -> dict[str, list[cloudwatch.IMetric]]:
        """Return the graphs by title."""
        return {"Reader": [self._requests, self._failures, self._throttles]}
