"""A certificate waits for the last accepted text, and gives way to whoever changes the poll."""

from typing import Any

import pytest

from services.adapters.clock import now_ms
from services.adapters.dynamodb.certificates import DynamoCertificates
from services.voting import lifecycle
from services.voting.certificate import Certificate
from services.voting.poll import Phase, Round, State
from tests.support.boards import rows_by_key, some_votes
from tests.support.commands import document, voteapp
from tests.support.moto_system import MotoSystem


@pytest.mark.parametrize(
    ("ago_ms", "why"),
    [
        (None, "the poll is open: close it first"),
        (0, "texts may still be on their way to it: wait 73 seconds"),
        (7_700, "texts may still be on their way to it: wait 73 seconds"),
        (71_000, "texts may still be on their way to it: wait 73 seconds"),
    ],
)
def test_an_open_poll_or_one_just_closed_is_not_certified(
    system: MotoSystem, ago_ms: int | None, why: str
) -> None:
    """A directory of up to 60 s, a request of 3 s, and 10 s for the rest."""
    some_votes(system)
    if ago_ms is not None:
        system.close(ago_ms=ago_ms)
    answer = voteapp("certify", "colors")

    assert answer.exit_code == 1
    assert why in answer.stderr
    assert "00001#certified" not in rows_by_key(system)


def test_a_round_that_an_archive_ended_just_now_is_not_certified(system: MotoSystem) -> None:
    """Archived while it was open: a text may still be on its way."""
    some_votes(system)
    voteapp("poll", "archive", "colors", "--yes")
    answer = voteapp("certify", "colors")

    assert answer.exit_code == 1
    assert "wait 73 seconds" in answer.stderr


def test_a_round_that_an_archive_ended_is_certified_after_the_wait(system: MotoSystem) -> None:
    """It can still be looked up by its poll."""
    some_votes(system)
    system.directory_at(74_000).change("colors", lambda r: lifecycle.archived(r, now_ms() - 74_000))

    assert document("certify", "colors")["votes"] == {"BLUE": 1, "GREEN": 2, "RED": 3}


@pytest.mark.parametrize(("ago_ms", "certified"), [(71_000, False), (74_000, True)])
def test_a_round_that_a_reset_ended_is_certified_after_the_wait(
    system: MotoSystem,
    ago_ms: int,
    certified: bool,  # noqa: FBT001
) -> None:
    """Its last texts may land while the next round is open already."""
    some_votes(system)
    system.directory_at(ago_ms).reset("colors", 1, begun=system.deployment.has_begun)
    answer = voteapp("certify", "colors", "--round", "1", "--yes")

    assert (answer.exit_code == 0) is certified, answer.output
    assert ("00001#certified" in rows_by_key(system)) is certified
    assert system.round.certified_at_ms is None
    assert ("wait 73 seconds" in answer.stderr) is not certified


def test_a_round_that_a_deploy_closed_just_now_is_not_certified(system: MotoSystem) -> None:
    """By the file its close is an hour ago; until a moment ago it was open."""
    some_votes(system)
    system.open_poll("closes_at = 2026-01-01T00:00:00Z", ago_ms=5_000)
    system.vote(30, "RED", folded=True)
    answer = voteapp("certify", "colors")

    assert system.round.phase_at(now_ms()) is Phase.CLOSED
    assert answer.exit_code == 1
    assert "wait 73 seconds" in answer.stderr


def test_a_text_that_lands_late_is_in_the_certificate(system: MotoSystem) -> None:
    """Accepted before the close, written 7.7 s after it: the certificate waited for it."""
    some_votes(system)
    system.close(ago_ms=7_700)
    early = voteapp("certify", "colors", "--yes")
    system.vote(50, "BLUE")
    system.wait(66_000)

    assert early.exit_code == 1
    assert document("certify", "colors")["votes"]["BLUE"] == 2


def run_before_the_write(monkeypatch: pytest.MonkeyPatch, *command: str) -> None:
    """Run a command between the audit for the next certificate and its write."""
    write = DynamoCertificates.write

    def meanwhile(
        self: DynamoCertificates, certificate: Certificate, round: Round, **more: Any
    ) -> bool:
        monkeypatch.setattr(DynamoCertificates, "write", write)
        assert voteapp(*command).exit_code == 0
        return write(self, certificate, round, **more)

    monkeypatch.setattr(DynamoCertificates, "write", meanwhile)


def test_a_poll_opened_between_the_audit_and_the_write_is_not_certified(
    system: MotoSystem, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Certificate and directory row are one transaction: neither is written."""
    some_votes(system)
    system.close()
    run_before_the_write(monkeypatch, "poll", "open", "colors")
    answer = voteapp("certify", "colors", "--yes")

    assert answer.exit_code == 1
    assert "somebody else" in answer.stderr
    assert "00001#certified" not in rows_by_key(system)
    assert system.round.certified_at_ms is None
    assert system.round.phase_at(now_ms()) is Phase.OPEN


def test_a_round_reset_between_the_audit_and_the_write_is_not_certified(
    system: MotoSystem, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The row is of another round now; certify the old round by its number."""
    some_votes(system)
    system.close()
    run_before_the_write(monkeypatch, "poll", "reset", "colors", "--yes")
    answer = voteapp("certify", "colors", "--yes")
    current = system.round

    assert answer.exit_code == 1
    assert "00001#certified" not in rows_by_key(system)
    assert (current.number, current.state, current.certified_at_ms) == (2, State.CLOSED, None)
