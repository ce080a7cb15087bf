"""`voteapp connect` against a stand-in of Twilio's REST API and an in-process AWS."""

import json
from collections.abc import Iterator
from functools import cache
from typing import Any

import boto3
import pytest
from botocore.config import Config
from moto import mock_aws
from typer import Typer
from typer.testing import CliRunner, Result

from services.adapters.dynamodb.directory import DynamoDirectory
from services.adapters.dynamodb.provisioning import create_table
from services.cli import connect
from services.cli.deployment import Deployment
from services.polls.definition import parse_poll
from services.voting import schema
from tests.support.twilio_api import ACCOUNT, NUMBER, TOKEN, Account, twilio_api

WEBHOOK = "https://abc.execute-api.us-east-1.amazonaws.com/sms"
FALLBACK = "https://def.execute-api.us-east-1.amazonaws.com/fallback/sms"
WANTED = WEBHOOK + "#rc=3&rp=all&ct=500&rt=3200"
POLL = """question = "Which?"
[[choices]]
key = "{0}A"
label = "{0}A"
[[choices]]
key = "{0}B"
label = "{0}B"
"""
PEPPER = "a-pepper-that-must-stay"

app = Typer()
app.command()(connect.connect)


@pytest.fixture
def twilio() -> Iterator[Account]:
    """The account at Twilio."""
    with twilio_api() as account:
        yield account


@pytest.fixture
def deployment(monkeypatch: pytest.MonkeyPatch, twilio: Account) -> Iterator[Deployment]:
    """A deployment whose token is not set, and the credentials in the environment."""
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "test")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "test")
    monkeypatch.setenv("TWILIO_ACCOUNT_SID", ACCOUNT)
    monkeypatch.setenv("TWILIO_AUTH_TOKEN", TOKEN)
    monkeypatch.setenv("TWILIO_API_URL", twilio.address)
    with mock_aws():
        deployment = deployed()
        monkeypatch.setattr(connect, "find", lambda **_: deployment)
        yield deployment


def deployed() -> Deployment:
    """Tables, one poll on all numbers and one on its own, and a secret without token."""
    plain = Config(account_id_endpoint_mode="disabled")

    @cache
    def client(service: str) -> Any:
        session: Any = boto3.Session(region_name="us-east-1")
        return session.client(service, config=plain)

    secret = client("secretsmanager").create_secret(
        Name="s", SecretString=json.dumps({"twilio_auth_token": "", "voter_pepper": PEPPER})
    )
    create_table(client("dynamodb"), schema.AGGREGATES, "aggregates")
    create_table(client("dynamodb"), schema.POLLS, "polls")
    polls = [
        parse_poll(POLL.format("S"), source="shared.toml"),
        parse_poll(f'numbers = ["+15550100123"]\n{POLL.format("O")}', source="own.toml"),
    ]
    DynamoDirectory(client=client("dynamodb"), table="polls", aggregates="aggregates").apply(polls)
    return Deployment(
        name="VoteApp-dev",
        region="us-east-1",
        outputs={
            "VotesTable": "votes",
            "AggregatesTable": "aggregates",
            "PollsTable": "polls",
            "FallbackUrl": FALLBACK,
            "SecretArn": secret["ARN"],
        },
        webhook_url=WEBHOOK,
        dashboard_url=None,
        client=client,
    )


def run(*arguments: str, answer: str = "") -> Result:
    """Run the command as a shell would."""
    return CliRunner().invoke(app, ["--number", NUMBER, *arguments], input=answer)


def secret_of(deployment: Deployment) -> dict[str, str]:
    """What the secret holds."""
    manager = deployment.client("secretsmanager")
    held: dict[str, str] = json.loads(
        manager.get_secret_value(SecretId=deployment.outputs["SecretArn"])["SecretString"]
    )
    return held


def test_a_number_is_joined_to_the_webhook_with_retries(
    deployment: Deployment, twilio: Account
) -> None:
    """URL, method and connection overrides; token and account beside the pepper, which stays."""
    sid = twilio.add_number()
    done = run("--yes")

    assert done.exit_code == 0, done.output
    assert twilio.numbers[sid]["sms_url"] == WANTED
    assert twilio.numbers[sid]["sms_method"] == "POST"
    assert secret_of(deployment) == {
        "twilio_auth_token": TOKEN,
        "twilio_account_sid": ACCOUNT,
        "voter_pepper": PEPPER,
    }


def test_nothing_but_the_settings_of_the_number_is_changed(
    deployment: Deployment, twilio: Account
) -> None:
    """No message is sent, nothing is bought."""
    sid = twilio.add_number()
    run("--yes")

    path = f"/2010-04-01/Accounts/{ACCOUNT}/IncomingPhoneNumbers/{sid}.json"
    form = {
        "SmsUrl": WANTED,
        "SmsMethod": "POST",
        "SmsFallbackUrl": FALLBACK,
        "SmsFallbackMethod": "POST",
        "SmsApplicationSid": "",
    }
    assert deployment.name
    assert twilio.changes() == [("POST", path, form)]


def test_a_second_time_nothing_is_changed(deployment: Deployment, twilio: Account) -> None:
    """Nor is anything asked."""
    twilio.add_number()
    run("--yes")
    before = len(twilio.changes())
    done = run()

    assert deployment.name
    assert done.exit_code == 0
    assert "nothing was changed" in done.output
    assert len(twilio.changes()) == before


def test_a_dry_run_shows_before_and_after_and_changes_nothing(
    deployment: Deployment, twilio: Account
) -> None:
    """Neither at Twilio nor in the secret nor on the screen."""
    twilio.add_number()
    done = run("--dry-run")

    assert done.exit_code == 0
    assert "https://demo.twilio.com/welcome/sms/reply" in done.stdout
    assert WANTED in done.stdout
    assert "Nothing was changed" in done.stdout
    assert twilio.changes() == []
    assert secret_of(deployment)["twilio_auth_token"] == ""
    assert deployment.directory.entry("shared").number is None


def test_before_anything_is_changed_one_is_asked(deployment: Deployment, twilio: Account) -> None:
    """And a no changes nothing."""
    twilio.add_number()
    done = run(answer="n\n")

    assert done.exit_code == 1
    assert "Change this on VoteApp-dev?" in done.output
    assert twilio.changes() == []
    assert secret_of(deployment)["twilio_auth_token"] == ""


def test_the_screen_shows_the_number_where_a_poll_has_none_of_its_own(
    deployment: Deployment, twilio: Account
) -> None:
    """A poll that names its number keeps showing that."""
    twilio.add_number()
    run("--yes")

    assert deployment.directory.entry("shared").number == NUMBER
    assert deployment.directory.entry("own").number == "+15550100123"


def test_the_screen_can_be_left_alone(deployment: Deployment, twilio: Account) -> None:
    """For a second number of the same polls."""
    twilio.add_number()
    run("--yes", "--no-screen")

    assert deployment.directory.entry("shared").number is None


def test_a_messaging_service_that_takes_the_texts_leaves_them_to_the_number(
    deployment: Deployment, twilio: Account
) -> None:
    """A registered number in the US is in one, and its own URL is not asked then."""
    service = twilio.add_service(twilio.add_number(), leaves_texts_to_number=False)
    done = run("--yes", "--json")
    rows = {row["what"]: row for row in json.loads(done.stdout)["settings"]}

    assert deployment.name
    assert twilio.services[service]["use_inbound_webhook_on_number"] is True
    assert rows["messaging service Evenings"]["before"] == "takes them itself"


def test_an_application_in_front_of_the_number_is_taken_away(
    deployment: Deployment, twilio: Account
) -> None:
    """It would take the texts before the URL does."""
    sid = twilio.add_number(sms_application_sid="AP" + "1" * 32)
    run("--yes")

    assert deployment.name
    assert twilio.numbers[sid]["sms_application_sid"] == ""


def test_the_token_is_never_printed(deployment: Deployment, twilio: Account) -> None:
    """In none of the forms."""
    twilio.add_number()
    said = [run(*how).output for how in (("--dry-run",), ("--json", "--yes"), ("--yes",))]

    assert deployment.name
    assert not any(TOKEN in text for text in said)


def test_a_wrong_token_is_named_with_a_remedy(
    deployment: Deployment, twilio: Account, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Twilio's own judgement, before anything is changed; the value is not told."""
    twilio.add_number()
    monkeypatch.setenv("TWILIO_AUTH_TOKEN", "wrong-token")
    done = run("--yes")

    assert done.exit_code == 1
    assert "TWILIO_AUTH_TOKEN" in done.output
    assert "copy both anew" in done.output
    assert "wrong-token" not in done.output
    assert secret_of(deployment)["twilio_auth_token"] == ""


@pytest.mark.parametrize("variable", ["TWILIO_ACCOUNT_SID", "TWILIO_AUTH_TOKEN"])
def test_missing_credentials_are_named(
    deployment: Deployment, monkeypatch: pytest.MonkeyPatch, variable: str
) -> None:
    """With where they are to be found."""
    monkeypatch.delenv(variable)
    done = run("--yes")

    assert deployment.name
    assert done.exit_code == 1
    assert f"{variable}: not set" in done.output
    assert "console" in done.output


def test_a_number_of_another_account_is_refused_with_those_there_are(
    deployment: Deployment, twilio: Account
) -> None:
    """A slip of the finger must not connect another number."""
    twilio.add_number("+15550100188")
    done = run("--yes")

    assert deployment.name
    assert done.exit_code == 1
    assert NUMBER in done.output
    assert "+15550100188" in done.output


def test_a_number_that_takes_no_texts_is_refused(deployment: Deployment, twilio: Account) -> None:
    """It can be pointed anywhere and nothing will come."""
    twilio.add_number(sms=False)
    done = run("--yes")

    assert deployment.name
    assert done.exit_code == 1
    assert "cannot receive texts" in done.output


def test_credentials_are_sent_to_no_stand_in_elsewhere(
    deployment: Deployment, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The address of the stand-in is taken on this machine only."""
    monkeypatch.setenv("TWILIO_API_URL", "https://api.example.com")
    done = run("--yes")

    assert deployment.name
    assert done.exit_code == 1
    assert "TWILIO_API_URL" in done.output
