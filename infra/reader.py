"""The reader: a function that answers with boards as JSON, and CloudFront's cache before it."""

from typing import Final

from aws_cdk import Duration
from aws_cdk import aws_cloudfront as cloudfront
from aws_cdk import aws_cloudfront_origins as origins
from aws_cdk import aws_lambda as lambda_
from constructs import Construct

from infra.function import FunctionProps, ServiceFunction
from infra.shared_props import SharedProps
from services.settings import ReaderSettings

PATHS: Final = "/boards/*"
TIMEOUT_SECONDS: Final = 3
"""Two attempts of a query take 3 s; a page gives up after 5 s."""
EXECUTIONS: Final = 20
"""Reserved, which is also the most that run at a time: a flood of paths that no cache holds takes
none from the webhook and the aggregator. CloudFront has 13 regional caches, and each sends one
request at a time for a board, which takes a hundredth of a second."""
KEPT: Final = Duration.seconds(1)
STALE: Final = Duration.seconds(60)
"""CloudFront keeps nothing for longer than the maximum TTL, whatever `stale-if-error` says."""
_ERRORS: Final = (403, 404, 500, 502, 503, 504)


class Reader(Construct):
    """Reads boards; `stack.py` grants it the public ones."""

    def __init__(self, scope: Construct, construct_id: str, props: SharedProps) -> None:
        super().__init__(scope, construct_id)
        settings = ReaderSettings(aggregates_table=props.storage.aggregates.table_name)
        self.reader = ServiceFunction(
            self,
            "Reader",
            config=props.config,
            bundles=props.bundles,
            props=FunctionProps(
                name="reader",
                environment=settings.to_env(),
                memory_mb=1024,
                timeout_seconds=TIMEOUT_SECONDS,
                reserved_concurrency=EXECUTIONS,
            ),
        )

    def serve(
        self, distribution: cloudfront.Distribution, headers: cloudfront.IResponseHeadersPolicy
    ) -> None:
        """Serve boards by the page's distribution, which signs its requests to the function."""
        url = self.reader.function.add_function_url(auth_type=lambda_.FunctionUrlAuthType.AWS_IAM)
        distribution.add_behavior(
            PATHS,
            origins.FunctionUrlOrigin.with_origin_access_control(
                url,
                connection_attempts=1,
                connection_timeout=Duration.seconds(1),
                read_timeout=Duration.seconds(TIMEOUT_SECONDS),
            ),
            viewer_protocol_policy=cloudfront.ViewerProtocolPolicy.REDIRECT_TO_HTTPS,
            allowed_methods=cloudfront.AllowedMethods.ALLOW_GET_HEAD,
            cache_policy=self._cache_policy(),
            compress=True,
            response_headers_policy=headers,
        )

    def _cache_policy(self) -> cloudfront.CachePolicy:
        """Build the policy: an answer is kept under its path alone, and its encoding."""
        return cloudfront.CachePolicy(
            self,
            "Cache",
            comment="Boards: one request a second to the reader, whoever asks",
            min_ttl=KEPT,
            default_ttl=KEPT,
            max_ttl=STALE,
            header_behavior=cloudfront.CacheHeaderBehavior.none(),
            query_string_behavior=cloudfront.CacheQueryStringBehavior.none(),
            cookie_behavior=cloudfront.CacheCookieBehavior.none(),
            enable_accept_encoding_gzip=True,
            enable_accept_encoding_brotli=True,
        )


def errors_kept_briefly() -> list[cloudfront.ErrorResponse]:
    """Return for each status for how long CloudFront keeps it; 10 s by default."""
    return [cloudfront.ErrorResponse(http_status=status, ttl=KEPT) for status in _ERRORS]
