"""The doctor on an account before its first deploy."""

from collections.abc import Callable
from typing import Any

import pytest
from botocore.exceptions import ClientError, EndpointConnectionError

from services.tools.doctor.account import (
    check_bootstrap,
    check_cloudfront,
    check_credentials,
    check_executions,
    check_region,
    check_requests,
    check_services,
    check_writes,
)
from services.tools.doctor.finding import CheckStatus

ME = "arn:aws:sts::123456789012:assumed-role/Administrator/me"
ROOT = "arn:aws:iam::123456789012:root"


def refusing(code: str) -> Callable[[], object]:
    """A call that a service answers with an error."""

    def call() -> object:
        raise ClientError({"Error": {"Code": code}}, "List")

    return call


def unreachable() -> object:
    """A call for which the region has no address."""
    raise EndpointConnectionError(endpoint_url="https://cognito-identity.nowhere")


def test_the_account_and_the_region_of_the_deploy_are_named() -> None:
    """A deploy into another account is not noticed otherwise."""
    finding = check_credentials({"Account": "123456789012", "Arn": ME}, "us-east-1")

    assert finding.verdict is CheckStatus.OK
    assert finding.detail == "account 123456789012, us-east-1"


def test_the_root_user_is_told_to_become_an_administrator() -> None:
    """Root's keys cannot be limited."""
    finding = check_credentials({"Account": "123456789012", "Arn": ROOT}, "us-east-1")

    assert finding.verdict is CheckStatus.WARNING
    assert "root" in finding.detail


REGIONS = [
    {"RegionName": "us-east-1", "OptInStatus": "opt-in-not-required"},
    {"RegionName": "eu-south-1", "OptInStatus": "opted-in"},
    {"RegionName": "af-south-1", "OptInStatus": "not-opted-in"},
]


@pytest.mark.parametrize(
    ("region", "verdict", "remedy"),
    [
        ("us-east-1", CheckStatus.OK, ""),
        ("eu-south-1", CheckStatus.OK, ""),
        ("af-south-1", CheckStatus.FAILED, "aws account enable-region --region-name af-south-1"),
        ("us-east-9", CheckStatus.FAILED, "AWS_REGION"),
    ],
)
def test_a_region_must_be_enabled(region: str, verdict: CheckStatus, remedy: str) -> None:
    """Newer regions are off in every account until somebody enables them."""
    finding = check_region([*REGIONS], region)

    assert finding.verdict is verdict
    assert remedy in finding.remedy


@pytest.mark.parametrize(
    ("version", "verdict"),
    [
        (None, CheckStatus.FAILED),
        ("5", CheckStatus.FAILED),
        ("?", CheckStatus.FAILED),
        ("6", CheckStatus.OK),
        ("31", CheckStatus.OK),
    ],
)
def test_cdk_needs_its_bootstrap(version: str | None, verdict: CheckStatus) -> None:
    """The stack's template asserts version 6."""
    finding = check_bootstrap(version)

    assert finding.verdict is verdict
    assert ("cdk bootstrap" in finding.remedy) == (verdict is CheckStatus.FAILED)


def test_a_service_that_the_region_lacks_is_named() -> None:
    """The deploy would fail after minutes."""
    calls = {"SQS": lambda: None, "Cognito": unreachable, "SNS": refusing("OptInRequired")}
    finding = check_services(calls)

    assert finding.verdict is CheckStatus.FAILED
    assert "Cognito" in finding.detail
    assert "SNS: OptInRequired" in finding.detail
    assert "SQS" not in finding.detail


@pytest.mark.parametrize("code", ["AccessDenied", "AccessDeniedException", "AuthorizationError"])
def test_a_service_that_does_not_let_the_operator_list_is_there(code: str) -> None:
    """CDK deploys with roles of its own."""
    assert check_services({"SNS": refusing(code)}).verdict is CheckStatus.OK


def executions(quota: int, unreserved: int | None = None) -> Any:
    """The finding on an account with this quota of Lambda."""
    return check_executions(
        {
            "ConcurrentExecutions": quota,
            "UnreservedConcurrentExecutions": quota if unreserved is None else unreserved,
        },
        "eu-west-1",
    )


@pytest.mark.parametrize("quota", [10, 50, 149])
def test_the_quota_of_a_new_account_is_too_small_for_an_evening(quota: int) -> None:
    """Webhook and aggregator share it; the command to request more is complete."""
    finding = executions(quota)

    assert finding.verdict is CheckStatus.WARNING
    assert finding.detail.startswith(f"{quota} at a time")
    assert (
        "aws service-quotas request-service-quota-increase --service-code lambda "
        "--quota-code L-B99A9384 --desired-value 1000 --region eu-west-1" in finding.remedy
    )
    assert "reserved_concurrency" in finding.remedy


def test_the_usual_quota_allows_a_reservation() -> None:
    """150 leaves the 100 that Lambda wants to keep for other functions."""
    for quota in (150, 1_000):
        finding = executions(quota)

        assert finding.verdict is CheckStatus.OK
        assert "reserved_concurrency=50" in finding.detail


def test_a_quota_that_others_have_reserved_allows_no_reservation() -> None:
    """Lambda would refuse it, and the deploy would fail."""
    finding = executions(1_000, unreserved=149)

    assert finding.verdict is CheckStatus.WARNING
    assert "149 are not reserved" in finding.detail
    assert executions(1_000, unreserved=150).verdict is CheckStatus.OK


@pytest.mark.parametrize(
    ("rate", "burst", "verdict"),
    [
        (10_000.0, 5_000, CheckStatus.OK),
        (200.0, 400, CheckStatus.OK),
        (199.0, 400, CheckStatus.FAILED),
        (200.0, 399, CheckStatus.FAILED),
    ],
)
def test_the_account_admits_what_an_api_of_the_stack_admits(
    rate: float, burst: int, verdict: CheckStatus
) -> None:
    """The lower of the two throttles wins."""
    assert check_requests({"rateLimit": rate, "burstLimit": burst}).verdict is verdict


@pytest.mark.parametrize(
    ("writes", "verdict"), [(40_000, CheckStatus.OK), (3_999, CheckStatus.FAILED)]
)
def test_a_table_may_take_a_rush(writes: int, verdict: CheckStatus) -> None:
    """As many as a new on-demand table takes."""
    limits = {"TableMaxWriteCapacityUnits": writes, "AccountMaxWriteCapacityUnits": 80_000}

    assert check_writes(limits).verdict is verdict


def test_what_nobody_can_know_about_cloudfront_is_said() -> None:
    """Only an account that has a distribution has shown that it may have one."""
    unknown, known = check_cloudfront(0), check_cloudfront(2)

    assert known.verdict is CheckStatus.OK
    assert unknown.verdict is CheckStatus.WARNING
    assert "-c edge=none" in unknown.remedy
    assert "must be verified" in unknown.remedy
