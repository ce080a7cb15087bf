"""The aggregator function and the event source mapping that feeds it the votes' stream."""

from aws_cdk import aws_dynamodb as dynamodb
from aws_cdk import aws_lambda as lambda_
from constructs import Construct

from infra.config import StageConfig
from infra.function import FunctionProps, ServiceFunction
from infra.packaging import Packager
from services.settings import AggregatorSettings

_UNLIMITED = -1
_EVENT_COUNT = lambda_.CfnEventSourceMapping.MetricsConfigProperty(metrics=["EventCount"])
"""With it, Lambda says each minute how many records it has read, also if there were none."""


class Aggregation(Construct):
    """Adds every stream record to the totals, exactly once in effect."""

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        config: StageConfig,
        bundles: Packager,
        votes: dynamodb.ITable,
        aggregates: dynamodb.ITable,
    ) -> None:
        super().__init__(scope, construct_id)
        settings = AggregatorSettings(
            aggregates_table=aggregates.table_name,
            stream_shard_id=config.stream_shard_id,
            powertools_metrics_namespace=config.stack_name,
        )
        self.aggregator = ServiceFunction(
            self,
            "Aggregator",
            config=config,
            bundles=bundles,
            props=FunctionProps(
                name="aggregator",
                environment=settings.to_env(),
                memory_mb=512,
                timeout_seconds=60,
                reserved_concurrency=config.options.reserved_concurrency,
            ),
        )
        self.mapping = self._make_event_source_mapping(votes, is_measured=config.is_monitored)

    def _make_event_source_mapping(
        self, votes: dynamodb.ITable, *, is_measured: bool
    ) -> lambda_.CfnEventSourceMapping:
        """Create the only mapping; the count is exact only with these settings.

        No failure destination, no bisecting and no partial-batch responses: records that Lambda
        skips would lie below the watermark of their shard and never be counted.
        """
        return lambda_.CfnEventSourceMapping(
            self,
            "Mapping",
            function_name=self.aggregator.function.function_name,
            event_source_arn=votes.table_stream_arn,
            starting_position="TRIM_HORIZON",
            batch_size=1_000,
            maximum_batching_window_in_seconds=0,
            parallelization_factor=1,  # more would fold a shard's batches out of order
            tumbling_window_in_seconds=30,  # without a window, events carry no shard id
            maximum_retry_attempts=_UNLIMITED,
            maximum_record_age_in_seconds=_UNLIMITED,
            bisect_batch_on_function_error=False,
            metrics_config=_EVENT_COUNT if is_measured else None,
        )
