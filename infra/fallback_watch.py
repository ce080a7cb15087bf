"""Alarms and graphs of the fallback."""

from aws_cdk import aws_cloudwatch as cloudwatch
from constructs import Construct

from infra import metrics
from infra.alarm_spec import ACCOUNT_SETTINGS, AlarmSpec, tail
from infra.fallback import Fallback
from infra.ingest_watch import FLOOD_SHARE

_WAITS_SECONDS = 600
"""An item near a change of a poll waits for two minutes, which is no fault."""


class FallbackWatch:
    """What to watch of the fallback; `scope` gets the metric filters."""

    def __init__(self, scope: Construct, fallback: Fallback, namespace: str) -> None:
        self._fallback = fallback
        log = fallback.replayer.log_group
        self._forged = metrics.FORGED_ITEMS.create(scope, log, namespace)
        self._failures = metrics.REPLAY_FAILURES.create(scope, log, namespace)

    def alarm_specs(self) -> list[AlarmSpec]:
        """Return the alarms."""
        fallback = self._fallback
        api, function = fallback.api.rest_api_name, fallback.replayer.function
        log = fallback.replayer.log_group
        return [
            AlarmSpec(
                name="FallbackFails",
                metric=metrics.rest_api_metric(api, "5XXError"),
                threshold=1,
                minutes=1,
                means="The queue refuses texts. Reconcile with Twilio's log once it takes them.",
                command=tail(fallback.access_log),
            ),
            AlarmSpec(
                name="FallbackWaits",
                metric=metrics.queue_metric(fallback.queue, "ApproximateAgeOfOldestMessage"),
                threshold=_WAITS_SECONDS,
                minutes=1,
                means="Texts wait for the store, 4 days at most. Read the replayer's log.",
                command=tail(log),
            ),
            AlarmSpec(
                name="DeadLetters",
                metric=metrics.queue_metric(
                    fallback.dead_letters, "ApproximateNumberOfMessagesVisible"
                ),
                threshold=1,
                minutes=1,
                means="Texts that the replayer cannot take. Mend it, then redrive the queue.",
                command=tail(log),
            ),
            AlarmSpec(
                name="ReplayerFails",
                metric=metrics.function_metric(function, "Errors"),
                threshold=1,
                minutes=3,
                means="The replayer does not run; texts wait in the queue. Read its log.",
                command=tail(log),
            ),
            AlarmSpec(
                name="ReplayFails",
                metric=self._failures,
                threshold=1,
                minutes=3,
                means="The replayer fails on a text; it goes to the dead-letter queue in 9 hours.",
                command=tail(log),
            ),
            AlarmSpec(
                name="ReplayerThrottled",
                metric=metrics.function_metric(function, "Throttles"),
                threshold=1,
                minutes=1,
                means="Too many functions run in this account; texts wait in the queue, 4 days at"
                " most.",
                command=ACCOUNT_SETTINGS,
            ),
            AlarmSpec(
                name="FallbackFlood",
                metric=metrics.rest_api_metric(api, "Count"),
                threshold=fallback.limit.per_second * 60 * FLOOD_SHARE,
                minutes=2,
                means="Three of four requests that the fallback admits have come. If the webhook is"
                " well, somebody floods it, at your cost.",
                command=tail(fallback.access_log),
            ),
            AlarmSpec(
                name="FallbackRefuses",
                metric=metrics.rest_api_metric(api, "4XXError"),
                threshold=20,
                minutes=1,
                means="The fallback refuses requests: no forms, or more than it admits.",
                command=tail(fallback.access_log),
            ),
        ]

    def graphs(self) -> dict[str, list[cloudwatch.IMetric]]:
        """Return the graphs by title."""
        fallback = self._fallback
        return {
            "Fallback: texts in": [
                metrics.rest_api_metric(fallback.api.rest_api_name, name)
                for name in ("Count", "4XXError", "5XXError")
            ],
            "Fallback: oldest text (s)": [
                metrics.queue_metric(fallback.queue, "ApproximateAgeOfOldestMessage")
            ],
            "Fallback: forged, failed": [self._forged, self._failures],
        }
