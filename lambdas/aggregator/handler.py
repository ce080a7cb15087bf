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

from lambdas.aggregator.batch import FOLDED, FoldedBatch, fold_batch
from services.adapters.clock import now_ms
from services.adapters.dynamodb.client import sync_client
from services.adapters.dynamodb.tallies import DynamoTallies
from services.settings import AggregatorSettings

if TYPE_CHECKING:
    from services.voting.ports import Tallies

logger = Logger(service="aggregator")
# Without a namespace, Powertools would raise after the fold, and Lambda retry the batch forever.
metrics = Metrics(
    namespace=os.environ.get("POWERTOOLS_METRICS_NAMESPACE", "VoteApp"), service="aggregator"
)


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
    """Fold a batch into tallies, emit metrics, and return the response for a tumbling window."""
    batch = fold_batch(event, tallies, default_shard=default_shard)
    if batch is not None:
        _report(batch)
    return {**FOLDED}


def _report(batch: FoldedBatch) -> None:
    counts = {"Folded": batch.folded, "Duplicates": batch.duplicates, "BadRecords": batch.bad}
    for name, value in counts.items():
        metrics.add_metric(name, MetricUnit.Count, value)
    logger.info("batch", extra={name.lower(): value for name, value in counts.items()})
    if batch.newest_ms:
        delay_seconds = max(0, now_ms() - batch.newest_ms) / 1000
        metrics.add_metric("VoteToCount", MetricUnit.Seconds, delay_seconds)
