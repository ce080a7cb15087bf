"""A gradual change to a new version of the webhook, with a way back by an alarm.

CodeDeploy sends a tenth of the texts to the new version for five minutes, and then all of them. If
the API answers a single text with 5xx meanwhile, it sends all to the old version at once; the
deploy fails and rolls back. AWS: "CodeDeployLambdaAliasUpdate policy".
"""

from aws_cdk import aws_apigatewayv2 as apigateway
from aws_cdk import aws_cloudwatch as cloudwatch
from aws_cdk import aws_codedeploy as codedeploy
from aws_cdk import aws_lambda as lambda_
from constructs import Construct

from infra import metrics


class GradualShift(Construct):
    """A deployment group for the alias that the API calls."""

    def __init__(
        self, scope: Construct, construct_id: str, *, alias: lambda_.Alias, api: apigateway.HttpApi
    ) -> None:
        super().__init__(scope, construct_id)
        alarm = cloudwatch.Alarm(
            self,
            "NewVersionFails",
            metric=metrics.api_metric(api.api_id, "5xx"),
            threshold=1,
            evaluation_periods=1,
            comparison_operator=cloudwatch.ComparisonOperator.GREATER_THAN_OR_EQUAL_TO_THRESHOLD,
            treat_missing_data=cloudwatch.TreatMissingData.NOT_BREACHING,
            alarm_description="During a deploy: CodeDeploy goes back to the webhook's old version.",
        )
        codedeploy.LambdaDeploymentGroup(
            self,
            "Group",
            alias=alias,
            alarms=[alarm],
            deployment_config=codedeploy.LambdaDeploymentConfig.CANARY_10_PERCENT_5_MINUTES,
        )
