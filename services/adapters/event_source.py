"""Reads the state of the aggregator's event source mapping and its lag."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Final

AGE_MINUTES: Final = 10
"""Period over which the age is read."""
MAX_LAG_MS: Final = 10_000
"""Iterator age above which the mapping counts as behind."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MappingState:
    """State of an event source mapping; `iterator_age_ms` is None if it was not measured.

    `state` and `last_result` are `State` and `LastProcessingResult` of Lambda's API.
    """

    state: str
    last_result: str
    iterator_age_ms: int | None

    @property
    def problems(self) -> tuple[str, ...]:
        """Return the reasons why the stream may not be drained."""
        problems = []
        if self.state != "Enabled":
            problems.append(f"the aggregator's mapping is {self.state or 'missing'}: enable it")
        if self.last_result.startswith("PROBLEM"):
            problems.append(f"the aggregator fails ({self.last_result}): see its log")
        if (self.iterator_age_ms or 0) > MAX_LAG_MS:
            seconds = (self.iterator_age_ms or 0) / 1000
            problems.append(
                f"the aggregator is {seconds:.0f} s behind: wait until it has caught up"
            )
        return tuple(problems)


def mapping_state(client: Callable[[str], Any], function: str) -> MappingState:
    """Read the state of a function's mapping; `client` creates a boto3 client by service name."""
    answer = client("lambda").list_event_source_mappings(FunctionName=function)
    mapping: dict[str, Any] = next(iter(answer["EventSourceMappings"]), {})
    age_ms = newest_iterator_age_ms(client("cloudwatch"), function, minutes=AGE_MINUTES)
    return MappingState(
        state=mapping.get("State", ""),
        last_result=mapping.get("LastProcessingResult") or "",
        iterator_age_ms=None if age_ms is None else round(age_ms),
    )


def newest_iterator_age_ms(cloudwatch: Any, function: str, *, minutes: int) -> float | None:  # noqa: ANN401 - a boto3 client
    """Return the newest maximum of CloudWatch's `IteratorAge` in the last minutes.

    None without an invocation: the metric has values only for minutes with one.
    """
    now = datetime.now(UTC)
    points = cloudwatch.get_metric_statistics(
        Namespace="AWS/Lambda",
        MetricName="IteratorAge",
        Dimensions=[{"Name": "FunctionName", "Value": function}],
        StartTime=now - timedelta(minutes=minutes),
        EndTime=now,
        Period=60,
        Statistics=["Maximum"],
    )["Datapoints"]
    newest = max(points, key=lambda point: point["Timestamp"], default=None)
    return None if newest is None else float(newest["Maximum"])
