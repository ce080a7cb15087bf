"""The dashboard: a private bucket, what serves it, and an identity pool for guests."""

from collections.abc import Mapping

from aws_cdk import RemovalPolicy
from aws_cdk import aws_cloudfront as cloudfront
from aws_cdk import aws_cloudfront_origins as origins
from aws_cdk import aws_cognito as cognito
from aws_cdk import aws_iam as iam
from aws_cdk import aws_logs as logs
from aws_cdk import aws_s3 as s3
from aws_cdk import aws_s3_deployment as deployment
from constructs import Construct

from infra.config import StageConfig
from infra.headers import other_headers, read_headers, security_headers
from infra.packaging import Packager
from infra.page_api import PageApi
from infra.reader import errors_kept_briefly

_COGNITO = "cognito-identity.amazonaws.com"
_IMMUTABLE = "assets/*"
"""Files named by a content hash: cached for ever, and never deleted."""

_INVALIDATED = ["/", "/index.html", "/config.json"]


class Dashboard(Construct):
    """Hosts the page, and gives its viewers the credentials of a guest role."""

    distribution: cloudfront.Distribution | None = None
    headers_policy: cloudfront.ResponseHeadersPolicy | None = None
    page_api: PageApi | None = None

    def __init__(self, scope: Construct, construct_id: str, *, config: StageConfig) -> None:
        super().__init__(scope, construct_id)
        self._config = config
        self.site = s3.Bucket(
            self,
            "Site",
            block_public_access=s3.BlockPublicAccess.BLOCK_ALL,
            encryption=s3.BucketEncryption.S3_MANAGED,
            enforce_ssl=True,
            # A deploy can upload everything again.
            removal_policy=RemovalPolicy.DESTROY,
            auto_delete_objects=config.edge != "local",
        )
        self.pool = cognito.CfnIdentityPool(
            self, "Guests", allow_unauthenticated_identities=True, allow_classic_flow=False
        )
        self.guest_role = self._make_guest_role()
        if config.edge == "cloudfront":
            self.headers_policy = self._make_headers_policy()
            self.distribution = self._make_distribution(self.headers_policy)
        if config.edge == "api":
            self.page_api = PageApi(self, "Page", config=config, site=self.site)

    @property
    def url(self) -> str | None:
        """The page's address, without the slash at its end; None on the local stage."""
        if self.distribution:
            return f"https://{self.distribution.domain_name}"
        return self.page_api.url if self.page_api else None

    def upload(self, bundles: Packager, settings: Mapping[str, object]) -> None:
        """Upload the page and its `config.json`: assets first, then the index that names them.

        On the local stage it does nothing; the local cloud uploads the page.
        """
        if self._config.edge == "local":
            return
        page = deployment.Source.asset(str(bundles.site()))
        config = deployment.Source.json_data("config.json", dict(settings))
        log = logs.LogGroup(
            self,
            "UploadLog",
            retention=logs.RetentionDays.ONE_MONTH,
            removal_policy=RemovalPolicy.DESTROY,
        )
        assets = deployment.BucketDeployment(
            self,
            "Assets",
            sources=[page],
            destination_bucket=self.site,
            exclude=["*"],
            include=[_IMMUTABLE],
            cache_control=[
                deployment.CacheControl.from_string("public, max-age=31536000, immutable")
            ],
            prune=False,
            log_group=log,
        )
        index = deployment.BucketDeployment(
            self,
            "Index",
            sources=[page, config],
            destination_bucket=self.site,
            exclude=[_IMMUTABLE],
            cache_control=[deployment.CacheControl.no_cache()],
            prune=False,
            distribution=self.distribution,
            distribution_paths=_INVALIDATED if self.distribution else None,
            log_group=log,
        )
        index.node.add_dependency(assets)

    def _make_guest_role(self) -> iam.Role:
        conditions = {
            "StringEquals": {f"{_COGNITO}:aud": self.pool.ref},
            "ForAnyValue:StringLike": {f"{_COGNITO}:amr": "unauthenticated"},
        }
        role = iam.Role(self, "Guest", assumed_by=iam.WebIdentityPrincipal(_COGNITO, conditions))
        cognito.CfnIdentityPoolRoleAttachment(
            self,
            "GuestAttachment",
            identity_pool_id=self.pool.ref,
            roles={"unauthenticated": role.role_arn},
        )
        return role

    def _make_headers_policy(self) -> cloudfront.ResponseHeadersPolicy:
        headers = read_headers()
        return cloudfront.ResponseHeadersPolicy(
            self,
            "Headers",
            security_headers_behavior=security_headers(headers),
            custom_headers_behavior=other_headers(headers),
        )

    def _make_distribution(
        self, headers: cloudfront.ResponseHeadersPolicy
    ) -> cloudfront.Distribution:
        is_large = self._config.options.audience == "large"
        return cloudfront.Distribution(
            self,
            "Edge",
            default_root_object="index.html",
            price_class=cloudfront.PriceClass.PRICE_CLASS_100,
            http_version=cloudfront.HttpVersion.HTTP2_AND_3,
            error_responses=errors_kept_briefly() if is_large else None,
            default_behavior=cloudfront.BehaviorOptions(
                origin=origins.S3BucketOrigin.with_origin_access_control(self.site),
                viewer_protocol_policy=cloudfront.ViewerProtocolPolicy.REDIRECT_TO_HTTPS,
                response_headers_policy=headers,
            ),
        )
