"""One of this project's Lambda functions: a bundle, a role without grants, a log group."""

from collections.abc import Mapping
from dataclasses import dataclass

from aws_cdk import Annotations, Duration
from aws_cdk import aws_events as events
from aws_cdk import aws_events_targets as targets
from aws_cdk import aws_iam as iam
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_logs as logs
from constructs import Construct

from infra.bundle_contents import FunctionName
from infra.config import StageConfig
from infra.packaging import Packager


@dataclass(frozen=True, slots=True, kw_only=True)
class FunctionProps:
    """The properties in which the functions differ."""

    name: FunctionName
    environment: Mapping[str, str]
    memory_mb: int
    timeout_seconds: int
    snap_start: bool = False
    reserved_concurrency: int | None = None


class ServiceFunction(Construct):
    """Runs `lambdas.<name>.handler.handler`; `stack.py` makes the grants of its role."""

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        config: StageConfig,
        bundles: Packager,
        props: FunctionProps,
    ) -> None:
        super().__init__(scope, construct_id)
        self.log_group = logs.LogGroup(
            self,
            "Log",
            retention=retention(config.log_retention_days),
            removal_policy=config.removal_policy,
        )
        self.role = iam.Role(self, "Role", assumed_by=iam.ServicePrincipal("lambda.amazonaws.com"))
        self.function = lambda_.Function(
            self,
            "Function",
            runtime=lambda_.Runtime(
                f"python{config.python_version}",
                lambda_.RuntimeFamily.PYTHON,
                supports_snap_start=props.snap_start,
            ),
            architecture=lambda_.Architecture.ARM_64,
            handler=f"lambdas.{props.name}.handler.handler",
            code=lambda_.Code.from_asset(str(bundles.bundle(props.name))),
            environment=dict(props.environment),
            memory_size=props.memory_mb,
            timeout=Duration.seconds(props.timeout_seconds),
            reserved_concurrent_executions=props.reserved_concurrency,
            role=self.role,
            log_group=self.log_group,
            # The runtime, and boto3 with it, changes with a deploy only: not during an evening.
            runtime_management_mode=lambda_.RuntimeManagementMode.FUNCTION_UPDATE,
            snap_start=lambda_.SnapStartConf.ON_PUBLISHED_VERSIONS if props.snap_start else None,
        )
        if props.snap_start:
            Annotations.of(self.function).acknowledge_warning(
                "@aws-cdk/aws-lambda:snapStartRequirePublish", "the API calls it by an alias"
            )

    def run_on(self, schedule: events.Schedule, *, retries: int | None = None) -> None:
        """Call the function on a schedule.

        A call that Lambda does not take is made again `retries` times, or by EventBridge's default:
        185 times in a day.
        """
        target = targets.LambdaFunction(self.function, retry_attempts=retries)
        events.Rule(self, "Schedule", schedule=schedule, targets=[target])


def retention(days: int) -> logs.RetentionDays:
    """Translate days to a retention of CloudWatch Logs. Raises: KeyError for other numbers."""
    return {
        1: logs.RetentionDays.ONE_DAY,
        30: logs.RetentionDays.ONE_MONTH,
        90: logs.RetentionDays.THREE_MONTHS,
    }[days]
