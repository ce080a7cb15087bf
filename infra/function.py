"""A Lambda function of ours: one bundle, one role, one log group, and no grants."""

from collections.abc import Mapping

from aws_cdk import Duration, RemovalPolicy
from aws_cdk import aws_iam as iam
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_logs as logs
from constructs import Construct

from infra.config import StageConfig
from infra.packaging import FunctionName, Packager

METRICS_NAMESPACE = "VoteApp"


class ServiceFunction(Construct):
    """Runs `lambdas.<name>.handler.handler`; its role may do nothing until granted."""

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        name: FunctionName,
        config: StageConfig,
        bundles: Packager,
        environment: Mapping[str, str],
        memory_mb: int,
        timeout: Duration,
        snap_start: bool = False,
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
                supports_snap_start=snap_start,
            ),
            architecture=lambda_.Architecture.ARM_64,
            handler=f"lambdas.{name}.handler.handler",
            code=lambda_.Code.from_asset(str(bundles.bundle(name))),
            environment={
                **environment,
                "POWERTOOLS_SERVICE_NAME": name,
                "POWERTOOLS_METRICS_NAMESPACE": METRICS_NAMESPACE,
            },
            memory_size=memory_mb,
            timeout=timeout,
            role=self.role,
            log_group=self.log_group,
            snap_start=lambda_.SnapStartConf.ON_PUBLISHED_VERSIONS if snap_start else None,
        )


def retention(days: int) -> logs.RetentionDays:
    """The retention CloudWatch Logs knows under a number of days."""
    return {
        1: logs.RetentionDays.ONE_DAY,
        30: logs.RetentionDays.ONE_MONTH,
        90: logs.RetentionDays.THREE_MONTHS,
    }[days]
