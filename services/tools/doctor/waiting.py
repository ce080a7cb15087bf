"""Checks what waits for a person: alarms that are raised, and texts in the fallback's queue."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from services.tools.doctor.finding import Finding, failed, ok, warning
from services.voting.amounts import amount

ALARMS_CHECK: Final = "alarms"
QUEUE_CHECK: Final = "fallback queue"
AGE_MINUTES: Final = 15
"""Period over which the age of a queue's oldest text is read."""

_LATE_SECONDS: Final = 120
"""The replayer takes a text within a second of its due time; the store may be away for a minute."""


def raised_alarms(cloudwatch: Any, stack: str) -> list[str]:  # noqa: ANN401 - a boto3 client
    """Read the names of a stack's alarms that are in ALARM now, without the stack's name."""
    prefix = f"{stack}-Observability"
    pages = cloudwatch.get_paginator("describe_alarms").paginate(
        AlarmNamePrefix=prefix, StateValue="ALARM"
    )
    return [alarm["AlarmName"].removeprefix(prefix) for p in pages for alarm in p["MetricAlarms"]]


def oldest_text_seconds(cloudwatch: Any, queue_url: str) -> float | None:  # noqa: ANN401 - a boto3 client
    """Read the age of a queue's oldest text; None if CloudWatch has no value of late."""
    now = datetime.now(UTC)
    points = cloudwatch.get_metric_statistics(
        Namespace="AWS/SQS",
        MetricName="ApproximateAgeOfOldestMessage",
        Dimensions=[{"Name": "QueueName", "Value": queue_url.rpartition("/")[2]}],
        StartTime=now - timedelta(minutes=AGE_MINUTES),
        EndTime=now,
        Period=60,
        Statistics=["Maximum"],
    )["Datapoints"]
    newest = max(points, key=lambda point: point["Timestamp"], default=None)
    return None if newest is None else float(newest["Maximum"])


def check_alarms(raised: Sequence[str]) -> Finding:
    """Check that no alarm of the stack is raised."""
    if raised:
        remedy = "docs/alarms.md says what each means, and what to type first"
        return warning(ALARMS_CHECK, f"raised: {', '.join(sorted(raised))}", remedy)
    return ok(ALARMS_CHECK, "none is raised")


def check_queue(texts: int, oldest_seconds: float | None) -> Finding:
    """Check that texts do not wait long in the fallback's queues."""
    if not texts:
        return ok(QUEUE_CHECK, "no text waits")
    age = "" if oldest_seconds is None else f", the oldest for {oldest_seconds:,.0f} s"
    detail = f"{amount(texts, 'text waits', 'texts wait')}{age}"
    if oldest_seconds is not None and oldest_seconds < _LATE_SECONDS:
        return ok(QUEUE_CHECK, f"{detail}: being counted")
    return failed(QUEUE_CHECK, detail, "they are not lost: see docs/fallback.md")
