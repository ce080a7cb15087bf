"""The nightly merge of tally rows: a rule of EventBridge, and the function that it calls."""

from typing import Final

from aws_cdk import aws_events as events
from constructs import Construct

from infra.function import FunctionProps, ServiceFunction
from infra.shared_props import SharedProps
from services.settings import MergerSettings

TIMEOUT_SECONDS: Final = 300
HOUR_UTC: Final = 9
"""Night in the Americas, morning in Europe. Rows that are merged are not written any more, so any
hour is safe."""


class Merging(Construct):
    """Adds the tally rows of stream shards that are gone to the base row of their round."""

    def __init__(self, scope: Construct, construct_id: str, props: SharedProps) -> None:
        super().__init__(scope, construct_id)
        storage = props.storage
        settings = MergerSettings(
            aggregates_table=storage.aggregates.table_name,
            polls_table=storage.polls.table_name,
            stream_arn=storage.votes.table_stream_arn or "",
            stream_shard_id=props.config.stream_shard_id,
        )
        self.merger = ServiceFunction(
            self,
            "Merger",
            config=props.config,
            bundles=props.bundles,
            props=FunctionProps(
                name="merger",
                environment=settings.to_env(),
                memory_mb=512,
                timeout_seconds=TIMEOUT_SECONDS,
            ),
        )
        self.merger.run_on(events.Schedule.cron(minute="20", hour=str(HOUR_UTC)))
