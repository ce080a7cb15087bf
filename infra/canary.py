"""The canary: a rule of EventBridge, and the function that it calls."""

from typing import Final

from aws_cdk import Duration
from aws_cdk import aws_events as events
from constructs import Construct

from infra.function import FunctionProps, ServiceFunction
from infra.shared_props import SharedProps
from services.settings import CanarySettings

TIMEOUT_SECONDS: Final = 150
"""A run waits for at most four steps of 30 s, and a killed one is swept up after 180 s."""


class Canary(Construct):
    """Sends a text through the deployment every few minutes, and removes it again."""

    def __init__(
        self, scope: Construct, construct_id: str, props: SharedProps, *, webhook_url: str
    ) -> None:
        super().__init__(scope, construct_id)
        config, storage = props.config, props.storage
        settings = CanarySettings(
            votes_table=storage.votes.table_name,
            aggregates_table=storage.aggregates.table_name,
            polls_table=storage.polls.table_name,
            secret_arn=props.secret_arn,
            webhook_url=webhook_url,
        )
        self.canary = ServiceFunction(
            self,
            "Canary",
            config=config,
            bundles=props.bundles,
            props=FunctionProps(
                name="canary",
                environment=settings.to_env(),
                memory_mb=512,
                timeout_seconds=TIMEOUT_SECONDS,
            ),
        )
        self.canary.run_on(events.Schedule.rate(Duration.minutes(config.options.canary)), retries=0)
