"""The scheduled reconciliation: a rule of EventBridge, and the function that it calls."""

from typing import Final

from aws_cdk import Duration
from aws_cdk import aws_events as events
from aws_cdk import aws_events_targets as targets
from constructs import Construct

from infra.config import StageConfig
from infra.function import FunctionProps, ServiceFunction
from infra.packaging import Packager
from infra.storage import Storage
from services.settings import ReconcilerSettings

TIMEOUT_SECONDS: Final = 300
"""A run may overlap the next one. One that is ended has counted what it has counted."""


class Reconciliation(Construct):
    """Compares Twilio's message log with the ballots every few minutes."""

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        config: StageConfig,
        bundles: Packager,
        storage: Storage,
        secret_arn: str,
    ) -> None:
        super().__init__(scope, construct_id)
        settings = ReconcilerSettings(
            votes_table=storage.votes.table_name,
            polls_table=storage.polls.table_name,
            secret_arn=secret_arn,
        )
        self.reconciler = ServiceFunction(
            self,
            "Reconciler",
            config=config,
            bundles=bundles,
            props=FunctionProps(
                name="reconciler",
                environment=settings.to_env(),
                memory_mb=1024,
                timeout_seconds=TIMEOUT_SECONDS,
            ),
        )
        events.Rule(
            self,
            "Schedule",
            schedule=events.Schedule.rate(Duration.minutes(config.options.reconcile)),
            targets=[targets.LambdaFunction(self.reconciler.function)],
        )
