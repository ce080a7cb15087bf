"""The checks of `voteapp doctor --account`, in the order in which a first deploy needs them."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, Final, Self

from services.cli.aws_session import open_session
from services.tools.doctor import account
from services.tools.doctor.finding import CheckStatus, Finding, failed, run_check

_LOG_IN: Final = "log in: aws configure sso, or aws sso login; or check the network"
_REGIONS_ARE_LISTED_IN: Final = "us-east-1"
"""A region that is not enabled refuses every call."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountChecks:
    """Checks of one account in one region; `client` creates a boto3 client: service, region."""

    region: str
    client: Callable[[str, str], Any]

    @classmethod
    def of(cls, region: str | None) -> Self:
        """Use the operator's credentials and, without a region, the configured one.

        Raises:
            DeploymentError: no region is set.
        """
        session = open_session(region)
        return cls(
            region=session.region_name,
            client=lambda service, where: session.client(service, region_name=where),
        )

    def run(self) -> Iterator[Finding]:
        """Run all checks and yield each finding at once; without credentials there is one."""
        credentials = run_check("credentials", self._credentials)
        yield credentials
        if credentials.verdict is CheckStatus.FAILED:
            return
        for name, check in self._checks().items():
            yield run_check(name, check)

    def _checks(self) -> dict[str, Callable[[], Finding]]:
        return {
            "region": self._region,
            "bootstrap": self._bootstrap,
            "services": self._services,
            "executions": self._executions,
            "requests": lambda: account.check_requests(
                self._here("apigateway").get_account()["throttleSettings"]
            ),
            "writes": lambda: account.check_writes(self._here("dynamodb").describe_limits()),
            "CloudFront": self._cloudfront,
        }

    def _here(self, service: str) -> Any:  # noqa: ANN401 - a boto3 client
        return self.client(service, self.region)

    def _credentials(self) -> Finding:
        from botocore.exceptions import BotoCoreError, ClientError  # slow to import

        try:
            # A region that is not enabled would refuse valid credentials.
            identity = self.client("sts", _REGIONS_ARE_LISTED_IN).get_caller_identity()
        except (BotoCoreError, ClientError) as error:
            return failed("credentials", str(error), _LOG_IN)
        return account.check_credentials(identity, self.region)

    def _region(self) -> Finding:
        regions = self.client("ec2", _REGIONS_ARE_LISTED_IN).describe_regions(AllRegions=True)
        return account.check_region(regions["Regions"], self.region)

    def _bootstrap(self) -> Finding:
        # GetParameters: a missing parameter is no error.
        names = [account.BOOTSTRAP_PARAMETER]
        found = self._here("ssm").get_parameters(Names=names)["Parameters"]
        return account.check_bootstrap(found[0]["Value"] if found else None)

    def _services(self) -> Finding:
        here = self._here
        return account.check_services(
            {
                "DynamoDB": lambda: here("dynamodb").list_tables(Limit=1),
                "Lambda": lambda: here("lambda").list_functions(MaxItems=1),
                "API Gateway": lambda: here("apigatewayv2").get_apis(MaxResults="1"),
                "SQS": lambda: here("sqs").list_queues(MaxResults=1),
                "Cognito": lambda: here("cognito-identity").list_identity_pools(MaxResults=1),
                "Secrets Manager": lambda: here("secretsmanager").list_secrets(MaxResults=1),
                "SNS": lambda: here("sns").list_topics(),
                "CloudWatch": lambda: here("cloudwatch").list_dashboards(),
            }
        )

    def _executions(self) -> Finding:
        limit = self._here("lambda").get_account_settings()["AccountLimit"]
        return account.check_executions(limit, self.region)

    def _cloudfront(self) -> Finding:
        listed = self._here("cloudfront").list_distributions(MaxItems="100")["DistributionList"]
        return account.check_cloudfront(listed.get("Quantity", 0))
