"""The page without CloudFront: a REST API that reads the files from the private bucket.

No code runs for a request, so screens take none of the Lambda executions that the count needs. API
Gateway has HTTPS endpoints only; a website of S3 has none, and a page without HTTPS no WebCrypto.
"""

from typing import Any, Final

from aws_cdk import Aws, Size
from aws_cdk import aws_apigateway as apigateway
from aws_cdk import aws_iam as iam
from aws_cdk import aws_s3 as s3
from constructs import Construct

from infra.config import StageConfig
from infra.headers import read_headers

REQUESTS_PER_SECOND: Final = 100
"""A screen takes about seven requests to open, and none afterwards."""
BURST: Final = 1_000
_COMPRESSED_FROM: Final = Size.bytes(1_024)
_FILE: Final = "method.request.path.file"


class PageApi(Construct):
    """Serves `/`, `/{file}` and `/assets/{file}` with the page's security headers."""

    def __init__(
        self, scope: Construct, construct_id: str, *, config: StageConfig, site: s3.Bucket
    ) -> None:
        super().__init__(scope, construct_id)
        self._site = site
        self._headers = read_headers()
        self.role = iam.Role(
            self, "Role", assumed_by=iam.ServicePrincipal("apigateway.amazonaws.com")
        )
        self._api = apigateway.RestApi(
            self,
            "Api",
            rest_api_name=f"{config.stack_name}-page",
            endpoint_types=[apigateway.EndpointType.REGIONAL],
            cloud_watch_role=False,
            binary_media_types=["*/*"],  # fonts; else every file would be read as text
            min_compression_size=_COMPRESSED_FROM,
            deploy_options=apigateway.StageOptions(
                stage_name="page",
                throttling_rate_limit=REQUESTS_PER_SECOND,
                throttling_burst_limit=BURST,
            ),
        )
        self._api.node.try_remove_child("Endpoint")  # an output; the stack has its own
        root = self._api.root
        self._serve(root, "index.html")
        self._serve(root.add_resource("{file}"), "{file}")
        self._serve(root.add_resource("assets").add_resource("{file}"), "assets/{file}")

    @property
    def url(self) -> str:
        """The page's address, without the slash at its end, which browsers need."""
        return (
            f"https://{self._api.rest_api_id}.execute-api.{Aws.REGION}.{Aws.URL_SUFFIX}"
            f"/{self._api.deployment_stage.stage_name}"
        )

    def _serve(self, resource: apigateway.IResource, key: str) -> None:
        has_file = "{file}" in key
        integration = apigateway.AwsIntegration(
            service="s3",
            path=f"{self._site.bucket_name}/{key}",
            integration_http_method="GET",
            options=apigateway.IntegrationOptions(
                credentials_role=self.role,
                request_parameters={"integration.request.path.file": _FILE} if has_file else {},
                integration_responses=[
                    self._answer("200", "200", "Content-Type", "Cache-Control"),
                    self._answer("404", r"4\d{2}"),  # S3 answers 403 for a file that is missing
                    self._answer("502", None),
                ],
            ),
        )
        resource.add_method(
            "GET",
            integration,
            request_parameters={_FILE: True} if has_file else {},
            method_responses=[
                apigateway.MethodResponse(
                    status_code=code, response_parameters=dict.fromkeys(self._names(*own), True)
                )
                for code, own in (
                    ("200", ("Content-Type", "Cache-Control")),
                    ("404", ()),
                    ("502", ()),
                )
            ],
        )

    def _names(self, *from_site: str) -> list[str]:
        return [f"method.response.header.{name}" for name in (*from_site, *self._headers)]

    def _answer(
        self, code: str, pattern: str | None, *from_site: str
    ) -> apigateway.IntegrationResponse:
        """Map an answer of S3: the security headers, and those that the upload has set."""
        values = [f"integration.response.header.{name}" for name in from_site]
        values += [f"'{value}'" for value in self._headers.values()]
        parameters: dict[str, Any] = dict(zip(self._names(*from_site), values, strict=True))
        return apigateway.IntegrationResponse(
            status_code=code, selection_pattern=pattern, response_parameters=parameters
        )
