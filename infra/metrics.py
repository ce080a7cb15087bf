"""The CloudWatch metrics of alarms and dashboard, at one-minute resolution."""

from dataclasses import dataclass

from aws_cdk import Duration
from aws_cdk import aws_cloudwatch as cloudwatch
from aws_cdk import aws_dynamodb as dynamodb
from aws_cdk import aws_elasticloadbalancingv2 as balancing
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_logs as logs
from aws_cdk import aws_sqs as sqs
from constructs import Construct

_MINUTE = Duration.minutes(1)


def api_metric(api_id: str, name: str, statistic: str = "Sum") -> cloudwatch.Metric:
    """Return a metric of the HTTP API."""
    return cloudwatch.Metric(
        namespace="AWS/ApiGateway",
        metric_name=name,
        dimensions_map={"ApiId": api_id},
        statistic=statistic,
        period=_MINUTE,
    )


def function_metric(
    function: lambda_.IFunction, name: str, statistic: str = "Sum"
) -> cloudwatch.Metric:
    """Return a metric of a Lambda function."""
    return function.metric(name, statistic=statistic, period=_MINUTE)


def table_metric(table: dynamodb.ITable, name: str) -> cloudwatch.Metric:
    """Return a metric of a table, as a sum."""
    return table.metric(name, statistic="Sum", period=_MINUTE)


def mapping_metric(mapping_id: str, name: str, statistic: str) -> cloudwatch.Metric:
    """Return a metric of a mapping that has `MetricsConfig` (Lambda, "Types of metrics")."""
    return cloudwatch.Metric(
        namespace="AWS/Lambda",
        metric_name=name,
        dimensions_map={"EventSourceMappingUUID": mapping_id},
        statistic=statistic,
        period=_MINUTE,
    )


def account_metric(name: str) -> cloudwatch.Metric:
    """Return a metric of all Lambda functions of the account and region, as a maximum."""
    return cloudwatch.Metric(
        namespace="AWS/Lambda", metric_name=name, statistic="Maximum", period=_MINUTE
    )


def expression(text: str, **used: cloudwatch.IMetric) -> cloudwatch.MathExpression:
    """Return a metric that is calculated from others, which the text calls by these names."""
    return cloudwatch.MathExpression(expression=text, using_metrics=used, period=_MINUTE)


def filled(metric: cloudwatch.IMetric) -> cloudwatch.MathExpression:
    """Return a metric with 0 in each minute without data.

    DynamoDB sends nothing while nothing is throttled. An alarm on its metrics may keep its state
    then, whatever the alarm says of missing data (CloudWatch API, PutMetricAlarm), and would never
    be raised a second time.
    """
    return expression("FILL(measured, 0)", measured=metric)


def rest_api_metric(api_name: str, name: str) -> cloudwatch.Metric:
    """Return a metric of a REST API, as a sum."""
    return cloudwatch.Metric(
        namespace="AWS/ApiGateway",
        metric_name=name,
        dimensions_map={"ApiName": api_name},
        statistic="Sum",
        period=_MINUTE,
    )


def queue_metric(queue: sqs.IQueue, name: str) -> cloudwatch.Metric:
    """Return a metric of a queue, as a maximum."""
    return queue.metric(name, statistic="Maximum", period=_MINUTE)


def balancer_metric(balancer: balancing.ApplicationLoadBalancer, name: str) -> cloudwatch.Metric:
    """Return a metric of a load balancer, as a sum."""
    return balancer.metrics.custom(name, statistic="Sum", period=_MINUTE)


def target_metric(
    group: balancing.ApplicationTargetGroup, name: str, statistic: str
) -> cloudwatch.Metric:
    """Return a metric of a load balancer's targets."""
    return group.metrics.custom(name, statistic=statistic, period=_MINUTE)


def aggregator_metric(namespace: str, name: str, statistic: str) -> cloudwatch.Metric:
    """Return a metric that the aggregator publishes in its stage's namespace."""
    return cloudwatch.Metric(
        namespace=namespace,
        metric_name=name,
        dimensions_map={"service": "aggregator"},
        statistic=statistic,
        period=_MINUTE,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class LogMetric:
    """A metric made from log lines: those that match `pattern`, each adding `value`."""

    name: str
    pattern: str
    value: str = "1"

    def create(
        self, scope: Construct, log_group: logs.ILogGroup, namespace: str
    ) -> cloudwatch.Metric:
        """Create the metric filter; the namespace separates the stages of an account."""
        metric_filter = logs.MetricFilter(
            scope,
            self.name,
            log_group=log_group,
            filter_pattern=logs.FilterPattern.literal(self.pattern),
            metric_namespace=namespace,
            metric_name=self.name,
            metric_value=self.value,
        )
        return metric_filter.metric(statistic="Sum", period=_MINUTE)


REFUSED_SIGNATURES = LogMetric(
    name="RefusedSignatures", pattern='{ $.event = "refused" && $.status = 403 }'
)
ACCEPTED_VOTES = LogMetric(
    name="AcceptedVotes",
    pattern='{ $.event = "text" && ($.outcome = "accepted" || $.outcome = "changed") }',
)
THROTTLED_REQUESTS = LogMetric(name="ThrottledRequests", pattern='{ $.status = "429" }')
REFUSED_REQUESTS = LogMetric(
    name="RefusedRequests",
    pattern='{ $.status = "4*" && $.status != "403" && $.status != "429" }',
)
"""HTTP APIs publish one metric of all 4xx; only their access log tells them apart."""
UNREADABLE_POLLS = LogMetric(name="UnreadablePolls", pattern='{ $.event = "directory.unreadable" }')
STALE_DIRECTORIES = LogMetric(name="StaleDirectories", pattern='{ $.event = "directory.stale" }')
STALE_SECRETS = LogMetric(name="StaleSecrets", pattern='{ $.event = "secret.stale" }')
FORGED_ITEMS = LogMetric(name="ForgedItems", pattern='{ $.event = "replay.forged" }')
REPLAY_FAILURES = LogMetric(name="ReplayFailures", pattern='{ $.event = "replay.failed" }')
UNEXPLAINED_TEXTS = LogMetric(
    name="UnexplainedTexts",
    pattern=(
        '{ ($.event = "reconciled" && $.unknown_to_twilio > 0)'
        ' || $.event = "reconcile.unbalanced" }'
    ),
)
CHANGED_ROWS = LogMetric(name="ChangedRows", pattern='{ $.event = "merge.row_changed" }')
BAD_RECORDS = LogMetric(name="BadRecords", pattern="{ $.badrecords > 0 }", value="$.badrecords")
FOLDED_RECORDS = LogMetric(name="FoldedRecords", pattern="{ $.folded > 0 }", value="$.folded")
