"""Alarms and graphs of the webhook and of the votes that it writes."""

from aws_cdk import aws_cloudwatch as cloudwatch
from aws_cdk import aws_dynamodb as dynamodb
from constructs import Construct

from infra import metrics
from infra.alarm_spec import AlarmSpec
from infra.ingest import Ingest


class IngestWatch:
    """What to watch of the webhook; `scope` gets the metric filters."""

    def __init__(
        self, scope: Construct, ingest: Ingest, votes: dynamodb.ITable, namespace: str
    ) -> None:
        self._ingest, self._votes = ingest, votes
        log = ingest.log_group
        self._refused = metrics.REFUSED_SIGNATURES.create(scope, log, namespace)
        self._unreadable = metrics.UNREADABLE_POLLS.create(scope, log, namespace)
        self._stale = metrics.STALE_DIRECTORIES.create(scope, log, namespace)
        self._stale_secret = metrics.STALE_SECRETS.create(scope, log, namespace)

    def alarm_specs(self) -> list[AlarmSpec]:
        """Return the alarms."""
        api = self._ingest.api.api_id
        return [
            AlarmSpec(
                name="VotesThrottled",
                metric=metrics.table_metric(self._votes, "WriteThrottleEvents"),
                threshold=1,
                minutes=2,
                means="Texts wait for capacity. Raise the ceiling, or use more shards next round.",
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
        ]

    def graphs(self) -> dict[str, list[cloudwatch.IMetric]]:
        """Return the graphs by title."""
        api = self._ingest.api.api_id
        return {
            "Texts in": [metrics.api_metric(api, name) for name in ("Count", "4xx", "5xx")],
            "Answered in (ms)": [metrics.api_metric(api, "Latency", p) for p in ("p50", "p99")],
            "Refused signatures": [self._refused],
            "Votes written": [
                metrics.table_metric(self._votes, name)
                for name in ("ConsumedWriteCapacityUnits", "WriteThrottleEvents")
            ],
        }
