"""The second way in: a REST API that puts texts into a queue without any code, and the replayer.

It shares neither function nor bundle nor table with the webhook. Twilio posts a text here when
the webhook has failed; the replayer counts it once the store answers.
"""

import json
from typing import Final

from aws_cdk import Aws, Duration
from aws_cdk import aws_apigateway as apigateway
from aws_cdk import aws_iam as iam
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_logs as logs
from aws_cdk import aws_sqs as sqs
from constructs import Construct

from infra.capacity import RequestLimit
from infra.fallback_templates import FORM_TYPE, request_template, response_template
from infra.function import FunctionProps, ServiceFunction, retention
from infra.shared_props import SharedProps
from services.settings import ReplayerSettings

TIMEOUT_SECONDS: Final = 60
VISIBILITY_SECONDS: Final = 6 * TIMEOUT_SECONDS
"""Lambda, "Using Lambda with Amazon SQS": at least six times the function's timeout."""

MOST_RECEIVES: Final = 500
"""After so many receives an item goes to the dead-letter queue: `services/late/backoff.py`."""

_KEPT: Final = Duration.days(4)
_DEAD_KEPT: Final = Duration.days(14)
"""SQS's maximum. An item keeps the age that it had in the queue."""

_BATCH_SIZE: Final = 10
_CONCURRENCY: Final = 5
"""Batches at a time: about 250 texts a second, which no table notices beside the live ones."""

_INTEGRATION_SECONDS: Final = 10

_ACCESS_LOG: Final = {
    "request": "$context.requestId",
    "path": "$context.resourcePath",
    "status": "$context.status",
    "milliseconds": "$context.responseLatency",
    "queue_status": "$context.integration.status",
    "error": "$context.error.message",
}
"""No address, header or body, because they could contain a phone number."""


class Fallback(Construct):
    """Takes texts while the webhook is down; answers before anything is decided about them."""

    def __init__(self, scope: Construct, construct_id: str, props: SharedProps) -> None:
        super().__init__(scope, construct_id)
        self._config = config = props.config
        self.limit = RequestLimit.of(config.options)
        self._removal = config.removal_policy
        self.dead_letters = self._make_queue("DeadLetters", kept=_DEAD_KEPT)
        self.queue = self._make_queue("Queue", kept=_KEPT, dead_letters=self.dead_letters)
        self.api_role = iam.Role(
            self, "ApiRole", assumed_by=iam.ServicePrincipal("apigateway.amazonaws.com")
        )
        self.stage = self._make_api()
        settings = ReplayerSettings(
            votes_table=props.storage.votes.table_name,
            polls_table=props.storage.polls.table_name,
            secret_arn=props.secret_arn,
            queue_url=self.queue.queue_url,
            fallback_url=self.url,
        )
        self.replayer = ServiceFunction(
            self,
            "Replayer",
            config=config,
            bundles=props.bundles,
            props=FunctionProps(
                name="replayer",
                environment=settings.to_env(),
                memory_mb=512,
                timeout_seconds=TIMEOUT_SECONDS,
            ),
        )
        self._make_event_source_mapping()

    @property
    def url(self) -> str:
        """The fallback URL for the messaging webhook of a Twilio number."""
        return self.stage.url_for_path("/sms")

    def _make_queue(
        self, construct_id: str, *, kept: Duration, dead_letters: sqs.Queue | None = None
    ) -> sqs.Queue:
        after = None
        if dead_letters:
            after = sqs.DeadLetterQueue(queue=dead_letters, max_receive_count=MOST_RECEIVES)
        return sqs.Queue(
            self,
            construct_id,
            encryption=sqs.QueueEncryption.SQS_MANAGED,
            enforce_ssl=self._config.has_tls,
            retention_period=kept,
            visibility_timeout=Duration.seconds(VISIBILITY_SECONDS),
            dead_letter_queue=after,
            removal_policy=self._removal,
        )

    def _make_api(self) -> apigateway.Stage:
        # Only an account-wide role lets a REST API write logs ("Set up CloudWatch logging").
        self.api = apigateway.RestApi(
            self,
            "Api",
            rest_api_name=f"{self._config.stack_name}-fallback",
            deploy=False,
            endpoint_types=[apigateway.EndpointType.REGIONAL],
            cloud_watch_role=self._config.is_monitored,
        )
        headers = {"method.response.header.Content-Type": True}
        self.api.root.add_resource("sms").add_method(
            "POST",
            self._integration(),
            method_responses=[
                apigateway.MethodResponse(status_code="200", response_parameters=headers),
                apigateway.MethodResponse(status_code="503"),
            ],
        )
        self.access_log = logs.LogGroup(
            self,
            "AccessLog",
            retention=retention(self._config.log_retention_days),
            removal_policy=self._removal,
        )
        return apigateway.Stage(
            self,
            "Stage",
            deployment=self._make_deployment(),
            stage_name="fallback",
            throttling_rate_limit=self.limit.per_second,
            throttling_burst_limit=self.limit.burst,
            access_log_destination=apigateway.LogGroupLogDestination(self.access_log),
            access_log_format=apigateway.AccessLogFormat.custom(json.dumps(_ACCESS_LOG)),
        )

    def _make_deployment(self) -> apigateway.Deployment:
        """A deployment is a snapshot of the API: other templates need another one."""
        deployment = apigateway.Deployment(self, "Deployment", api=self.api)
        reply = response_template(self._config.options.fallback_reply)
        deployment.add_to_logical_id({"request": request_template(), "reply": reply})
        return deployment

    def _integration(self) -> apigateway.AwsIntegration:
        """Send each form to the queue; any answer of SQS but success is a 503."""
        reply = response_template(self._config.options.fallback_reply)
        return apigateway.AwsIntegration(
            service="sqs",
            path=f"{Aws.ACCOUNT_ID}/{self.queue.queue_name}",
            integration_http_method="POST",
            options=apigateway.IntegrationOptions(
                credentials_role=self.api_role,
                passthrough_behavior=apigateway.PassthroughBehavior.NEVER,
                timeout=Duration.seconds(_INTEGRATION_SECONDS),
                request_parameters={"integration.request.header.Content-Type": f"'{FORM_TYPE}'"},
                request_templates={FORM_TYPE: request_template()},
                integration_responses=[
                    apigateway.IntegrationResponse(
                        status_code="200",
                        selection_pattern="200",
                        response_parameters={"method.response.header.Content-Type": "'text/xml'"},
                        response_templates={"text/xml": reply},
                    ),
                    apigateway.IntegrationResponse(
                        status_code="503", response_templates={"text/plain": "Not taken."}
                    ),
                ],
            ),
        )

    def _make_event_source_mapping(self) -> None:
        lambda_.CfnEventSourceMapping(
            self,
            "Mapping",
            function_name=self.replayer.function.function_name,
            event_source_arn=self.queue.queue_arn,
            batch_size=_BATCH_SIZE,
            function_response_types=["ReportBatchItemFailures"],
            scaling_config=lambda_.CfnEventSourceMapping.ScalingConfigProperty(
                maximum_concurrency=_CONCURRENCY
            ),
        )
