"""What is measured between a text and the screen; each measure is named once, here."""

from dataclasses import dataclass

from aws_cdk import Duration
from aws_cdk import aws_cloudwatch as cloudwatch
from aws_cdk import aws_dynamodb as dynamodb
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_logs as logs
from constructs import Construct

_MINUTE = Duration.minutes(1)


def of_api(api_id: str, name: str, statistic: str = "Sum") -> cloudwatch.Metric:
    """A measure of the HTTP API."""
    return cloudwatch.Metric(
        namespace="AWS/ApiGateway",
        metric_name=name,
        dimensions_map={"ApiId": api_id},
        statistic=statistic,
        period=_MINUTE,
    )


def of_function(
    function: lambda_.IFunction, name: str, statistic: str = "Sum"
) -> cloudwatch.Metric:
    """A measure of a Lambda function."""
    return function.metric(name, statistic=statistic, period=_MINUTE)


def of_table(table: dynamodb.ITable, name: str) -> cloudwatch.Metric:
    """A measure of a table, summed over its partitions."""
    return table.metric(name, statistic="Sum", period=_MINUTE)


def of_fold(namespace: str, name: str, statistic: str) -> cloudwatch.Metric:
    """A measure that the aggregator itself reports, under its stage's namespace."""
    return cloudwatch.Metric(
        namespace=namespace,
        metric_name=name,
        dimensions_map={"service": "aggregator"},
        statistic=statistic,
        period=_MINUTE,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class LogMeasure:
    """Something our own log lines say: the lines that count, and the number in them."""

    name: str
    lines: str
    value: str = "1"

    def of(self, scope: Construct, log_group: logs.ILogGroup, namespace: str) -> cloudwatch.Metric:
        """Have CloudWatch Logs count it; the namespace keeps two stages of an account apart."""
        counted = logs.MetricFilter(
            scope,
            self.name,
            log_group=log_group,
            filter_pattern=logs.FilterPattern.literal(self.lines),
            metric_namespace=namespace,
            metric_name=self.name,
            metric_value=self.value,
        )
        return counted.metric(statistic="Sum", period=_MINUTE)


REFUSED_SIGNATURES = LogMeasure(
    name="RefusedSignatures", lines='{ $.event = "refused" && $.status = 403 }'
)
UNREADABLE_POLLS = LogMeasure(name="UnreadablePolls", lines='{ $.event = "directory.unreadable" }')
BAD_RECORDS = LogMeasure(name="BadRecords", lines="{ $.badrecords > 0 }", value="$.badrecords")
FOLDED_RECORDS = LogMeasure(name="FoldedRecords", lines="{ $.folded > 0 }", value="$.folded")
