"""Reads the state of the aggregator's event source mapping and its lag."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Final

METRIC_WINDOW: Final = timedelta(minutes=10)
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
    def complaints(self) -> tuple[str, ...]:
        """Return the reasons why the stream may not be drained."""
        complaints = []
        if self.state != "Enabled":
            complaints.append(f"the aggregator's mapping is {self.state or 'missing'}: enable it")
        if self.last_result.startswith("PROBLEM"):
            complaints.append(f"the aggregator fails ({self.last_result}): see its log")
        if (self.iterator_age_ms or 0) > MAX_LAG_MS:
            seconds = (self.iterator_age_ms or 0) / 1000
            complaints.append(
                f"the aggregator is {seconds:.0f} s behind: wait until it has caught up"
            )
        return tuple(complaints)


def mapping_state(client: Callable[[str], Any], function: str) -> MappingState:
    """Read the state of a function's mapping; `client` creates a boto3 client by service name.

    The age is CloudWatch's `IteratorAge`, which has values only for minutes with an invocation.
    """
    answer = client("lambda").list_event_source_mappings(FunctionName=function)
    mapping: dict[str, Any] = next(iter(answer["EventSourceMappings"]), {})
    now = datetime.now(UTC)
    points = client("cloudwatch").get_metric_statistics(
        Namespace="AWS/Lambda",
        MetricName="IteratorAge",
        Dimensions=[{"Name": "FunctionName", "Value": function}],
        StartTime=now - METRIC_WINDOW,
        EndTime=now,
        Period=60,
        Statistics=["Maximum"],
    )["Datapoints"]
    newest = max(points, key=lambda point: point["Timestamp"], default=None)
    return MappingState(
        state=mapping.get("State", ""),
        last_result=mapping.get("LastProcessingResult") or "",
        iterator_age_ms=round(newest["Maximum"]) if newest else None,
    )
