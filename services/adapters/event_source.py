"""How the aggregator's event source mapping is: running, and how far behind."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Final

LOOK_BACK: Final = timedelta(minutes=10)
AGE_MS: Final = 10_000
"""A newest record older than this when it was read: the mapping lags."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MappingState:
    """`state` is AWS's word; `iterator_age_ms` is None where nobody measures it."""

    state: str
    last_result: str
    iterator_age_ms: int | None

    @property
    def complaints(self) -> tuple[str, ...]:
        """Why the stream cannot be taken for drained; empty if nothing speaks against it."""
        found = []
        if self.state != "Enabled":
            found.append(f"the aggregator's mapping is {self.state or 'missing'}: enable it")
        if self.last_result.startswith("PROBLEM"):
            found.append(f"the aggregator fails ({self.last_result}): see its log")
        if (self.iterator_age_ms or 0) > AGE_MS:
            seconds = (self.iterator_age_ms or 0) / 1000
            found.append(f"the aggregator is {seconds:.0f} s behind: wait until it has caught up")
        return tuple(found)


def mapping_state(client: Callable[[str], Any], function: str) -> MappingState:
    """The state of the mapping that feeds a function; `client` makes a client by its name.

    The age is CloudWatch's `IteratorAge`: it has a value only for minutes with a call.
    """
    answer = client("lambda").list_event_source_mappings(FunctionName=function)
    mapping: dict[str, Any] = next(iter(answer["EventSourceMappings"]), {})
    now = datetime.now(UTC)
    points = client("cloudwatch").get_metric_statistics(
        Namespace="AWS/Lambda",
        MetricName="IteratorAge",
        Dimensions=[{"Name": "FunctionName", "Value": function}],
        StartTime=now - LOOK_BACK,
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
