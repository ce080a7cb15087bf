"""Checks the stack, its secret and its tables."""

from collections.abc import Mapping
from typing import Any, Final

from services.adapters.secrets import Secrets
from services.settings import LEAST_PEPPER_CHARACTERS
from services.tools.doctor.finding import (
    DEPLOY,
    RESTORE,
    Finding,
    failed,
    ok,
    ok_or_failed,
    skipped,
)
from services.voting import schema

OUTPUTS: Final = (
    "WebhookUrl", "VotesTable", "AggregatesTable", "PollsTable", "SiteBucket", "IdentityPoolId",
    "GuestIdentityId", "SecretArn", "AggregatorFunction",
)  # fmt: skip
"""Outputs that the commands and the dashboard need; a container stack has no WebhookFunction."""

_COMPLETE: Final = frozenset({"CREATE_COMPLETE", "UPDATE_COMPLETE", "IMPORT_COMPLETE"})


def check_stack(outputs: Mapping[str, str], status: str | None) -> Finding:
    """Check that all outputs exist and the last deploy succeeded; ignores a status of None."""
    problems = [f"output {name}: missing" for name in OUTPUTS if not outputs.get(name)]
    if status and status not in _COMPLETE:
        problems.insert(0, f"status {status}")
    detail = f"{status or 'there'}, {len(outputs)} outputs"
    return ok_or_failed("stack", problems, detail, DEPLOY)


def check_secret(secrets: Secrets) -> Finding:
    """Check that the token is set and the pepper is long enough: else no text is counted."""
    if len(secrets.voter_pepper) < LEAST_PEPPER_CHARACTERS:
        remedy = "the stack generates it; restore the previous version of the secret"
        problem = f"shorter than {LEAST_PEPPER_CHARACTERS} characters"
        return failed("secret", f"voter_pepper: {problem}: no text is counted", remedy)
    if not secrets.twilio_auth_token:
        remedy = "set it: voteapp connect --number +1..."
        return failed("secret", "twilio_auth_token: not set: every text is refused", remedy)
    return ok("secret", "token and pepper are set")


def check_table(check: str, description: Mapping[str, Any], *, has_stream: bool = True) -> Finding:
    """Check a table's status, keys and stream. `description` is DescribeTable's."""
    view = schema.STREAM_VIEW if has_stream else None
    stream = description.get("StreamSpecification", {})
    keys = {key["KeyType"]: key["AttributeName"] for key in description["KeySchema"]}
    expected = {
        "TableStatus": (description["TableStatus"], "ACTIVE"),
        "StreamEnabled": (stream.get("StreamEnabled", False), has_stream),
        "StreamViewType": (stream.get("StreamViewType"), view),
        "partition key": (keys.get("HASH"), schema.PARTITION_KEY),
        "sort key": (keys.get("RANGE"), schema.SORT_KEY),
    }
    problems = [
        f"{name}: {found}, not {wanted}"
        for name, (found, wanted) in expected.items()
        if found != wanted
    ]
    billing = description.get("BillingModeSummary", {}).get("BillingMode", "PROVISIONED")
    return ok_or_failed(
        check,
        problems,
        f"active, stream {'on' if has_stream else 'off'}, {billing.lower()}",
        RESTORE,
    )


def check_expiry(description: Mapping[str, Any]) -> Finding:
    """Check that ballots expire. `description` is TimeToLiveDescription."""
    status, wanted = description.get("TimeToLiveStatus"), schema.VOTES.ttl_attribute
    attribute = description.get("AttributeName")
    problems = [] if status in {"ENABLED", "ENABLING"} and attribute == wanted else [
        f"TimeToLiveStatus: {status} on {attribute}, not ENABLED on {wanted}"
    ]  # fmt: skip
    return ok_or_failed("expiry of ballots", problems, f"by {wanted}", RESTORE)


def check_protection(
    check: str, description: Mapping[str, Any], backups: Mapping[str, Any], *, stage: str
) -> Finding:
    """Check deletion protection and point-in-time recovery (35 days) in production."""
    if stage != "prod":
        return skipped(check, f"a {stage} stack may be deleted")
    recovery = backups.get("PointInTimeRecoveryDescription", {})
    problems = []
    if not description.get("DeletionProtectionEnabled"):
        problems.append("DeletionProtectionEnabled: False, not True")
    if recovery.get("PointInTimeRecoveryStatus") != "ENABLED":
        problems.append("PointInTimeRecoveryStatus: not ENABLED")
    return ok_or_failed(check, problems, "against deletion, with point-in-time recovery", RESTORE)
