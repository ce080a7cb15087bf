"""A Lambda function of ours: one bundle, one role, one log group, and no grants."""

from collections.abc import Mapping
from dataclasses import dataclass

from aws_cdk import Annotations, Duration, RemovalPolicy
from aws_cdk import aws_iam as iam
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_logs as logs
from constructs import Construct

from infra.config import StageConfig
from infra.packaging import FunctionName, Packager


@dataclass(frozen=True, slots=True, kw_only=True)
class FunctionProps:
    """What sets one function of ours apart from the others."""

    name: FunctionName
    environment: Mapping[str, str]
    memory_mb: int
    timeout_seconds: int
    snap_start: bool = False


class ServiceFunction(Construct):
    """Runs `lambdas.<name>.handler.handler`; its role may do nothing until granted."""

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        config: StageConfig,
        bundles: Packager,
        shape: FunctionProps,
    ) -> None:
        super().__init__(scope, construct_id)
        self.log_group = logs.LogGroup(
            self,
            "Log",
            retention=retention(config.log_retention_days),
            removal_policy=RemovalPolicy.RETAIN if config.keeps_data else RemovalPolicy.DESTROY,
        )
        self.role = iam.Role(self, "Role", assumed_by=iam.ServicePrincipal("lambda.amazonaws.com"))
        self.function = lambda_.Function(
            self,
            "Function",
            runtime=lambda_.Runtime(
                f"python{config.python_version}",
                lambda_.RuntimeFamily.PYTHON,
                supports_snap_start=shape.snap_start,
            ),
            architecture=lambda_.Architecture.ARM_64,
            handler=f"lambdas.{shape.name}.handler.handler",
            code=lambda_.Code.from_asset(str(bundles.bundle(shape.name))),
            environment=dict(shape.environment),
            memory_size=shape.memory_mb,
            timeout=Duration.seconds(shape.timeout_seconds),
            role=self.role,
            log_group=self.log_group,
            snap_start=lambda_.SnapStartConf.ON_PUBLISHED_VERSIONS if shape.snap_start else None,
        )
        if shape.snap_start:
            Annotations.of(self.function).acknowledge_warning(
                "@aws-cdk/aws-lambda:snapStartRequirePublish", "it is called by an alias"
            )


def retention(days: int) -> logs.RetentionDays:
    """The retention CloudWatch Logs knows under a number of days."""
    return {
        1: logs.RetentionDays.ONE_DAY,
        30: logs.RetentionDays.ONE_MONTH,
        90: logs.RetentionDays.THREE_MONTHS,
    }[days]
