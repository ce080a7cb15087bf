"""The HTTP API, the webhook behind it (Lambda or containers), and the webhook's secret."""

import json

from aws_cdk import aws_apigatewayv2 as apigateway
from aws_cdk import aws_apigatewayv2_integrations as integrations
from aws_cdk import aws_dynamodb as dynamodb
from aws_cdk import aws_iam as iam
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_logs as logs
from aws_cdk import aws_secretsmanager as secretsmanager
from constructs import Construct, IDependable

from infra.capacity import RequestLimit
from infra.config import StageConfig
from infra.container import WebhookService
from infra.domain import WebhookDomain
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
"""No address, header or body, because they could contain a phone number."""

_CHECKS = ("GET /health", "GET /")
_CHECKS_PER_SECOND = 10
_CHECK_BURST = 20


class Ingest(Construct):
    """Accepts signed texts over HTTPS; refuses all until the secret holds Twilio's token."""

    function: ServiceFunction | None = None
    service: WebhookService | None = None
    alias: lambda_.Alias | None = None
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
        polls: dynamodb.ITable,
    ) -> None:
        super().__init__(scope, construct_id)
        self._config, self.limit = config, RequestLimit.of(config.options)
        self._removal = config.removal_policy
        self.secret = self._make_secret()
        # Use Id: it is always the ARN, unlike Ref in the emulator.
        self.secret_arn = self.secret.get_att("Id").to_string()
        self.api = apigateway.HttpApi(self, "Api", create_default_stage=False)
        self.domain = self._make_domain()
        in_container = config.options.webhook == "container"
        self.code = (bundles.container() if in_container else bundles.bundle("webhook")).name
        settings = WebhookSettings(
            votes_table=votes.table_name,
            polls_table=polls.table_name,
            secret_arn=self.secret_arn,
            # API Gateway's event names the URL; a container behind a VPC link does not see it.
            public_base_url=self.base_url if in_container else None,
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
            integration = self._integrate(self.function.function)
        self._add_routes(integration)

    def depend_on(self, resource: IDependable) -> None:
        """Deploy the webhook's function or service after a resource."""
        function = self.function.function if self.function else None
        for webhook in filter(None, (function, self.service)):
            webhook.node.add_dependency(resource)

    @property
    def url(self) -> str:
        """The URL for the messaging webhook of a Twilio number."""
        return f"{self.base_url}/sms"

    @property
    def base_url(self) -> str:
        """The domain of one's own, or the API's."""
        return self.domain.base_url if self.domain else self.api.api_endpoint

    def _make_domain(self) -> WebhookDomain | None:
        domain, certificate = self._config.options.domain, self._config.options.certificate_arn
        if not (domain and certificate):
            return None
        return WebhookDomain(self, "Domain", name=domain, certificate_arn=certificate)

    def _make_secret(self) -> secretsmanager.CfnSecret:
        """Changing the template would generate a new pepper, and everybody could vote again."""
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
            props=FunctionProps(
                name="webhook",
                environment=settings.to_env(),
                memory_mb=1024,
                timeout_seconds=6,  # twice the time in which the webhook answers
                snap_start=self._config.snap_start,
            ),
        )

    def _integrate(self, function: lambda_.Function) -> apigateway.HttpRouteIntegration:
        """SnapStart needs a published version, so the API calls an alias of it."""
        self.alias = function.add_alias("live") if self._config.snap_start else None
        return integrations.HttpLambdaIntegration("Integration", self.alias or function)

    def _add_routes(self, integration: apigateway.HttpRouteIntegration) -> None:
        routes = [
            route
            for path, method in _ROUTES.items()
            for route in self.api.add_routes(path=path, methods=[method], integration=integration)
        ]
        self.access_log = logs.LogGroup(
            self,
            "AccessLog",
            retention=retention(self._config.log_retention_days),
            removal_policy=self._removal,
        )
        stage = apigateway.CfnStage(
            self,
            "Stage",
            api_id=self.api.api_id,
            stage_name="$default",
            auto_deploy=True,
            default_route_settings=apigateway.CfnStage.RouteSettingsProperty(
                throttling_rate_limit=self.limit.per_second,
                throttling_burst_limit=self.limit.burst,
            ),
            # As written in a template: this property is a map, whose keys CDK leaves alone.
            route_settings={
                route: {
                    "ThrottlingRateLimit": _CHECKS_PER_SECOND,
                    "ThrottlingBurstLimit": _CHECK_BURST,
                }
                for route in _CHECKS
            },
            access_log_settings=apigateway.CfnStage.AccessLogSettingsProperty(
                destination_arn=self.access_log.log_group_arn, format=json.dumps(_ACCESS_LOG)
            ),
        )
        # API Gateway refuses settings of a route that does not exist yet.
        stage.node.add_dependency(*routes)
        if self.domain:
            self.domain.map_to(self.api, stage)
