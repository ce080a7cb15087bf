"""The scheduled reconciliation: its handler, Twilio's log on one side, ballots on the other."""

import json
import time
from collections.abc import Iterator
from typing import Any

import boto3
import pytest

from lambdas.reconciler.handler import ReconciliationFailedError, handler
from services.adapters.clock import now_ms
from services.late.report import NotBalancedError, Report
from services.late.run import Reconciliations
from services.polls.definition import parse_poll
from services.voting.lifecycle import next_round
from tests.support.moto_system import DAY_MS, PEPPER, POLL, MotoSystem, moto_system
from tests.support.polls import a_phone
from tests.support.twilio_api import ACCOUNT, TOKEN, Account, twilio_api

NUMBER = "+15550100177"
HOUR = 3_600


@pytest.fixture
def account() -> Iterator[Account]:
    """Twilio's account with one number."""
    with twilio_api() as account:
        account.add_number(NUMBER)
        yield account


@pytest.fixture
def deployed(monkeypatch: pytest.MonkeyPatch, account: Account) -> Iterator[MotoSystem]:
    """A deployment with one open poll, and the function's environment."""
    for name in ("TWILIO_ACCOUNT_SID", "TWILIO_AUTH_TOKEN"):
        monkeypatch.delenv(name, raising=False)
    with moto_system() as system:
        monkeypatch.setenv("VOTES_TABLE", "Votes")
        monkeypatch.setenv("POLLS_TABLE", "Polls")
        monkeypatch.setenv("TWILIO_API_URL", account.address)
        configure(monkeypatch, twilio_account_sid=ACCOUNT, twilio_auth_token=TOKEN)
        yield system


def configure(monkeypatch: pytest.MonkeyPatch, **held: str) -> None:
    """Name a new secret that holds this, and the pepper."""
    secret = json.dumps({"voter_pepper": PEPPER.decode(), **held})
    client: Any = boto3.client("secretsmanager")
    name = f"secret-{len(client.list_secrets()['SecretList'])}"
    monkeypatch.setenv("SECRET_ARN", client.create_secret(Name=name, SecretString=secret)["ARN"])


def received(account: Account, body: str, *, phone: int = 0, ago_s: float = HOUR) -> None:
    """A text that Twilio received and could not deliver."""
    at = time.time() - ago_s
    account.records.add(sender=a_phone(phone), to=NUMBER, body=body, at=at)


def run(capsys: pytest.CaptureFixture[str]) -> list[dict[str, Any]]:
    """Let the schedule call the function; the lines of its log."""
    handler({}, None)
    return lines(capsys)


def lines(capsys: pytest.CaptureFixture[str]) -> list[dict[str, Any]]:
    """The lines of the log since the last call; each is one event."""
    return [json.loads(line) for line in capsys.readouterr().out.splitlines()]


def add_poll(system: MotoSystem, name: str, more: str) -> None:
    """Apply a second poll beside the first."""
    text = POLL.format(more=more)
    for key, other in (("RED", "MAROON"), ("GREEN", "OLIVE"), ("BLUE", "NAVY")):
        text = text.replace(key, other).replace(key.title(), other.title())
    polls = [system.round.poll, parse_poll(text, source=f"{name}.toml")]
    system.directory_at(DAY_MS).apply(polls)


def test_a_missing_text_is_counted_without_being_asked(
    deployed: MotoSystem, account: Account, capsys: pytest.CaptureFixture[str]
) -> None:
    """The report is one line; again, the text is counted already."""
    received(account, "red", phone=1)
    received(account, "purple", phone=2)
    (first,), (again,) = run(capsys), run(capsys)

    assert first["event"] == "reconciled"
    assert (first["poll"], first["round"], first["listed"]) == ("colors", 1, 2)
    assert (first["recovered"], first["refused"]) == (1, {"unknown": 1})
    assert (again["recovered"], again["counted"]) == (0, 1)
    ballot = deployed.ballot(1)
    assert ballot is not None
    assert ballot.picks == {"RED": 1}


def test_the_log_has_no_phone_number(
    deployed: MotoSystem, account: Account, capsys: pytest.CaptureFixture[str]
) -> None:
    """Neither of a sender nor of the poll, nor a text's words, also where a round fails."""
    received(account, "red", phone=1)
    received(account, "purple", phone=2)
    add_poll(deployed, "other", f'numbers = ["{NUMBER[:-1]}9"]')
    with pytest.raises(ReconciliationFailedError) as failure:
        handler({}, None)
    told = capsys.readouterr().out + str(failure.value)

    assert "+1555" not in told
    assert "purple" not in told
    assert failure.value.__context__ is None


def test_a_round_that_fails_fails_the_run_after_all_others(
    deployed: MotoSystem, account: Account, capsys: pytest.CaptureFixture[str]
) -> None:
    """The alarm is raised, and the texts of the other polls are counted."""
    received(account, "red", phone=1)
    add_poll(deployed, "another", f'numbers = ["{NUMBER[:-1]}9"]')
    with pytest.raises(ReconciliationFailedError, match="1 of 2 rounds"):
        handler({}, None)
    failed, done = lines(capsys)

    assert failed == {
        "event": "reconcile.failed",
        "poll": "another",
        "round": 1,
        "error": "TwilioError",
        "key": "number",
    }
    assert (done["event"], done["poll"], done["recovered"]) == ("reconciled", "colors", 1)


def test_a_round_that_was_just_reset_is_reconciled_as_well(
    deployed: MotoSystem, account: Account, capsys: pytest.CaptureFixture[str]
) -> None:
    """A text of before the reset belongs to it."""
    received(account, "red", phone=1, ago_s=1_000)
    reset_ms = now_ms() - 600_000
    deployed.directory_at(600_000).change("colors", lambda round: next_round(round, reset_ms))
    received(account, "blue", phone=1, ago_s=300)
    told = run(capsys)

    assert [(one["round"], one["recovered"]) for one in told] == [(1, 1), (2, 1)]


def test_a_poll_that_closed_hours_ago_is_left_alone(
    deployed: MotoSystem, account: Account, capsys: pytest.CaptureFixture[str]
) -> None:
    """Twilio is not even asked."""
    received(account, "red", ago_s=4 * HOUR)
    deployed.close(ago_ms=3 * HOUR * 1000)

    assert run(capsys) == []
    assert deployed.dynamodb.scan(TableName="Votes")["Items"] == []


@pytest.mark.usefixtures("deployed")
def test_of_a_fault_of_the_program_only_the_kind_is_logged(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Its message may hold anything, for example a phone number."""

    def fail(*_: Any) -> Any:
        raise ValueError(NUMBER)

    monkeypatch.setattr(Reconciliations, "run", fail)
    with pytest.raises(ReconciliationFailedError, match="1 of 1 rounds"):
        handler({}, None)

    assert lines(capsys) == [
        {
            "event": "reconcile.failed",
            "poll": "colors",
            "round": 1,
            "error": "ValueError",
            "key": None,
        }
    ]


@pytest.mark.usefixtures("deployed")
def test_a_report_that_does_not_add_up_has_an_event_of_its_own(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """The alarm reads it, and the line has the whole report."""

    def unbalanced(*_: Any) -> Any:
        raise NotBalancedError(Report(poll="colors", round=1, until_ms=7, listed=1))

    monkeypatch.setattr(Reconciliations, "run", unbalanced)
    with pytest.raises(ReconciliationFailedError, match="1 of 1 rounds"):
        handler({}, None)
    (told,) = lines(capsys)

    assert told["event"] == "reconcile.unbalanced"
    assert (told["poll"], told["listed"], told["counted"]) == ("colors", 1, 0)


@pytest.mark.parametrize(
    "held",
    [
        {"twilio_auth_token": TOKEN},
        {"twilio_auth_token": TOKEN, "twilio_account_sid": ""},
        {"twilio_auth_token": "", "twilio_account_sid": ACCOUNT},
    ],
)
@pytest.mark.usefixtures("deployed")
def test_without_the_account_it_says_what_to_do_and_changes_nothing(
    held: dict[str, str], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Before the first `voteapp connect`, and after one of an older version."""
    configure(monkeypatch, **held)
    (told,) = run(capsys)

    assert told["event"] == "reconcile.unconfigured"
    assert "voteapp connect" in told["remedy"]
    assert TOKEN not in json.dumps(told)


def test_the_poll_of_a_canary_is_not_reconciled(
    deployed: MotoSystem, capsys: pytest.CaptureFixture[str]
) -> None:
    """Twilio does not know its number, so the run would fail while a canary's text is under way."""
    add_poll(deployed, "canary-selftest", 'numbers = ["+15550100196"]')
    told = run(capsys)

    assert [line["poll"] for line in told] == ["colors"]
