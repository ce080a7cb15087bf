"""The big screen: a private bucket, and guests who may read public boards and no more."""

from aws_cdk import RemovalPolicy
from aws_cdk import aws_cognito as cognito
from aws_cdk import aws_iam as iam
from aws_cdk import aws_s3 as s3
from constructs import Construct

from infra.config import StageConfig

_COGNITO = "cognito-identity.amazonaws.com"


class Dashboard(Construct):
    """Where the page lies, and the identity pool its readers borrow credentials from."""

    def __init__(self, scope: Construct, construct_id: str, *, config: StageConfig) -> None:
        super().__init__(scope, construct_id)
        self._config = config
        self.site = s3.Bucket(
            self,
            "Site",
            block_public_access=s3.BlockPublicAccess.BLOCK_ALL,
            encryption=s3.BucketEncryption.S3_MANAGED,
            enforce_ssl=True,
            removal_policy=RemovalPolicy.DESTROY,
        )
        self.pool = cognito.CfnIdentityPool(
            self, "Guests", allow_unauthenticated_identities=True, allow_classic_flow=False
        )
        self.guest_role = self._make_guest_role()

    def _make_guest_role(self) -> iam.Role:
        of_this_pool = {
            "StringEquals": {f"{_COGNITO}:aud": self.pool.ref},
            "ForAnyValue:StringLike": {f"{_COGNITO}:amr": "unauthenticated"},
        }
        role = iam.Role(self, "Guest", assumed_by=iam.WebIdentityPrincipal(_COGNITO, of_this_pool))
        cognito.CfnIdentityPoolRoleAttachment(
            self,
            "GuestAttachment",
            identity_pool_id=self.pool.ref,
            roles={"unauthenticated": role.role_arn},
        )
        return role
