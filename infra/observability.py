"""Alarms, their notifications by e-mail, a budget, and a CloudWatch dashboard."""

from collections.abc import Mapping, Sequence

from aws_cdk import aws_budgets as budgets
from aws_cdk import aws_cloudwatch as cloudwatch
from aws_cdk import aws_cloudwatch_actions as actions
from aws_cdk import aws_sns as sns
from aws_cdk import aws_sns_subscriptions as subscriptions
from constructs import Construct

from infra import metrics
from infra.aggregation import Aggregation
from infra.alarm_spec import AlarmSpec
from infra.config import StageConfig
from infra.container_watch import ContainerWatch
from infra.fallback import Fallback
from infra.fallback_watch import FallbackWatch
from infra.ingest import Ingest
from infra.reconciliation import Reconciliation
from infra.reconciliation_watch import ReconciliationWatch
from infra.storage import Storage


class Observability(Construct):
    """Alarms and a dashboard; with an address, also e-mails and a budget."""

    def __init__(  # noqa: PLR0913 - the parts that it watches
        self,
        scope: Construct,
        construct_id: str,
        *,
        config: StageConfig,
        storage: Storage,
        ingest: Ingest,
        fallback: Fallback | None,
        aggregation: Aggregation,
        reconciliation: Reconciliation | None,
    ) -> None:
        super().__init__(scope, construct_id)
        self._config = config
        self._storage, self._ingest, self._aggregation = storage, ingest, aggregation
        namespace = config.stack_name
        self._refused = metrics.REFUSED_SIGNATURES.create(self, ingest.log_group, namespace)
        self._unreadable = metrics.UNREADABLE_POLLS.create(self, ingest.log_group, namespace)
        self._stale = metrics.STALE_DIRECTORIES.create(self, ingest.log_group, namespace)
        self._stale_secret = metrics.STALE_SECRETS.create(self, ingest.log_group, namespace)
        aggregator_log = aggregation.aggregator.log_group
        self._bad = metrics.BAD_RECORDS.create(self, aggregator_log, namespace)
        self._folded = metrics.FOLDED_RECORDS.create(self, aggregator_log, namespace)
        specs, graphs = self._alarm_specs(), self._graphs()
        if fallback:
            watch = FallbackWatch(self, fallback, namespace)
            specs, graphs = [*specs, *watch.alarm_specs()], graphs | watch.graphs()
        if ingest.service:
            balanced = ContainerWatch(ingest.service)
            specs, graphs = [*specs, *balanced.alarm_specs()], graphs | balanced.graphs()
        if reconciliation:
            scheduled = ReconciliationWatch(self, reconciliation, namespace)
            specs, graphs = [*specs, *scheduled.alarm_specs()], graphs | scheduled.graphs()
        self._add_alarms(specs, config.options.alarm_email)
        self._add_dashboard(graphs)

    def _alarm_specs(self) -> list[AlarmSpec]:
        api, aggregator = self._ingest.api.api_id, self._aggregation.aggregator.function
        throttled = "WriteThrottleEvents"
        return [
            AlarmSpec(
                name="VotesThrottled",
                metric=metrics.table_metric(self._storage.votes, throttled),
                threshold=1,
                minutes=2,
                means="Texts wait for capacity. Raise the ceiling, or use more shards next round.",
            ),
            AlarmSpec(
                name="FoldThrottled",
                metric=metrics.table_metric(self._storage.aggregates, throttled),
                threshold=1,
                minutes=2,
                means="The screen falls behind; the count stays exact. Raise the capacity.",
            ),
            AlarmSpec(
                name="ScreensThrottled",
                metric=metrics.table_metric(self._storage.aggregates, "ReadThrottleEvents"),
                threshold=1,
                minutes=2,
                means="Screens wait; texts are counted. Too many viewers, or max_reads_per_second.",
            ),
            AlarmSpec(
                name="WebhookFails",
                metric=metrics.api_metric(api, "5xx"),
                threshold=1,
                minutes=2,
                means="Texts are refused that Twilio may not send again. Read the webhook's log.",
            ),
            AlarmSpec(
                name="WebhookSlow",
                metric=metrics.api_metric(api, "Latency", "p99"),
                threshold=2_000,
                minutes=3,
                means="After 3 s a text is answered 503. Look for throttling and cold starts.",
            ),
            AlarmSpec(
                name="SignaturesRefused",
                metric=self._refused,
                threshold=20,
                minutes=1,
                means="Somebody forges texts, or the token or the URL at Twilio is not ours.",
            ),
            AlarmSpec(
                name="PollsUnreadable",
                metric=self._unreadable,
                threshold=1,
                minutes=1,
                means="A poll takes no texts: its row cannot be read. voteapp poll list names it.",
            ),
            AlarmSpec(
                name="DirectoryStale",
                metric=self._stale,
                threshold=1,
                minutes=2,
                means="The polls table cannot be read. After 60 s texts are refused: see the log.",
            ),
            AlarmSpec(
                name="SecretStale",
                metric=self._stale_secret,
                threshold=1,
                minutes=2,
                means="The secret cannot be read. After 60 minutes texts are refused: see the log.",
            ),
            AlarmSpec(
                name="AggregatorFails",
                metric=metrics.function_metric(aggregator, "Errors"),
                threshold=1,
                minutes=3,
                means="Batches are delivered again until they fold; the screen stands still.",
            ),
            AlarmSpec(
                name="StreamWaits",
                metric=metrics.function_metric(aggregator, "IteratorAge", "Maximum"),
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

    def _add_alarms(self, specs: Sequence[AlarmSpec], email: str | None) -> None:
        topic = self._add_topic(email) if email else None
        for spec in specs:
            alarm = cloudwatch.Alarm(
                self,
                spec.name,
                metric=spec.metric,
                threshold=spec.threshold,
                evaluation_periods=5,
                datapoints_to_alarm=spec.minutes,
                comparison_operator=cloudwatch.ComparisonOperator.GREATER_THAN_OR_EQUAL_TO_THRESHOLD,
                treat_missing_data=cloudwatch.TreatMissingData.NOT_BREACHING,
                alarm_description=spec.means,
            )
            if topic:
                alarm.add_alarm_action(actions.SnsAction(topic))
        if email:
            self._add_budget(email)

    def _add_topic(self, email: str) -> sns.Topic:
        topic = sns.Topic(self, "Alarms", enforce_ssl=True)
        topic.add_subscription(subscriptions.EmailSubscription(email))
        return topic

    def _add_budget(self, email: str) -> None:
        """Cost data lags a day, so notify at 100 % of the forecast and 80 % of the actual cost."""
        subscriber = budgets.CfnBudget.SubscriberProperty(address=email, subscription_type="EMAIL")
        notifications = [
            budgets.CfnBudget.NotificationWithSubscribersProperty(
                notification=budgets.CfnBudget.NotificationProperty(
                    notification_type=kind,
                    comparison_operator="GREATER_THAN",
                    threshold=percent,
                    threshold_type="PERCENTAGE",
                ),
                subscribers=[subscriber],
            )
            for kind, percent in (("ACTUAL", 80), ("FORECASTED", 100))
        ]
        limit = self._config.options.monthly_budget_usd
        budgets.CfnBudget(
            self,
            "Budget",
            budget=budgets.CfnBudget.BudgetDataProperty(
                budget_type="COST",
                time_unit="MONTHLY",
                budget_limit=budgets.CfnBudget.SpendProperty(amount=limit, unit="USD"),
                cost_filters={"TagKeyValue": [f"user:stage${self._config.tags['stage']}"]},
            ),
            notifications_with_subscribers=notifications,
        )

    def _graphs(self) -> dict[str, list[cloudwatch.IMetric]]:
        """Return the graphs of the dashboard by title, in pipeline order."""
        api, aggregator = self._ingest.api.api_id, self._aggregation.aggregator.function
        votes, aggregates = self._storage.votes, self._storage.aggregates
        return {
            "Texts in": [metrics.api_metric(api, name) for name in ("Count", "4xx", "5xx")],
            "Answered in (ms)": [metrics.api_metric(api, "Latency", p) for p in ("p50", "p99")],
            "Refused signatures": [self._refused],
            "Votes written": [
                metrics.table_metric(votes, name)
                for name in ("ConsumedWriteCapacityUnits", "WriteThrottleEvents")
            ],
            "Oldest vote in the stream (ms)": [
                metrics.function_metric(aggregator, "IteratorAge", "Maximum")
            ],
            "Aggregator": [
                metrics.function_metric(aggregator, name) for name in ("Invocations", "Errors")
            ],
            "Folded": [self._folded, self._bad],
            "From vote to count (s)": [
                metrics.aggregator_metric(self._config.stack_name, "VoteToCount", p)
                for p in ("p50", "p99")
            ],
            "Screens reading": [
                metrics.table_metric(aggregates, name)
                for name in ("ConsumedReadCapacityUnits", "ReadThrottleEvents")
            ],
        }

    def _add_dashboard(self, graphs: Mapping[str, Sequence[cloudwatch.IMetric]]) -> None:
        dashboard = cloudwatch.Dashboard(self, "Pipeline")
        widgets = [
            cloudwatch.GraphWidget(title=title, left=[*graph_metrics], width=12)
            for title, graph_metrics in graphs.items()
        ]
        for start in range(0, len(widgets), 2):
            dashboard.add_widgets(*widgets[start : start + 2])
