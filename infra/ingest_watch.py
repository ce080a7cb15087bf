"""Alarms and graphs of the webhook and of the votes that it writes."""

from typing import Final

from aws_cdk import aws_cloudwatch as cloudwatch
from aws_cdk import aws_dynamodb as dynamodb
from constructs import Construct

from infra import metrics
from infra.alarm_spec import ACCOUNT_SETTINGS, DOCTOR, AlarmSpec, describe, tail
from infra.ingest import Ingest

FLOOD_SHARE: Final = 0.75
"""Share of the admitted requests that is a flood: known before texts are refused for it."""


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
        self.accepted = metrics.ACCEPTED_VOTES.create(scope, log, namespace)
        requests = ingest.access_log
        self._throttled = metrics.THROTTLED_REQUESTS.create(scope, requests, namespace)
        self._others_refused = metrics.REFUSED_REQUESTS.create(scope, requests, namespace)

    def alarm_specs(self) -> list[AlarmSpec]:
        """Return the alarms."""
        return [*self._failures(), *self._requests(), *self._stale_data()]

    def _failures(self) -> list[AlarmSpec]:
        api, log = self._ingest.api.api_id, self._ingest.log_group
        return [
            AlarmSpec(
                name="VotesThrottled",
                metric=metrics.filled(metrics.table_metric(self._votes, "WriteThrottleEvents")),
                threshold=1,
                minutes=2,
                means="Texts wait for capacity. Raise the ceiling, or use more shards next round.",
                command=describe(self._votes),
            ),
            AlarmSpec(
                name="WebhookFails",
                metric=metrics.api_metric(api, "5xx"),
                threshold=1,
                minutes=2,
                means="Texts are refused that Twilio may not send again. Read the webhook's log.",
                command=tail(log),
            ),
            AlarmSpec(
                name="WebhookSlow",
                metric=metrics.api_metric(api, "Latency", "p99"),
                threshold=2_000,
                minutes=3,
                means="After 3 s a text is answered 503. Look for throttling and cold starts.",
                command=tail(log),
            ),
            *self._function_throttled(),
        ]

    def _function_throttled(self) -> list[AlarmSpec]:
        """Return the alarm of the function; a webhook in containers has none."""
        if not (webhook := self._ingest.function):
            return []
        return [
            AlarmSpec(
                name="WebhookThrottled",
                metric=metrics.function_metric(webhook.function, "Throttles"),
                threshold=1,
                minutes=1,
                means="Texts are refused: too many functions run in this account. Twilio sends them"
                " again, then to the fallback. Ask AWS for a higher quota.",
                command=ACCOUNT_SETTINGS,
            )
        ]

    def _requests(self) -> list[AlarmSpec]:
        requests = tail(self._ingest.access_log)
        return [
            AlarmSpec(
                name="SignaturesRefused",
                metric=self._refused,
                threshold=20,
                minutes=1,
                means="Somebody forges texts, or the token or the URL at Twilio is not ours.",
                command=DOCTOR,
            ),
            AlarmSpec(
                name="Flood",
                metric=metrics.api_metric(self._ingest.api.api_id, "Count"),
                threshold=self._ingest.limit.per_second * 60 * FLOOD_SHARE,
                minutes=2,
                means="Three of four requests that the API admits have come. If they are no texts,"
                " somebody floods it, at your cost.",
                command=requests,
            ),
            AlarmSpec(
                name="RequestsThrottled",
                metric=self._throttled,
                threshold=1,
                minutes=1,
                means="The API has refused requests with 429: more than it admits. Twilio sends"
                " texts again, then to the fallback.",
                command=requests,
            ),
            AlarmSpec(
                name="RequestsRefused",
                metric=self._others_refused,
                threshold=20,
                minutes=1,
                means="Requests are refused that are no texts, or not to /sms. Is the number's URL"
                " right? Else somebody tries the address.",
                command=requests,
            ),
        ]

    def _stale_data(self) -> list[AlarmSpec]:
        log = self._ingest.log_group
        return [
            AlarmSpec(
                name="PollsUnreadable",
                metric=self._unreadable,
                threshold=1,
                minutes=1,
                means="A poll takes no texts: its row cannot be read. voteapp poll list names it.",
                command="voteapp poll list --stage {stage}",
            ),
            AlarmSpec(
                name="DirectoryStale",
                metric=self._stale,
                threshold=1,
                minutes=2,
                means="The polls table cannot be read. After 60 s texts are refused: see the log.",
                command=tail(log),
            ),
            AlarmSpec(
                name="SecretStale",
                metric=self._stale_secret,
                threshold=1,
                minutes=2,
                means="The secret cannot be read. After 60 minutes texts are refused: see the log.",
                command=tail(log),
            ),
        ]

    def graphs(self) -> dict[str, list[cloudwatch.IMetric]]:
        """Return the graphs by title."""
        api = self._ingest.api.api_id
        return {
            "Texts in": [metrics.api_metric(api, name) for name in ("Count", "4xx", "5xx")],
            "Answered in (ms)": [metrics.api_metric(api, "Latency", p) for p in ("p50", "p99")],
            "Refused signatures": [self._refused],
            "Refused requests": [self._throttled, self._others_refused],
            "Votes written": [
                metrics.table_metric(self._votes, name)
                for name in ("ConsumedWriteCapacityUnits", "WriteThrottleEvents")
            ],
        }
