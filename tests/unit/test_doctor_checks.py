"""`voteapp doctor`: which checks there are, in which order, and what each is handed."""

import json
from dataclasses import replace
from typing import Any

import pytest
from botocore.exceptions import EndpointConnectionError
from typer.testing import CliRunner

from services.cli import doctor
from services.cli.app import app
from services.cli.checks import DeploymentChecks
from services.cli.deployment import Deployment
from services.tools.doctor import web
from services.tools.doctor.finding import CheckStatus

ALONG_THE_WAY = [
    "stack", "secret", "number", "webhook", "forged texts", "votes table", "aggregates table",
    "polls table", "expiry of ballots", "protection", "mapping", "iterator age", "last fold", "fallback queue",
    "guests read", "guests only read", "page", "HTTP to HTTPS", "alarm e-mails", "alarms", "clock", "a text",
    "a fallback text",
]  # fmt: skip


def unreachable(service: str) -> Any:
    """No client of any service."""
    raise EndpointConnectionError(endpoint_url=f"https://{service}.example.com")


def refused(url: str, *, data: bytes | None = None) -> web.HttpResponse:
    """Nobody answers over HTTP."""
    del data
    raise ConnectionRefusedError(url)


@pytest.fixture
def dead(monkeypatch: pytest.MonkeyPatch) -> Deployment:
    """A deployment of which nothing answers."""
    for name in ("TWILIO_ACCOUNT_SID", "TWILIO_AUTH_TOKEN"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(web, "fetch", refused)
    return Deployment(
        name="VoteApp-prod",
        region="us-east-1",
        outputs={
            "VotesTable": "votes",
            "AggregatesTable": "boards",
            "PollsTable": "polls",
            "SecretArn": "secret",
            "AggregatorFunction": "aggregator",
            "GuestIdentityId": "guest",
            "FallbackUrl": "https://rest.example.com/fallback/sms",
            "FallbackQueueUrl": "https://sqs.example.com/queue",
        },
        webhook_url="https://api.example.com/sms",
        dashboard_url="https://page.example.com",
        client=unreachable,
    )


def test_every_check_is_made_in_the_order_of_a_texts_way(dead: Deployment) -> None:
    """Twenty-three, whatever becomes of those before."""
    findings = [*DeploymentChecks(dead, stage="prod").run(text=True)]

    assert [finding.check for finding in findings] == ALONG_THE_WAY


def test_the_boards_of_a_large_audience_are_checked_after_the_page(dead: Deployment) -> None:
    """Other deployments have none."""
    large = replace(dead, outputs={**dead.outputs, "ReaderFunction": "reader"})
    checks = [one.check for one in DeploymentChecks(large, stage="prod").run(text=True)]

    assert checks[checks.index("page") + 1] == "boards"
    assert [name for name in checks if name != "boards"] == ALONG_THE_WAY


def test_of_a_deployment_that_is_dead_nothing_is_fine(dead: Deployment) -> None:
    """Each check fails by itself, with what stands in its way and a remedy."""
    findings = [*DeploymentChecks(dead, stage="prod").run(text=True)]

    assert {finding.verdict for finding in findings} == {CheckStatus.FAILED}
    assert all(finding.remedy for finding in findings)


def test_without_the_text_the_checklist_says_that_it_was_left_out(dead: Deployment) -> None:
    """The last line stays, so that nobody takes the rest for the whole."""
    *_, text, fallback = DeploymentChecks(dead, stage="prod").run(text=False)

    assert (text.check, text.verdict) == ("a text", CheckStatus.SKIPPED)
    assert (fallback.check, fallback.verdict) == ("a fallback text", CheckStatus.SKIPPED)


def test_on_the_emulator_what_it_does_not_keep_is_skipped(dead: Deployment) -> None:
    """Number, expiry, iterator age and alarms; the rest is examined."""
    findings = DeploymentChecks(dead, stage="local").run(text=True)
    skipped = [one.check for one in findings if one.verdict is CheckStatus.SKIPPED]

    assert skipped == ["number", "expiry of ballots", "iterator age", "alarm e-mails", "alarms"]


def test_what_is_repeated_during_an_evening_only_reads(dead: Deployment) -> None:
    """No text is sent, no guest's credentials are fetched; each check is one of the doctor's."""
    health = [finding.check for finding in DeploymentChecks(dead, stage="prod").health()]

    assert health == [
        "number", "webhook", "mapping", "iterator age", "last fold", "fallback queue", "alarms",
    ]  # fmt: skip


def test_a_failed_check_makes_the_command_fail(
    dead: Deployment, monkeypatch: pytest.MonkeyPatch
) -> None:
    """For people and for scripts: exit code 1, and every finding in the document."""
    monkeypatch.setattr(doctor, "find", lambda **_: dead)
    said = CliRunner().invoke(app, ["doctor", "--stage", "prod"])
    done = CliRunner().invoke(app, ["doctor", "--stage", "prod", "--json"])
    document = json.loads(done.stdout)

    assert (said.exit_code, done.exit_code) == (1, 1)
    assert "23 of 23 checks failed." in said.stdout
    assert (document["ok"], document["stack"]) == (False, "VoteApp-prod")
    assert [check["check"] for check in document["checks"]] == ALONG_THE_WAY
