"""The doctor on stack, secret and tables."""

from typing import Any

import pytest

from services.adapters.secrets import Secrets
from services.tools.doctor.finding import Verdict
from services.tools.doctor.stack import (
    OUTPUTS,
    check_expiry,
    check_protection,
    check_secret,
    check_stack,
    check_table,
)

WHOLE = dict.fromkeys(OUTPUTS, "something")


def a_table(**settings: Any) -> dict[str, Any]:
    """A table as DescribeTable tells it, right but for some settings."""
    return {
        "TableStatus": "ACTIVE",
        "KeySchema": [
            {"KeyType": "HASH", "AttributeName": "pk"},
            {"KeyType": "RANGE", "AttributeName": "sk"},
        ],
        "StreamSpecification": {"StreamEnabled": True, "StreamViewType": "NEW_AND_OLD_IMAGES"},
        "BillingModeSummary": {"BillingMode": "PAY_PER_REQUEST"},
        "DeletionProtectionEnabled": True,
        **settings,
    }


def test_a_whole_stack_is_fine() -> None:
    """Every output there, and the last deploy went well."""
    assert check_stack(WHOLE, "UPDATE_COMPLETE").verdict is Verdict.OK


@pytest.mark.parametrize("output", OUTPUTS)
def test_a_missing_output_is_named(output: str) -> None:
    """The commands and the page rely on each."""
    finding = check_stack({**WHOLE, output: ""}, "CREATE_COMPLETE")

    assert finding.verdict is Verdict.FAILED
    assert output in finding.detail
    assert "deploy" in finding.remedy


def test_a_deploy_that_was_rolled_back_is_found() -> None:
    """The outputs are there all the same."""
    finding = check_stack(WHOLE, "UPDATE_ROLLBACK_COMPLETE")

    assert finding.verdict is Verdict.FAILED
    assert "UPDATE_ROLLBACK_COMPLETE" in finding.detail


def test_a_secret_with_both_is_fine() -> None:
    """And neither is told."""
    finding = check_secret(Secrets("the-token", b"the-pepper" * 4))

    assert finding.verdict is Verdict.OK
    assert "the-token" not in str(finding)
    assert "the-pepper" not in str(finding)


def test_an_unset_token_is_found_with_the_command_that_sets_it() -> None:
    """As after every first deploy."""
    finding = check_secret(Secrets("", b"the-pepper" * 4))

    assert finding.verdict is Verdict.FAILED
    assert "twilio_auth_token" in finding.detail
    assert "voteapp connect" in finding.remedy


@pytest.mark.parametrize("pepper", [b"", b"x" * 31])
def test_a_lost_or_weak_pepper_is_found(pepper: bytes) -> None:
    """Under it the webhook counts no text."""
    finding = check_secret(Secrets("the-token", pepper))

    assert finding.verdict is Verdict.FAILED
    assert "voter_pepper" in finding.detail


def test_a_table_as_the_stack_makes_it_is_fine() -> None:
    """Active, keyed, streamed."""
    assert check_table("votes table", a_table()).verdict is Verdict.OK


@pytest.mark.parametrize(
    ("settings", "named"),
    [
        ({"TableStatus": "CREATING"}, "TableStatus: CREATING"),
        ({"StreamSpecification": {}}, "StreamEnabled: False"),
        (
            {"StreamSpecification": {"StreamEnabled": True, "StreamViewType": "NEW_IMAGE"}},
            "StreamViewType: NEW_IMAGE",
        ),
        ({"KeySchema": [{"KeyType": "HASH", "AttributeName": "id"}]}, "partition key: id"),
    ],
)
def test_a_table_that_was_changed_is_found(settings: dict[str, Any], named: str) -> None:
    """By the name of the setting and the value it has."""
    finding = check_table("votes table", a_table(**settings))

    assert finding.verdict is Verdict.FAILED
    assert named in finding.detail


def test_ballots_that_do_not_expire_are_found() -> None:
    """Retention is a promise to the voters."""
    fine = {"TimeToLiveStatus": "ENABLED", "AttributeName": "expires_at"}

    assert check_expiry(fine).verdict is Verdict.OK
    assert check_expiry({"TimeToLiveStatus": "DISABLED"}).verdict is Verdict.FAILED
    assert check_expiry({**fine, "AttributeName": "ttl"}).verdict is Verdict.FAILED


@pytest.mark.parametrize(
    ("protected", "recovery", "verdict"),
    [
        (True, "ENABLED", Verdict.OK),
        (False, "ENABLED", Verdict.FAILED),
        (True, "DISABLED", Verdict.FAILED),
    ],
)
def test_in_production_a_table_is_protected(
    *, protected: bool, recovery: str, verdict: Verdict
) -> None:
    """Against deletion, and against what was written by mistake."""
    backups = {"PointInTimeRecoveryDescription": {"PointInTimeRecoveryStatus": recovery}}
    table = a_table(DeletionProtectionEnabled=protected)

    assert check_protection("protection", table, backups, stage="prod").verdict is verdict
    assert check_protection("protection", table, backups, stage="dev").verdict is Verdict.SKIPPED
