"""Folds one batch of the stream: the aggregator without its environment, log and metrics.

Imports the rules only, so it runs wherever Python does: on Lambda, in a simulation, in a browser.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from lambdas.aggregator.records import changes_of
from services.voting.errors import ShardUnknownError
from services.voting.fold import fold

if TYPE_CHECKING:
    from services.voting.ports import Tallies

# With a tumbling window, Lambda treats a response without `state` as a failure.
FOLDED: Final[Mapping[str, Any]] = {"state": {}, "batchItemFailures": []}


@dataclass(frozen=True, slots=True, kw_only=True)
class FoldedBatch:
    """Numbers of records of a batch, and the time of its newest vote (0 if no record has one)."""

    folded: int
    duplicates: int
    bad: int
    newest_ms: int


def fold_batch(
    event: Mapping[str, Any], tallies: "Tallies", *, default_shard: str | None
) -> FoldedBatch | None:
    """Fold a batch into tallies; None if it is empty, as the last batch of a window may be.

    Raises:
        ShardUnknownError: neither the event nor `default_shard` names the stream shard.
    """
    records = event.get("Records") or []
    if not records:
        return None
    shard = event.get("shardId") or default_shard
    if not shard:
        raise ShardUnknownError
    changes, without_sequence = changes_of(records)
    folded = fold(changes, tallies, stream_label=stream_label(records), stream_shard=shard)
    return FoldedBatch(
        folded=folded.folded,
        duplicates=folded.duplicates,
        bad=folded.bad + without_sequence,
        newest_ms=max((change.as_of_ms for change in changes), default=0),
    )


def stream_label(records: list[Mapping[str, Any]]) -> str:
    """The label in the ARN of the stream: a time stamp, new whenever the stream is enabled."""
    for record in records:
        arn = record.get("eventSourceARN") if isinstance(record, Mapping) else None
        if isinstance(arn, str) and "/stream/" in arn:
            return arn.rpartition("/stream/")[2]
    return "unlabelled"
