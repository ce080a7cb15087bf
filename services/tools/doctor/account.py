"""Checks an AWS account before its first deploy; no stack is needed.

Lambda, "Lambda quotas": new accounts have reduced quotas. Some have ten executions at a time.
"""

from collections.abc import Callable, Mapping
from typing import Any, Final

from services.tools.doctor.finding import Finding, failed, ok, ok_or_failed, warning

BOOTSTRAP_PARAMETER: Final = "/cdk-bootstrap/hnb659fds/version"
BOOTSTRAP_VERSION: Final = 6
"""The stack's template asserts it (CDK, `DefaultStackSynthesizer`)."""

UNRESERVED_EXECUTIONS: Final = 100
"""Lambda refuses a reservation that leaves less ("PutFunctionConcurrency")."""
RESERVED_EXECUTIONS: Final = 50
"""One per shard of the stream of ballots, with room for shards that split."""
REQUESTED_EXECUTIONS: Final = 1_000
"""The default quota of older accounts."""

ADMITTED_PER_SECOND: Final = 200
ADMITTED_BURST: Final = 400
"""What each API of the stack admits without options."""
TABLE_WRITES: Final = 4_000
"""What a new on-demand table takes."""

_ENABLED: Final = frozenset({"opt-in-not-required", "opted-in"})
_ANSWERED: Final = frozenset(
    {"AccessDenied", "AccessDeniedException", "AuthorizationError", "UnauthorizedOperation"}
)
"""Error codes of a service that is there, and refuses the operator the question."""


def check_credentials(identity: Mapping[str, Any], region: str) -> Finding:
    """Check who deploys. `identity` is GetCallerIdentity's."""
    account, arn = identity["Account"], str(identity["Arn"])
    detail = f"account {account}, {region}"
    if arn.endswith(":root"):
        remedy = "create an administrator in IAM Identity Center, and log in as that one"
        return warning("credentials", f"{detail}, as the root user", remedy)
    return ok("credentials", detail)


def check_region(regions: list[Mapping[str, Any]], region: str) -> Finding:
    """Check that the region is enabled. `regions` is DescribeRegions', with all regions."""
    states = {one["RegionName"]: one.get("OptInStatus") for one in regions}
    if region not in states:
        return failed("region", f"{region}: there is none of this name", "set AWS_REGION")
    if states[region] not in _ENABLED:
        remedy = f"enable it: aws account enable-region --region-name {region}"
        return failed("region", f"{region}: {states[region]}", remedy)
    return ok("region", f"{region} is enabled")


def check_bootstrap(version: str | None) -> Finding:
    """Check that CDK has its bucket and roles; None if the parameter is missing."""
    if version is None:
        return failed("bootstrap", f"{BOOTSTRAP_PARAMETER}: missing", "once: cdk bootstrap")
    if not version.isdigit() or int(version) < BOOTSTRAP_VERSION:
        problem = f"version {version}, not {BOOTSTRAP_VERSION} or newer"
        return failed("bootstrap", problem, "renew it: cdk bootstrap")
    return ok("bootstrap", f"version {version}")


def check_services(calls: Mapping[str, Callable[[], object]]) -> Finding:
    """Call each service once, by its name; one that refuses the question is there all the same."""
    from botocore.exceptions import BotoCoreError, ClientError  # slow to import

    problems = []
    for service, call in calls.items():
        try:
            call()
        except ClientError as error:
            if (code := error.response["Error"]["Code"]) not in _ANSWERED:
                problems.append(f"{service}: {code}")
        except BotoCoreError as error:
            problems.append(f"{service}: {error}")
    remedy = "take a region that has all of them, such as us-east-1"
    return ok_or_failed("services", problems, f"all answer: {', '.join(calls)}", remedy)


def check_executions(limit: Mapping[str, Any], region: str) -> Finding:
    """Check how many functions run at a time. `limit` is AccountLimit of GetAccountSettings."""
    quota, unreserved = limit["ConcurrentExecutions"], limit["UnreservedConcurrentExecutions"]
    free = unreserved - UNRESERVED_EXECUTIONS
    if quota < UNRESERVED_EXECUTIONS + RESERVED_EXECUTIONS:
        remedy = (
            "before an evening, request more: aws service-quotas request-service-quota-increase "
            "--service-code lambda --quota-code L-B99A9384 "
            f"--desired-value {REQUESTED_EXECUTIONS} --region {region}; until then do not set "
            "reserved_concurrency, which would fail"
        )
        detail = f"{quota} at a time, shared by the webhook, the aggregator and all others"
        return warning("executions", detail, remedy)
    if free < RESERVED_EXECUTIONS:
        remedy = "do not set reserved_concurrency, or request a higher quota: L-B99A9384"
        detail = f"{quota:,} at a time, of which {unreserved:,} are not reserved"
        return warning("executions", detail, remedy)
    detail = f"{quota:,} at a time; reserved_concurrency={RESERVED_EXECUTIONS} may be set"
    return ok("executions", detail)


def check_requests(throttle: Mapping[str, Any]) -> Finding:
    """Check API Gateway's throttle of the account. `throttle` is GetAccount's throttleSettings."""
    rate, burst = throttle["rateLimit"], throttle["burstLimit"]
    problems = [
        f"{name} {found:,.0f}, not {wanted} or more"
        for name, found, wanted in (
            ("rate", rate, ADMITTED_PER_SECOND),
            ("burst", burst, ADMITTED_BURST),
        )
        if found < wanted
    ]
    detail = f"{rate:,.0f} a second, {burst:,} at once, shared by all APIs of the region"
    remedy = (
        "request a higher rate, by which AWS sets the burst: in the console, Service Quotas: "
        "API Gateway, quota L-8A5B8E43"
    )
    return ok_or_failed("requests", problems, detail, remedy)


def check_writes(limits: Mapping[str, Any]) -> Finding:
    """Check what a table may take. `limits` is DescribeLimits'."""
    table, account = limits["TableMaxWriteCapacityUnits"], limits["AccountMaxWriteCapacityUnits"]
    detail = f"{table:,} a second for a table, {account:,} for provisioned ones of the region"
    problems = [detail] if table < TABLE_WRITES else []
    remedy = (
        "request more in the console, Service Quotas: DynamoDB, Table-level write throughput limit"
    )
    return ok_or_failed("writes", problems, detail, remedy)


def check_cloudfront(distributions: int) -> Finding:
    """Say what can be known: no operation tells whether CloudFront has verified the account."""
    if distributions:
        return ok("CloudFront", f"in use: {distributions} distributions of this account")
    remedy = (
        "if the deploy fails with 'Your account must be verified before you can add new "
        "CloudFront resources', send that message to AWS Support, and meanwhile deploy with "
        "-c edge=none"
    )
    return warning("CloudFront", "never used; no API tells whether AWS will allow it", remedy)
