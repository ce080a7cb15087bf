"""From the votes table's stream to the tallies: the aggregator and its mapping."""

from aws_cdk import aws_dynamodb as dynamodb
from aws_cdk import aws_lambda as lambda_
from constructs import Construct

from infra.config import StageConfig
from infra.function import FunctionProps, ServiceFunction
from infra.packaging import Packager
from services.settings import AggregatorSettings

_FOR_EVER = -1


class Aggregation(Construct):
    """Folds every stream record into the totals, exactly once in effect."""

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
            shape=FunctionProps(
                name="aggregator",
                environment=settings.to_env(),
                memory_mb=512,
                timeout_seconds=60,
            ),
        )
        self._map(votes)

    def _map(self, votes: dynamodb.ITable) -> None:
        """The one mapping. The count is exact only with these settings; a test holds each.

        No failure destination, no bisecting and no partial-batch responses: a batch that is
        given up is lost behind the watermark of its shard.
        """
        lambda_.CfnEventSourceMapping(
            self,
            "Mapping",
            function_name=self.aggregator.function.function_name,
            event_source_arn=votes.table_stream_arn,
            starting_position="TRIM_HORIZON",
            batch_size=1_000,
            maximum_batching_window_in_seconds=0,
            parallelization_factor=1,  # lanes would split a shard by item, not by key
            tumbling_window_in_seconds=30,  # only so do events carry their shard's id
            maximum_retry_attempts=_FOR_EVER,
            maximum_record_age_in_seconds=_FOR_EVER,
            bisect_batch_on_function_error=False,
        )
