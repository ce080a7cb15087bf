"""The tables, translated from `services/voting/schema.py`."""

from aws_cdk import RemovalPolicy
from aws_cdk import aws_dynamodb as dynamodb
from constructs import Construct

from infra.capacity import TARGET_PERCENT, Capacity, TableCapacity
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
        self, table: schema.TableSchema, capacity: TableCapacity, *, keep: bool
    ) -> dynamodb.Table:
        """Create a table under DynamoDB's own key: guests have no access to KMS keys."""
        text = dynamodb.AttributeType.STRING
        created = dynamodb.Table(
            self,
            table.name,
            partition_key=dynamodb.Attribute(name=schema.PARTITION_KEY, type=text),
            sort_key=dynamodb.Attribute(name=schema.SORT_KEY, type=text),
            stream=dynamodb.StreamViewType(schema.STREAM_VIEW) if table.has_stream else None,
            time_to_live_attribute=table.ttl_attribute,
            point_in_time_recovery_specification=dynamodb.PointInTimeRecoverySpecification(
                point_in_time_recovery_enabled=True
            ),
            billing_mode=_billing(capacity),
            read_capacity=capacity.reads.minimum if capacity.reads else None,
            write_capacity=capacity.writes.minimum if capacity.writes else None,
            max_read_request_units=capacity.max_reads_per_second,
            max_write_request_units=capacity.max_writes_per_second,
            warm_throughput=_warm(capacity),
            deletion_protection=keep,
            removal_policy=RemovalPolicy.RETAIN if keep else RemovalPolicy.DESTROY,
        )
        _scale(created, capacity)
        return created


def _billing(capacity: TableCapacity) -> dynamodb.BillingMode:
    on_demand = capacity.writes is None
    return dynamodb.BillingMode.PAY_PER_REQUEST if on_demand else dynamodb.BillingMode.PROVISIONED


def _warm(capacity: TableCapacity) -> dynamodb.WarmThroughput | None:
    units = capacity.warm_writes_per_second
    return None if units is None else dynamodb.WarmThroughput(write_units_per_second=units)


def _scale(table: dynamodb.Table, capacity: TableCapacity) -> None:
    if capacity.reads:
        table.auto_scale_read_capacity(
            min_capacity=capacity.reads.minimum, max_capacity=capacity.reads.maximum
        ).scale_on_utilization(target_utilization_percent=TARGET_PERCENT)
    if capacity.writes:
        table.auto_scale_write_capacity(
            min_capacity=capacity.writes.minimum, max_capacity=capacity.writes.maximum
        ).scale_on_utilization(target_utilization_percent=TARGET_PERCENT)
