"""`voteapp reconcile`, through the command line: Twilio's log on one side, ballots on the other."""

import json
import os
import time
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from services.adapters.dynamodb.allow_lists import PhoneListStore
from services.adapters.twilio import message_log
from services.adapters.twilio.numbers import TwilioNumbers
from services.late.run import Reconciliations
from services.polls.definition import parse_poll
from services.voting.identity import Pseudonyms
from tests.support.commands import document, voteapp, wire
from tests.support.moto_system import PEPPER, POLL, MotoSystem, moto_system
from tests.support.polls import a_phone
from tests.support.twilio_api import ACCOUNT, TOKEN, Account, twilio_api

NUMBER = "+15550100177"
HOUR = 3_600


@pytest.fixture
def account(monkeypatch: pytest.MonkeyPatch) -> Iterator[Account]:
    """Twilio's account with one number, whose credentials are in the environment."""
    with twilio_api() as account:
        account.add_number(NUMBER)
        monkeypatch.setenv("TWILIO_ACCOUNT_SID", ACCOUNT)
        monkeypatch.setenv("TWILIO_AUTH_TOKEN", TOKEN)
        monkeypatch.setenv("TWILIO_API_URL", account.address)
        yield account


def received(account: Account, body: str, *, phone: int = 0, ago_s: float = HOUR) -> str:
    """A text that Twilio received and could not deliver; its MessageSid."""
    record = account.records.add(
        sender=a_phone(phone), to=NUMBER, body=body, at=time.time() - ago_s
    )
    return record.sid


def test_a_missing_text_is_counted_once_it_was_confirmed(
    system: MotoSystem, account: Account
) -> None:
    """The question names the deployment; the board follows as for any other text."""
    received(account, "red", phone=1)
    received(account, "purple", phone=2)
    asked = voteapp("reconcile", "colors")
    system.fold()

    assert asked.exit_code == 0, asked.output
    assert "Count 1 missing text in round 1 of colors on VoteApp-test?" in asked.output
    assert "1  recovered: counted now" in asked.stdout
    assert "1  refused: unknown 1" in asked.stdout
    assert system.tallies.totals("open#colors", 1).picks == {"RED": 1}
    assert document("audit", "colors")["exact"]


def test_again_it_finds_everything_counted(system: MotoSystem, account: Account) -> None:
    """It asks nothing and changes nothing."""
    del system
    received(account, "red")
    first, again = (document("reconcile", "colors", "--yes") for _ in range(2))

    assert (first["listed"], first["counted"], first["recovered"]) == (1, 0, 1)
    assert (again["listed"], again["counted"], again["recovered"]) == (1, 1, 0)


def test_a_no_changes_nothing(system: MotoSystem, account: Account) -> None:
    """Nor does a dry run."""
    received(account, "red")
    refused = voteapp("reconcile", "colors", answer="n")
    dry = document("reconcile", "colors", "--dry-run")

    assert refused.exit_code == 1
    assert (dry["recovered"], dry["dry_run"]) == (1, True)
    assert system.dynamodb.scan(TableName="Votes")["Items"] == []


def test_a_text_that_twilio_never_received_fails_the_command(
    system: MotoSystem, account: Account
) -> None:
    """Somebody else has put it into a ballot."""
    system.vote(1, "RED")
    received(account, "blue", phone=2)
    told = voteapp("reconcile", "colors", "--yes")

    assert told.exit_code == 1
    assert "1 text in ballots is not in Twilio's log" in told.stdout


def test_a_text_after_the_close_is_refused_and_one_before_it_counts(
    system: MotoSystem, account: Account
) -> None:
    """By the operator's log, whatever the webhook would have said."""
    system.close(ago_ms=HOUR * 1000)
    received(account, "red", phone=1, ago_s=HOUR + 10)
    received(account, "red", phone=2, ago_s=HOUR - 10)
    told = document("reconcile", "colors", "--yes")

    assert (told["recovered"], told["refused"]) == (1, {"closed": 1})


def test_a_missing_text_counts_only_if_its_phone_was_on_the_list_then(
    account: Account, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One phone was on it when its text was sent, and two were put on it afterwards."""
    with moto_system('phones = "guests.txt"') as system:
        wire(monkeypatch, system)
        ids = [Pseudonyms(PEPPER).allow_list_id("colors", a_phone(phone)) for phone in range(3)]
        hours_ago = [2, 0]
        lists = PhoneListStore(
            system.dynamodb, "Polls", lambda: int((time.time() - hours_ago.pop(0) * HOUR) * 1000)
        )
        lists.replace("colors", ids[:1])
        lists.replace("colors", ids)
        for phone in range(3):
            received(account, "red", phone=phone)
        found = document("reconcile", "colors", "--yes")

        assert (found["recovered"], found["refused"]) == (1, {"unlisted": 2})
        assert system.ballot(0) is not None
        assert system.ballot(1) is None


def test_the_numbers_of_a_poll_must_be_of_the_account(
    monkeypatch: pytest.MonkeyPatch, account: Account
) -> None:
    """Else the log of another account would make every vote look like one of a stranger."""
    with moto_system(f'numbers = ["{NUMBER[:-1]}9"]') as system:
        wire(monkeypatch, system)
        told = voteapp("reconcile", "colors", "--yes")

    assert told.exit_code == 1
    assert f"number: {NUMBER[:-1]}9: not a number of this account; it has: {NUMBER}" in told.output
    assert account.changes() == []


@pytest.mark.usefixtures("system", "account")
@pytest.mark.parametrize(
    ("variable", "value", "says"),
    [
        ("TWILIO_ACCOUNT_SID", "", "TWILIO_ACCOUNT_SID: not set"),
        ("TWILIO_AUTH_TOKEN", "", "TWILIO_AUTH_TOKEN: not set"),
        ("TWILIO_AUTH_TOKEN", "another", "TWILIO_AUTH_TOKEN: (set): Twilio refuses it"),
    ],
)
def test_without_the_accounts_credentials_nothing_is_changed(
    variable: str, value: str, says: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The error names the variable and where its value comes from."""
    monkeypatch.setenv(variable, value)
    told = voteapp("reconcile", "colors", "--yes")

    assert told.exit_code == 1
    assert says in told.output
    assert "another" not in told.output


def test_the_document_adds_up(system: MotoSystem, account: Account) -> None:
    """For scripts: every listed text is in one of four figures."""
    for number in range(30):
        received(account, ("red", "STOP", "prple", "green")[number % 4], phone=number)
    system.vote(99, "RED")
    told = json.loads(voteapp("reconcile", "colors", "--yes", "--json").stdout)

    assert told["stack"] == "VoteApp-test"
    assert (
        told["listed"]
        == 30
        == sum(
            (told["counted"], told["elsewhere"], sum(told["refused"].values()), told["recovered"])
        )
    )
    assert told["unknown_to_twilio"] == 1


def test_a_certificate_says_what_the_comparison_with_the_log_found(
    system: MotoSystem, account: Account
) -> None:
    """The missing text is counted first; the certificate has both figures."""
    received(account, "red", phone=1)
    system.close()
    not_folded = voteapp("certify", "colors", "--yes")
    system.fold()
    told = document("certify", "colors", "--yes")
    again = voteapp("certify", "colors")

    assert "1 of 1 write is not folded yet" in not_folded.output
    assert (told["votes"]["RED"], told["reconciled"]) == (1, True)
    assert (told["texts_in_twilios_log"], told["texts_unknown_to_twilio"]) == (1, 0)
    assert "ballots hold 1 of its texts, and 0 that Twilio never received" in again.stdout


def test_a_round_is_certified_without_twilios_credentials(system: MotoSystem) -> None:
    """The certificate says that it was not reconciled."""
    system.vote(1, "RED")
    system.close()
    told = document("certify", "colors", "--yes")

    assert (told["reconciled"], told["texts_in_twilios_log"]) == (False, None)
    assert "not reconciled with Twilio's log" in voteapp("certify", "colors").stdout


def test_a_round_is_not_certified_while_texts_may_be_on_their_way_to_the_log(
    system: MotoSystem, account: Account
) -> None:
    """88 seconds after the close; without the comparison, 73 are enough."""
    system.vote(1, "RED")
    system.close(ago_ms=80_000)
    with_log = voteapp("certify", "colors", "--yes")

    assert with_log.exit_code == 1
    assert "texts may still be on their way: wait" in with_log.output
    assert account.changes() == []


def test_a_round_is_not_certified_while_texts_wait_in_the_fallback(
    system: MotoSystem, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Both queues count: a text in the dead-letter queue is not counted yet, either."""
    system.vote(1, "RED")
    system.close()
    queues = {"q": {"ApproximateNumberOfMessages": "2"}, "d": {"ApproximateNumberOfMessages": "1"}}

    class Sqs:
        def get_queue_attributes(self, **asked: Any) -> dict[str, dict[str, str]]:
            return {"Attributes": queues[asked["QueueUrl"]]}

    def client(service: str) -> Any:
        return Sqs() if service == "sqs" else system.deployment.client(service)

    outputs = {
        **system.deployment.outputs, "FallbackQueueUrl": "q", "FallbackDeadLetterQueueUrl": "d"
    }  # fmt: skip
    deployment = replace(system.deployment, outputs=outputs, client=client)
    monkeypatch.setattr("services.cli.certify.find", lambda **_: deployment)

    told = voteapp("certify", "colors", "--yes")

    assert told.exit_code == 1
    assert "3 texts wait in the fallback's queue" in told.output


def test_only_texts_to_the_polls_number_are_read_and_the_progress_is_told(
    account: Account, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As many as were read since the last call: a progress bar adds them up."""
    account.add_number("+15550100178")
    account.records.add(sender=a_phone(9), to="+15550100178", body="red", at=time.time() - HOUR)
    for phone in range(5):
        received(account, "red", phone=phone)
    monkeypatch.setattr(message_log, "PAGE_SIZE", 2)
    told: list[int] = []
    with moto_system(f'numbers = ["{NUMBER}"]') as system:
        report = Reconciliations(
            numbers=TwilioNumbers.from_env(os.environ), client=system.dynamodb,
            votes_table="Votes", polls_table="Polls", voter_pepper=PEPPER,
        ).run(system.round, on_texts=told.append)  # fmt: skip

    assert (report.listed, report.recovered) == (5, 5)
    assert told == [2, 2, 1]


def test_a_stack_that_replaces_a_lost_one_counts_the_texts_of_before(
    monkeypatch: pytest.MonkeyPatch, account: Account
) -> None:
    """By the rules of its files; a text from before the given time is not looked at."""
    with moto_system() as system:
        wire(monkeypatch, system)
        for row in system.dynamodb.scan(TableName="Polls")["Items"]:
            key = {name: row[name] for name in ("pk", "sk")}
            system.dynamodb.delete_item(TableName="Polls", Key=key)
        fresh = parse_poll(POLL.format(more=""), source="fresh.toml")
        system.directory.apply([fresh])
        received(account, "red", phone=1, ago_s=2 * HOUR)
        received(account, "blue", phone=2, ago_s=4 * HOUR)
        since = datetime.now(UTC) - timedelta(hours=3)
        without = document("reconcile", "fresh", "--yes")
        told = document("reconcile", "fresh", "--yes", "--since", f"{since:%Y-%m-%dT%H:%M:%S%z}")

    assert without["listed"] == 0
    assert (told["listed"], told["recovered"], told["refused"]) == (1, 1, {})
