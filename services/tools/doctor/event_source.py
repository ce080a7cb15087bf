"""Checks the aggregator's event source mapping to the stream of the votes table.

The count is exact only with these settings. The stack sets the same ones; a test compares them.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

from services.tools.doctor.finding import (
    RESTORE,
    Finding,
    failed,
    ok,
    ok_or_failed,
    skipped,
    warning,
)
from services.voting.tally import Totals

REQUIRED: Final[Mapping[str, object]] = {
    "StartingPosition": "TRIM_HORIZON",
    "ParallelizationFactor": 1,
    "TumblingWindowInSeconds": 30,
    "MaximumRetryAttempts": -1,
    "MaximumRecordAgeInSeconds": -1,
    "BisectBatchOnFunctionError": False,
}
"""Without these settings the aggregator can miscount or lose records."""

WHY: Final[Mapping[str, str]] = {
    "StartingPosition": "votes cast before the mapping existed are not counted",
    "ParallelizationFactor": "concurrent batches of a shard: votes behind the watermark are lost",
    "TumblingWindowInSeconds": "events lack the stream shard, and the aggregator rejects them",
    "MaximumRetryAttempts": "failed batches are dropped, and lost",
    "MaximumRecordAgeInSeconds": "old batches are dropped, and lost",
    "BisectBatchOnFunctionError": "the halves of a batch may change order, and votes are lost",
}
LIMIT_SECONDS: Final = 60
"""Threshold of the alarm: votes that wait longer are a fault, not a burst."""

_REMEDY: Final = f"{RESTORE}; then recount: voteapp audit"


def check_mapping(
    mappings: Sequence[Mapping[str, Any]], stream_arn: str, *, emulated: bool = False
) -> Finding:
    """Check that there is one mapping, enabled, on the current stream, with the required settings.

    `mappings` are all of the aggregator's, from ListEventSourceMappings. Settings that the
    emulator does not store are skipped.
    """
    if not mappings:
        return failed("mapping", "none: no vote is counted", RESTORE)
    if len(mappings) > 1:
        remedy = "delete all but the stack's, then recount: voteapp audit"
        return failed("mapping", f"{len(mappings)} of them: each counts the votes again", remedy)
    (mapping,) = mappings
    problems = [*_wrong_settings(mapping, emulated=emulated)]
    if mapping.get("EventSourceArn") != stream_arn:
        problems.insert(0, "reads another stream than the current one of the votes table")
    if (state := mapping.get("State")) != "Enabled":
        problems.insert(0, f"State: {state}, not Enabled: no vote is counted")
    if str(last := mapping.get("LastProcessingResult") or "").startswith("PROBLEM"):
        problems.append(f"LastProcessingResult: {last}")
    return ok_or_failed("mapping", problems, "one, enabled, with every setting", _REMEDY)


def _wrong_settings(mapping: Mapping[str, Any], *, emulated: bool) -> Iterable[str]:
    for name, wanted in REQUIRED.items():
        if emulated and mapping.get(name) is None:
            continue
        if (found := mapping.get(name)) != wanted:
            yield f"{name}: {found}, not {wanted}: {WHY[name]}"
    if mapping.get("FunctionResponseTypes"):
        yield "FunctionResponseTypes: set: retried parts of a batch are behind the watermark"
    if mapping.get("FilterCriteria"):
        yield "FilterCriteria: set: records that it filters out are not counted"
    if (mapping.get("DestinationConfig") or {}).get("OnFailure", {}).get("Destination"):
        yield "DestinationConfig: set: failed batches are dropped, and lost"


def check_age(age_ms: float | None, *, minutes: int) -> Finding:
    """Check how long the oldest vote has waited; None if no vote came in the last minutes."""
    if age_ms is None:
        return skipped("iterator age", f"no vote came in the last {minutes} minutes")
    seconds = age_ms / 1000
    if seconds >= LIMIT_SECONDS:
        remedy = "read the aggregator's log; after 24 h votes expire from the stream: voteapp audit"
        return failed("iterator age", f"the oldest vote has waited {seconds:,.0f} s", remedy)
    return ok("iterator age", f"{seconds:,.1f} s at most")


def check_fold(totals: Mapping[str, Totals], now_ms: int) -> Finding:
    """Check when a vote was last counted, and that all records could be read. `totals` by poll."""
    if bad := {poll: total.bad for poll, total in totals.items() if total.bad}:
        counts = ", ".join(f"{count:,} of {poll}" for poll, count in bad.items())
        remedy = "the aggregator's log says why; recount: voteapp audit"
        return warning("last fold", f"records that could not be read: {counts}", remedy)
    latest = max(totals.items(), key=lambda one: one[1].as_of_ms, default=None)
    if latest is None or not latest[1].as_of_ms:
        return skipped("last fold", "no vote has ever been counted")
    poll, total = latest
    return ok("last fold", f"{poll}, {(now_ms - total.as_of_ms) / 1000:,.0f} s ago")
