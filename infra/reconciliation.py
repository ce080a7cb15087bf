"""The scheduled reconciliation: a rule of EventBridge, and the function that it calls."""

from typing import Final

from aws_cdk import Duration
from aws_cdk import aws_events as events
from constructs import Construct

from infra.function import FunctionProps, ServiceFunction
from infra.shared_props import SharedProps
from services.settings import ReconcilerSettings

TIMEOUT_SECONDS: Final = 300
"""A run may overlap the next one. One that is ended has counted what it has counted."""


class Reconciliation(Construct):
    """Compares Twilio's message log with the ballots every few minutes."""

    def __init__(self, scope: Construct, construct_id: str, props: SharedProps) -> None:
        super().__init__(scope, construct_id)
        settings = ReconcilerSettings(
            votes_table=props.storage.votes.table_name,
            polls_table=props.storage.polls.table_name,
            secret_arn=props.secret_arn,
        )
        self.reconciler = ServiceFunction(
            self,
            "Reconciler",
            config=props.config,
            bundles=props.bundles,
            props=FunctionProps(
                name="reconciler",
                environment=settings.to_env(),
                memory_mb=1024,
                timeout_seconds=TIMEOUT_SECONDS,
            ),
        )
        self.reconciler.run_on(
            events.Schedule.rate(Duration.minutes(props.config.options.reconcile))
        )
