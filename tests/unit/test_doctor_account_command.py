"""`voteapp doctor --account`: which questions are put to which service, in which region."""

import json
from typing import Any

import pytest
from botocore.exceptions import NoCredentialsError
from typer.testing import CliRunner

from services.cli.account_checks import AccountChecks
from services.cli.app import app
from services.tools.doctor.finding import CheckStatus

ANSWERS: dict[str, Any] = {
    "get_caller_identity": {"Account": "123456789012", "Arn": "arn:aws:iam::1:user/me"},
    "describe_regions": {
        "Regions": [{"RegionName": "eu-west-1", "OptInStatus": "opt-in-not-required"}]
    },
    "get_parameters": {"Parameters": [{"Value": "21"}]},
    "get_account_settings": {
        "AccountLimit": {"ConcurrentExecutions": 10, "UnreservedConcurrentExecutions": 10}
    },
    "get_account": {"throttleSettings": {"rateLimit": 10_000.0, "burstLimit": 5_000}},
    "describe_limits": {
        "TableMaxWriteCapacityUnits": 40_000,
        "AccountMaxWriteCapacityUnits": 80_000,
    },
    "list_distributions": {"DistributionList": {"Quantity": 0}},
}
CALLS = [
    ("sts", "us-east-1", "get_caller_identity"),
    ("ec2", "us-east-1", "describe_regions"),
    ("ssm", "eu-west-1", "get_parameters"),
    ("dynamodb", "eu-west-1", "list_tables"),
    ("lambda", "eu-west-1", "list_functions"),
    ("apigatewayv2", "eu-west-1", "get_apis"),
    ("sqs", "eu-west-1", "list_queues"),
    ("cognito-identity", "eu-west-1", "list_identity_pools"),
    ("secretsmanager", "eu-west-1", "list_secrets"),
    ("sns", "eu-west-1", "list_topics"),
    ("cloudwatch", "eu-west-1", "list_dashboards"),
    ("lambda", "eu-west-1", "get_account_settings"),
    ("apigateway", "eu-west-1", "get_account"),
    ("dynamodb", "eu-west-1", "describe_limits"),
    ("cloudfront", "eu-west-1", "list_distributions"),
]
"""Nothing is created or changed."""


class Account:
    """A new account; it remembers what it was asked."""

    def __init__(self, **answers: Any) -> None:
        self.answers = ANSWERS | answers
        self.calls: list[tuple[str, str, str]] = []

    def client(self, service: str, region: str) -> Any:
        """A client whose operations give the account's answers."""
        account = self

        class Client:
            def __getattr__(self, operation: str) -> Any:
                def call(**asked: Any) -> Any:
                    del asked
                    account.calls.append((service, region, operation))
                    answer = account.answers.get(operation, {})
                    if isinstance(answer, Exception):
                        raise answer
                    return answer

                return call

        return Client()

    def checks(self) -> AccountChecks:
        """The checks of this account in Ireland."""
        return AccountChecks(region="eu-west-1", client=self.client)


def test_an_account_is_only_read() -> None:
    """Identity and regions in a region that every account has; the rest where it will run."""
    account = Account()
    list(account.checks().run())

    assert account.calls == CALLS


def test_a_new_account_may_deploy_and_is_told_what_to_request() -> None:
    """Warnings do not fail the command."""
    verdicts = {one.check: one.verdict for one in Account().checks().run()}

    assert verdicts == {
        "credentials": CheckStatus.OK,
        "region": CheckStatus.OK,
        "bootstrap": CheckStatus.OK,
        "services": CheckStatus.OK,
        "executions": CheckStatus.WARNING,
        "requests": CheckStatus.OK,
        "writes": CheckStatus.OK,
        "CloudFront": CheckStatus.WARNING,
    }


def test_without_credentials_nothing_else_is_asked() -> None:
    """Seven lines would say the same."""
    account = Account(get_caller_identity=NoCredentialsError())
    (finding,) = account.checks().run()

    assert finding.verdict is CheckStatus.FAILED
    assert "aws configure sso" in finding.remedy


def test_an_account_without_bootstrap_fails() -> None:
    """A missing parameter is an empty list."""
    findings = {one.check: one for one in Account(get_parameters={"Parameters": []}).checks().run()}

    assert findings["bootstrap"].verdict is CheckStatus.FAILED


def run(monkeypatch: pytest.MonkeyPatch, account: Account, *words: str) -> Any:
    """Run the command in this account."""
    monkeypatch.setattr(
        AccountChecks,
        "of",
        lambda region: AccountChecks(region=region or "us-west-2", client=account.client),
    )
    return CliRunner().invoke(app, ["doctor", *words])


def test_the_command_needs_no_stack(monkeypatch: pytest.MonkeyPatch) -> None:
    """It runs before the first deploy."""
    result = run(monkeypatch, Account(), "--account", "--region", "eu-west-1", "--json")
    document = json.loads(result.stdout)

    assert result.exit_code == 0
    assert (document["ok"], document["region"]) == (True, "eu-west-1")
    assert [check["check"] for check in document["checks"]][:2] == ["credentials", "region"]


def test_the_command_fails_with_a_failed_check(monkeypatch: pytest.MonkeyPatch) -> None:
    """As text, with the remedy below."""
    account = Account(get_parameters={"Parameters": []})
    result = run(monkeypatch, account, "--account", "--region", "eu-west-1")

    assert result.exit_code == 1
    assert "cdk bootstrap" in result.stdout
    assert "1 of 8 checks failed." in result.stdout


def test_a_region_without_an_account_to_check_is_a_mistake() -> None:
    """A deployment's region is AWS_REGION, as for every other command."""
    result = CliRunner().invoke(app, ["doctor", "--region", "eu-west-1"])

    assert result.exit_code == 2


def test_a_region_must_be_known(monkeypatch: pytest.MonkeyPatch, tmp_path: Any) -> None:
    """Exit code 3, as where no deployment is found."""
    for name in ("AWS_REGION", "AWS_DEFAULT_REGION", "AWS_PROFILE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "none"))
    result = CliRunner().invoke(app, ["doctor", "--account"])

    assert result.exit_code == 3
    assert "no AWS region is set" in result.stderr
