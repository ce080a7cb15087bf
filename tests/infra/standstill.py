"""What can happen on an evening, as the metrics show it, and which alarms ring in which minute."""

from collections.abc import Iterator, Mapping
from typing import Any, Final

from tests.infra.conftest import Resources
from tests.support.cloudwatch import Series, metrics_of, period_minutes, ringing

HOUR: Final = 60
DAY: Final = 24 * HOUR

Metrics = Mapping[str, float | Series | None]
"""Values by metric: the same in each minute, or a function; None is no data."""


def each_five(minute: int) -> float | None:
    """A run of the canary every five minutes."""
    return 1 if minute % 5 == 0 else None


def without_error(minute: int) -> float | None:
    """Lambda says of each run whether it failed: this one did not."""
    return None if each_five(minute) is None else 0


def every_day(minute: int) -> float | None:
    """A run of the nightly merge."""
    return 1 if minute % DAY == 0 else None


SILENCE: Final[Metrics] = {
    "Invocations of merger": every_day,
    "Errors of merger": lambda minute: None if every_day(minute) is None else 0,
    "Invocations of canary": each_five,
    "Errors of canary": without_error,
    "PolledEventCount of the mapping": 60,
    "ClaimedAccountConcurrency": 1,
    "ConcurrentExecutions": 1,
}
"""Nobody texts. Lambda goes on reading the stream, and says so."""

VOTES: Final[Metrics] = {
    **SILENCE,
    "Count of the API": 600,
    "Latency of the API": 40,
    "AcceptedVotes": 500,
    "FoldedRecords": 500,
    "IteratorAge of aggregator": 300,
    "ClaimedAccountConcurrency": 4,
    "ConcurrentExecutions": 4,
}
"""Ten texts a second, and all is well."""

NOT_FOLDED: Final[Metrics] = {"FoldedRecords": None, "IteratorAge of aggregator": None}
NO_VOTES: Final[Metrics] = {"AcceptedVotes": None, "FoldedRecords": None}


def growing(minute: int) -> float:
    """The age of the oldest record of a stream that nobody folds from minute 0 on."""
    return max(300, (minute + 1) * 60_000)


STANDSTILL: Final[Mapping[str, tuple[Metrics, Metrics]]] = {
    "the mapping is disabled or deleted while votes come": (
        VOTES, {**NOT_FOLDED, "PolledEventCount of the mapping": None},
    ),
    "the mapping is disabled before the first vote": (
        SILENCE, {"PolledEventCount of the mapping": None},
    ),
    "the aggregator is throttled: the account's concurrency is used up": (
        VOTES,
        {
            **NOT_FOLDED, "Throttles of aggregator": 60,
            "ClaimedAccountConcurrency": 10, "ConcurrentExecutions": 10,
        },
    ),
    "the aggregator fails on every batch": (
        VOTES, {**NOT_FOLDED, "Errors of aggregator": 20, "IteratorAge of aggregator": growing},
    ),
    "writes to the table of aggregates are throttled": (
        VOTES,
        {
            **NOT_FOLDED, "Errors of aggregator": 20, "IteratorAge of aggregator": growing,
            "WriteThrottleEvents of aggregates": 20,
        },
    ),
    "the aggregator folds more slowly than votes come": (
        VOTES, {"IteratorAge of aggregator": growing},
    ),
    "the aggregator cannot read the records": (VOTES, {"FoldedRecords": None, "BadRecords": 500}),
    "the screens' reads are throttled": (VOTES, {"ReadThrottleEvents of aggregates": 50}),
    "the reader fails: screens of a large audience": (VOTES, {"Url5xxCount of reader": 60}),
    "the reader is throttled: somebody asks for boards that do not exist": (
        VOTES, {"Throttles of reader": 600},
    ),
    "the webhook fails": (VOTES, {**NO_VOTES, "5xx of the API": 600}),
    "the webhook takes too long": (
        VOTES, {**NO_VOTES, "5xx of the API": 600, "Latency of the API": 3_000},
    ),
    "the webhook is throttled: the account's concurrency is used up": (
        VOTES,
        {
            **NO_VOTES, "5xx of the API": 600, "Throttles of webhook": 600,
            "ClaimedAccountConcurrency": 10, "ConcurrentExecutions": 10,
        },
    ),
    "writes to the table of votes are throttled": (
        VOTES, {**NO_VOTES, "5xx of the API": 600, "WriteThrottleEvents of votes": 600},
    ),
    "more requests come than the API admits": (
        VOTES, {"Count of the API": 400_000, "ThrottledRequests": 100_000},
    ),
    "the token at Twilio is another one": (VOTES, {**NO_VOTES, "RefusedSignatures": 600}),
    "the number's URL has a wrong path": (VOTES, {**NO_VOTES, "RefusedRequests": 600}),
    "the polls cannot be read": (VOTES, {"StaleDirectories": 30}),
    "the secret cannot be read": (VOTES, {"StaleSecrets": 1}),
    "a poll's row cannot be read": (VOTES, {"UnreadablePolls": 1}),
}  # fmt: skip
"""Each way in which the count can stand still: what is measured before minute 0, and what changes."""

LATE_TEXTS: Final[Mapping[str, tuple[Metrics, Metrics]]] = {
    "the queue refuses texts": (SILENCE, {"5XXError of the fallback": 10}),
    "more requests come than the fallback admits": (
        SILENCE, {"Count of the fallback": 200_000, "4XXError of the fallback": 80_000},
    ),
    "texts wait for the store": (
        SILENCE,
        {"ApproximateAgeOfOldestMessage of the queue": lambda minute: 60 * (minute + 1)},
    ),
    "the replayer fails": (SILENCE, {"Errors of replayer": 2}),
    "the replayer fails on a text": (SILENCE, {"ReplayFailures": 1}),
    "the replayer is throttled": (SILENCE, {"Throttles of replayer": 5}),
    "texts are in the dead-letter queue": (
        SILENCE, {"ApproximateNumberOfMessagesVisible of the dead letters": 1},
    ),
    "the scheduled reconciliation fails": (SILENCE, {"Errors of reconciler": 1}),
    "the scheduled reconciliation is throttled": (SILENCE, {"Throttles of reconciler": 1}),
    "rows are not merged": (
        SILENCE, {"Invocations of merger": None, "Errors of merger": None},
    ),
    "merging fails": (SILENCE, {"Errors of merger": every_day}),
    "a merged row changes": (SILENCE, {"ChangedRows": 1}),
    "ballots hold texts that Twilio never received": (SILENCE, {"UnexplainedTexts": 1}),
    "the canary's texts are not counted": (SILENCE, {"Errors of canary": each_five}),
    "the canary does not run": (
        SILENCE, {"Invocations of canary": None, "Errors of canary": None},
    ),
}  # fmt: skip
"""Each way in which late texts wait or are doubtful."""

EVERYTHING: Final = {**STANDSTILL, **LATE_TEXTS}


def key_of(resources: Resources, metric: Mapping[str, Any]) -> str:
    """The name of a metric in the tables above."""
    values = [resources.readable(one["Value"]) for one in metric.get("Dimensions", [])]
    if not values:
        return str(metric["MetricName"])
    names = {
        "queue.QueueName": "the queue",
        "dead letters.QueueName": "the dead letters",
        "VoteApp-prod-fallback": "the fallback",
        **dict.fromkeys(resources.of("AWS::ApiGatewayV2::Api"), "the API"),
        **dict.fromkeys(resources.of("AWS::Lambda::EventSourceMapping"), "the mapping"),
    }
    return f"{metric['MetricName']} of {names.get(values[0], values[0])}"


def alarms_of(resources: Resources) -> Iterator[tuple[str, dict[str, Any]]]:
    """The alarms by the names that `infra` gives them."""
    for logical, alarm in resources.of("AWS::CloudWatch::Alarm").items():
        yield logical.removeprefix("Observability")[:-8], alarm["Properties"]


def rings(
    resources: Resources, before: Metrics, changes: Metrics, *, until: int = 2 * HOUR
) -> dict[str, int]:
    """The minutes from minute 0, in which something changes, until each alarm has rung."""
    found = {}
    for name, alarm in alarms_of(resources):
        series = {
            used: _series(before.get(key), {**before, **changes}.get(key))
            for used, metric in metrics_of(alarm).items()
            for key in [key_of(resources, metric)]
        }
        end = max(until, 4 * period_minutes(alarm))
        if minutes := ringing(alarm, series, start=-HOUR, end=end):
            found[name] = minutes[0] + 1
    return found


def _series(before: float | Series | None, after: float | Series | None) -> Series:
    def value(minute: int) -> float | None:
        held = before if minute < 0 else after
        return held(minute) if callable(held) else held

    return value
