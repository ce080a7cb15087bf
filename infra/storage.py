"""The tables, translated from `services/voting/schema.py`."""

from aws_cdk import RemovalPolicy
from aws_cdk import aws_dynamodb as dynamodb
from constructs import Construct

from infra.capacity import Capacity, TableLimits
from infra.config import StageConfig
from services.voting import schema


class Storage(Construct):
    """Three tables: ballots, what guests read, and the polls.

    In one table, the aggregator's own writes would trigger it again, and the reads of guests
    could keep the webhook from reading the polls.
    """

    def __init__(self, scope: Construct, construct_id: str, *, config: StageConfig) -> None:
        super().__init__(scope, construct_id)
        capacity = Capacity.of(config.options)
        self.votes = self._table(schema.VOTES, capacity.votes, keep=config.keeps_data)
        self.aggregates = self._table(
            schema.AGGREGATES, capacity.aggregates, keep=config.keeps_data
        )
        self.polls = self._table(schema.POLLS, capacity.polls, keep=config.keeps_data)

    def _table(
        self, table: schema.TableSchema, limits: TableLimits, *, keep: bool
    ) -> dynamodb.Table:
        """Create a table under DynamoDB's own key: guests have no access to KMS keys.

        A kept table is retained also if the first deploy fails: its deletion protection would
        make that deploy's rollback fail.
        """
        text = dynamodb.AttributeType.STRING
        return dynamodb.Table(
            self,
            table.name,
            partition_key=dynamodb.Attribute(name=schema.PARTITION_KEY, type=text),
            sort_key=dynamodb.Attribute(name=schema.SORT_KEY, type=text),
            stream=dynamodb.StreamViewType(schema.STREAM_VIEW) if table.has_stream else None,
            time_to_live_attribute=table.ttl_attribute,
            point_in_time_recovery_specification=dynamodb.PointInTimeRecoverySpecification(
                point_in_time_recovery_enabled=True
            ),
            billing_mode=dynamodb.BillingMode.PAY_PER_REQUEST,
            max_read_request_units=limits.max_reads_per_second,
            max_write_request_units=limits.max_writes_per_second,
            warm_throughput=_warm(limits.warm_writes_per_second),
            deletion_protection=keep,
            removal_policy=RemovalPolicy.RETAIN if keep else RemovalPolicy.DESTROY,
        )


def _warm(writes_per_second: int | None) -> dynamodb.WarmThroughput | None:
    if writes_per_second is None:
        return None
    return dynamodb.WarmThroughput(write_units_per_second=writes_per_second)
