"""The aggregator: folds batches of the stream of ballots into the tallies.

It reports either success for the whole batch, or raises so that Lambda delivers the whole batch
again. After a partial failure, the next batch would move the watermark past the failed records.
"""

import os
from collections.abc import Mapping
from functools import cache
from typing import TYPE_CHECKING, Any

from aws_lambda_powertools import Logger, Metrics
from aws_lambda_powertools.metrics import MetricUnit

from lambdas.aggregator.records import changes_of
from services.adapters.clock import now_ms
from services.adapters.dynamodb.client import sync_client
from services.adapters.dynamodb.tallies import DynamoTallies
from services.settings import AggregatorSettings
from services.voting.errors import ShardUnknownError
from services.voting.fold import fold

if TYPE_CHECKING:
    from services.voting.ports import Tallies

logger = Logger(service="aggregator")
# Without a namespace, Powertools would raise after the fold, and Lambda retry the batch forever.
metrics = Metrics(
    namespace=os.environ.get("POWERTOOLS_METRICS_NAMESPACE", "VoteApp"), service="aggregator"
)

# With a tumbling window, Lambda treats a response without `state` as a failure.
FOLDED: Mapping[str, Any] = {"state": {}, "batchItemFailures": []}


@cache
def assemble() -> "tuple[AggregatorSettings, Tallies]":
    """Create settings and tallies, on the first batch only."""
    settings = AggregatorSettings.from_env(os.environ)
    return settings, DynamoTallies(sync_client(), settings.aggregates_table)


@metrics.log_metrics
def handler(event: Mapping[str, Any], context: object) -> dict[str, Any]:  # noqa: ARG001
    """Fold one batch of the stream of ballots.

    Raises:
        ShardUnknownError: neither the event nor `STREAM_SHARD_ID` names the stream shard.
        ClientError: DynamoDB failed; the batch must be delivered again.
    """
    settings, tallies = assemble()
    return aggregate(event, tallies, default_shard=settings.stream_shard_id)


def aggregate(
    event: Mapping[str, Any], tallies: "Tallies", *, default_shard: str | None
) -> dict[str, Any]:
    """Fold a batch into tallies, emit metrics, and return the response for a tumbling window.

    The last batch of a window may be empty.
    """
    records = event.get("Records") or []
    if records:
        shard = event.get("shardId") or default_shard
        if not shard:
            raise ShardUnknownError
        changes, without_sequence = changes_of(records)
        folded = fold(
            changes,
            tallies,
            stream_label=stream_label(records),
            stream_shard=shard,
        )
        _report(folded.folded, folded.duplicates, folded.bad + without_sequence)
        if newest := max((change.as_of_ms for change in changes), default=0):
            delay_seconds = max(0, now_ms() - newest) / 1000
            metrics.add_metric("VoteToCount", MetricUnit.Seconds, delay_seconds)
    return {**FOLDED}


def stream_label(records: list[Mapping[str, Any]]) -> str:
    """The label in the ARN of the stream: a time stamp, new whenever the stream is enabled."""
    for record in records:
        arn = record.get("eventSourceARN") if isinstance(record, Mapping) else None
        if isinstance(arn, str) and "/stream/" in arn:
            return arn.rpartition("/stream/")[2]
    return "unlabelled"


def _report(folded: int, duplicates: int, bad: int) -> None:
    counts = {"Folded": folded, "Duplicates": duplicates, "BadRecords": bad}
    for name, value in counts.items():
        metrics.add_metric(name, MetricUnit.Count, value)
    logger.info("batch", extra={name.lower(): value for name, value in counts.items()})
