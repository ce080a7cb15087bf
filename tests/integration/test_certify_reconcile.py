"""Two people at once: one certifies a round while the other one reconciles it."""

import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from services.adapters.clock import now_ms
from services.adapters.dynamodb.ballots import DynamoBallots
from services.adapters.twilio.message_log import LoggedText, MessageLog
from services.tools.operations.audits import Auditor
from services.voting.audit import Audit
from services.voting.ballot import Ballot
from tests.support.commands import document, voteapp
from tests.support.moto_system import MotoSystem
from tests.support.polls import a_phone
from tests.support.twilio_api import ACCOUNT, NUMBER, TOKEN, Account, twilio_api

HOUR = 3_600


@pytest.fixture
def account(system: MotoSystem, monkeypatch: pytest.MonkeyPatch) -> Iterator[Account]:
    """A closed round with one vote, and Twilio's log with another one that is missing."""
    with twilio_api() as account:
        account.add_number(NUMBER)
        monkeypatch.setenv("TWILIO_API_URL", account.address)
        system.vote(1, "RED")
        system.close(ago_ms=200_000)
        account.records.add(sender=a_phone(2), to=NUMBER, body="blue", at=time.time() - HOUR)
        yield account


def reconcile(*options: str) -> Any:
    """With the account's credentials, which who certifies does not have."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("TWILIO_ACCOUNT_SID", ACCOUNT)
        patch.setenv("TWILIO_AUTH_TOKEN", TOKEN)
        return voteapp("reconcile", "colors", "--yes", "--json", *options)


def ballots(system: MotoSystem) -> int:
    """The number of ballots."""
    return int(system.dynamodb.scan(TableName="Votes")["Count"])


def certify() -> Any:
    """In a thread of its own: a reconciliation has an event loop running in this one."""
    with pytest.MonkeyPatch.context() as patch, ThreadPoolExecutor(1) as pool:
        patch.delenv("TWILIO_ACCOUNT_SID", raising=False)
        return pool.submit(voteapp, "certify", "colors", "--yes").result()


@pytest.mark.usefixtures("account")
def test_what_is_certified_while_the_log_is_read_is_not_changed(
    system: MotoSystem, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The reconciliation had read the round before; it reports what the round lacks."""
    received = MessageLog.received
    certified = []

    def read(self: MessageLog, *asked: Any) -> Iterator[LoggedText]:
        yield from received(self, *asked)
        certified.append(certify())

    monkeypatch.setattr(MessageLog, "received", read)
    told = reconcile()

    assert certified[0].exit_code == 0, certified[0].output
    assert '"certified": 1' in told.stdout
    assert '"recovered": 0' in told.stdout
    assert ballots(system) == 1
    assert document("certify", "colors")["new"] is False


@pytest.mark.usefixtures("account")
def test_what_is_reconciled_during_the_recount_is_not_certified(
    system: MotoSystem, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also if the reconciliation has ended before the certificate is written; the next one is."""
    audit = Auditor.audit
    reconciled: list[Any] = []

    def recount(self: Auditor, *asked: Any, **more: Any) -> Audit:
        found = audit(self, *asked, **more)
        if not reconciled:
            reconciled.append(reconcile())
        return found

    monkeypatch.setattr(Auditor, "audit", recount)
    refused = voteapp("certify", "colors")
    system.fold()
    again = document("certify", "colors")

    assert refused.exit_code == 1
    assert "somebody else keeps changing it; try again" in refused.stderr
    assert (again["new"], again["votes"]["BLUE"], ballots(system)) == (True, 1, 2)


@pytest.mark.usefixtures("account")
def test_nobody_certifies_while_a_reconciliation_writes(
    system: MotoSystem, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The error says for how long, if it was interrupted."""
    create, told = DynamoBallots.create, []

    async def slowly(self: DynamoBallots, ballot: Ballot) -> bool:
        told.append(certify())
        return await create(self, ballot)

    monkeypatch.setattr(DynamoBallots, "create", slowly)
    reconcile()
    system.fold()

    assert told[0].exit_code == 1
    assert "a reconciliation is running: let it end (if it was interrupted" in told[0].stderr
    assert document("certify", "colors")["new"] is True


@pytest.mark.usefixtures("account")
@pytest.mark.parametrize(("later_ms", "exit_code"), [(290_000, 1), (310_000, 0)])
def test_after_an_interrupted_one_a_certificate_waits_for_five_minutes(
    later_ms: int, exit_code: int, system: MotoSystem, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A write of it may be in flight."""

    async def die(self: DynamoBallots, ballot: Ballot) -> bool:
        raise KeyError(self.table, ballot.pk)

    with monkeypatch.context() as patch:
        patch.setattr(DynamoBallots, "create", die)
        assert reconcile().exit_code == 1
    monkeypatch.setattr("services.cli.certify.now_ms", lambda: now_ms() + later_ms)

    assert voteapp("certify", "colors").exit_code == exit_code
    assert ballots(system) == 1


@pytest.mark.usefixtures("account")
def test_a_rehearsal_announces_nothing(system: MotoSystem) -> None:
    """Nor does a run that finds nothing missing; a run leaves the number of runs behind."""
    reconcile("--dry-run")
    rehearsed = announced(system)
    reconcile()
    reconcile()

    assert rehearsed == []
    assert announced(system) == [{"pk", "sk", "begun"}]


def announced(system: MotoSystem) -> list[set[str]]:
    """The attributes of each row of running reconciliations."""
    rows = system.dynamodb.scan(TableName="Polls")["Items"]
    return [set(row) for row in rows if row["pk"]["S"].startswith("reconciling#")]
