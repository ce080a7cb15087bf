"""From a text to a ballot: the secret, the HTTP API and the webhook behind it."""

import json

from aws_cdk import RemovalPolicy
from aws_cdk import aws_apigatewayv2 as apigateway
from aws_cdk import aws_apigatewayv2_integrations as integrations
from aws_cdk import aws_dynamodb as dynamodb
from aws_cdk import aws_iam as iam
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_logs as logs
from aws_cdk import aws_secretsmanager as secretsmanager
from constructs import Construct

from infra.config import StageConfig
from infra.container import WebhookService
from infra.function import FunctionProps, ServiceFunction, retention
from infra.packaging import Packager
from services.settings import WebhookSettings

_ROUTES = {
    "/sms": apigateway.HttpMethod.POST,
    "/health": apigateway.HttpMethod.GET,
    "/": apigateway.HttpMethod.GET,
}
_ACCESS_LOG = {
    "request": "$context.requestId",
    "route": "$context.routeKey",
    "status": "$context.status",
    "milliseconds": "$context.responseLatency",
    "webhook_error": "$context.integrationErrorMessage",
    "error": "$context.error.message",
}
"""No address, no header, no body: nothing a phone number could be in."""

_REQUESTS_PER_SECOND = 5_000
_REQUESTS_AT_ONCE = 5_000


class Ingest(Construct):
    """Takes signed texts over HTTPS; refuses every one until the secret has its token."""

    function: ServiceFunction | None = None
    role: iam.IRole
    log_group: logs.ILogGroup

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        config: StageConfig,
        bundles: Packager,
        votes: dynamodb.ITable,
        aggregates: dynamodb.ITable,
    ) -> None:
        super().__init__(scope, construct_id)
        self._config = config
        self._removal = RemovalPolicy.RETAIN if config.keeps_data else RemovalPolicy.DESTROY
        self.secret = self._make_secret()
        # The attribute Id is the ARN by definition; a Ref is not everywhere.
        self.secret_arn = self.secret.get_att("Id").to_string()
        self.api = apigateway.HttpApi(self, "Api", create_default_stage=False)
        in_container = config.options.webhook == "container"
        settings = WebhookSettings(
            votes_table=votes.table_name,
            aggregates_table=aggregates.table_name,
            secret_arn=self.secret_arn,
            # A function is told the address by its event; a container cannot see it.
            public_base_url=self.api.api_endpoint if in_container else None,
        )
        if in_container:
            self.service = WebhookService(
                self, "Webhook", config=config, bundles=bundles, environment=settings.to_env()
            )
            self.role, self.log_group = self.service.role, self.service.log_group
            integration = self.service.link(self.api)
        else:
            self.function = self._make_function(bundles, settings)
            self.role, self.log_group = self.function.role, self.function.log_group
            integration = self._call(self.function.function)
        self._open(integration)

    @property
    def url(self) -> str:
        """Where the number's messaging webhook points to."""
        return f"{self.api.api_endpoint}/sms"

    def _make_secret(self) -> secretsmanager.CfnSecret:
        """A change of the template would make a new pepper: everybody could vote again."""
        secret = secretsmanager.CfnSecret(
            self,
            "Secret",
            description="Twilio's auth token, to be set, and the pepper that hides phone numbers",
            generate_secret_string=secretsmanager.CfnSecret.GenerateSecretStringProperty(
                secret_string_template=json.dumps({"twilio_auth_token": ""}),
                generate_string_key="voter_pepper",
                exclude_punctuation=True,
                password_length=64,
            ),
        )
        secret.apply_removal_policy(self._removal)
        return secret

    def _make_function(self, bundles: Packager, settings: WebhookSettings) -> ServiceFunction:
        return ServiceFunction(
            self,
            "Webhook",
            config=self._config,
            bundles=bundles,
            shape=FunctionProps(
                name="webhook",
                environment=settings.to_env(),
                memory_mb=1024,
                timeout_seconds=12,  # Twilio waits 15 s
                snap_start=self._config.snap_start,
            ),
        )

    def _call(self, function: lambda_.Function) -> apigateway.HttpRouteIntegration:
        """A snapshot is of a published version, which the API then calls by its alias."""
        called = function.add_alias("live") if self._config.snap_start else function
        return integrations.HttpLambdaIntegration("Integration", called)

    def _open(self, integration: apigateway.HttpRouteIntegration) -> None:
        for path, method in _ROUTES.items():
            self.api.add_routes(path=path, methods=[method], integration=integration)
        self.access_log = logs.LogGroup(
            self,
            "AccessLog",
            retention=retention(self._config.log_retention_days),
            removal_policy=self._removal,
        )
        apigateway.CfnStage(
            self,
            "Stage",
            api_id=self.api.api_id,
            stage_name="$default",
            auto_deploy=True,
            default_route_settings=apigateway.CfnStage.RouteSettingsProperty(
                throttling_rate_limit=_REQUESTS_PER_SECOND,
                throttling_burst_limit=_REQUESTS_AT_ONCE,
            ),
            access_log_settings=apigateway.CfnStage.AccessLogSettingsProperty(
                destination_arn=self.access_log.log_group_arn, format=json.dumps(_ACCESS_LOG)
            ),
        )
