"""Who is told when something is wrong, and the page that shows the way of a text."""

from dataclasses import dataclass

from aws_cdk import aws_budgets as budgets
from aws_cdk import aws_cloudwatch as cloudwatch
from aws_cdk import aws_cloudwatch_actions as actions
from aws_cdk import aws_sns as sns
from aws_cdk import aws_sns_subscriptions as subscriptions
from constructs import Construct

from infra import metrics
from infra.aggregation import Aggregation
from infra.config import StageConfig
from infra.ingest import Ingest
from infra.storage import Storage


@dataclass(frozen=True, slots=True, kw_only=True)
class AlarmSpec:
    """An alarm: what is watched, from which value on, for how many minutes of five."""

    name: str
    metric: cloudwatch.IMetric
    threshold: float
    minutes: int
    means: str
    """What it means for the count, and what to look at: the text of the e-mail."""


class Observability(Construct):
    """Alarms by e-mail, a budget, and one dashboard from the text to the screen."""

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        config: StageConfig,
        storage: Storage,
        ingest: Ingest,
        aggregation: Aggregation,
    ) -> None:
        super().__init__(scope, construct_id)
        self._config = config
        self._storage, self._ingest, self._aggregation = storage, ingest, aggregation
        namespace = config.stack_name
        self._refused = metrics.REFUSED_SIGNATURES.of(self, ingest.log_group, namespace)
        self._unreadable = metrics.UNREADABLE_POLLS.of(self, ingest.log_group, namespace)
        folding = aggregation.aggregator.log_group
        self._bad = metrics.BAD_RECORDS.of(self, folding, namespace)
        self._folded = metrics.FOLDED_RECORDS.of(self, folding, namespace)
        self._alarm(config.options.alarm_email)
        self._show()

    def _watches(self) -> list[AlarmSpec]:
        api, aggregator = self._ingest.api.api_id, self._aggregation.aggregator.function
        throttled = "WriteThrottleEvents"
        return [
            AlarmSpec(
                name="VotesThrottled",
                metric=metrics.of_table(self._storage.votes, throttled),
                threshold=1,
                minutes=2,
                means="Texts wait for capacity. Raise the ceiling, or use more shards next round.",
            ),
            AlarmSpec(
                name="FoldThrottled",
                metric=metrics.of_table(self._storage.aggregates, throttled),
                threshold=1,
                minutes=2,
                means="The screen falls behind; the count stays exact. Raise the capacity.",
            ),
            AlarmSpec(
                name="WebhookFails",
                metric=metrics.of_api(api, "5xx"),
                threshold=1,
                minutes=2,
                means="Texts are refused that Twilio may not send again. Read the webhook's log.",
            ),
            AlarmSpec(
                name="WebhookSlow",
                metric=metrics.of_api(api, "Latency", "p99"),
                threshold=5_000,
                minutes=3,
                means="Twilio gives up after 15 s. Look for throttling and cold starts.",
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
                name="AggregatorFails",
                metric=metrics.of_function(aggregator, "Errors"),
                threshold=1,
                minutes=3,
                means="Batches are delivered again until they fold; the screen stands still.",
            ),
            AlarmSpec(
                name="StreamWaits",
                metric=metrics.of_function(aggregator, "IteratorAge", "Maximum"),
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

    def _alarm(self, email: str | None) -> None:
        topic = self._topic(email) if email else None
        for watch in self._watches():
            alarm = cloudwatch.Alarm(
                self,
                watch.name,
                metric=watch.metric,
                threshold=watch.threshold,
                evaluation_periods=5,
                datapoints_to_alarm=watch.minutes,
                comparison_operator=cloudwatch.ComparisonOperator.GREATER_THAN_OR_EQUAL_TO_THRESHOLD,
                treat_missing_data=cloudwatch.TreatMissingData.NOT_BREACHING,
                alarm_description=watch.means,
            )
            if topic:
                alarm.add_alarm_action(actions.SnsAction(topic))
        if email:
            self._budget(email)

    def _topic(self, email: str) -> sns.Topic:
        topic = sns.Topic(self, "Alarms", enforce_ssl=True)
        topic.add_subscription(subscriptions.EmailSubscription(email))
        return topic

    def _budget(self, email: str) -> None:
        """AWS tells a cost a day late: early where the forecast is over, again at 80 %."""
        reader = budgets.CfnBudget.SubscriberProperty(address=email, subscription_type="EMAIL")
        notices = [
            budgets.CfnBudget.NotificationWithSubscribersProperty(
                notification=budgets.CfnBudget.NotificationProperty(
                    notification_type=kind,
                    comparison_operator="GREATER_THAN",
                    threshold=percent,
                    threshold_type="PERCENTAGE",
                ),
                subscribers=[reader],
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
            ),
            notifications_with_subscribers=notices,
        )

    def _show(self) -> None:
        """A row a station, in the order in which a text passes them."""
        api, aggregator = self._ingest.api.api_id, self._aggregation.aggregator.function
        votes, aggregates = self._storage.votes, self._storage.aggregates
        rows: dict[str, list[cloudwatch.IMetric]] = {
            "Texts in": [metrics.of_api(api, name) for name in ("Count", "4xx", "5xx")],
            "Answered in (ms)": [metrics.of_api(api, "Latency", p) for p in ("p50", "p99")],
            "Refused signatures": [self._refused],
            "Votes written": [
                metrics.of_table(votes, name)
                for name in ("ConsumedWriteCapacityUnits", "WriteThrottleEvents")
            ],
            "Oldest vote in the stream (ms)": [
                metrics.of_function(aggregator, "IteratorAge", "Maximum")
            ],
            "Aggregator": [
                metrics.of_function(aggregator, name) for name in ("Invocations", "Errors")
            ],
            "Folded": [self._folded, self._bad],
            "From vote to count (s)": [
                metrics.of_fold(self._config.stack_name, "VoteToCount", p) for p in ("p50", "p99")
            ],
            "Screens reading": [
                metrics.of_table(aggregates, name)
                for name in ("ConsumedReadCapacityUnits", "ReadThrottleEvents")
            ],
        }
        page = cloudwatch.Dashboard(self, "Pipeline")
        widgets = [
            cloudwatch.GraphWidget(title=title, left=measures, width=12)
            for title, measures in rows.items()
        ]
        for start in range(0, len(widgets), 2):
            page.add_widgets(*widgets[start : start + 2])
