"""A round whose ballots have begun to expire is over, whatever the retention says by now."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest

from services.adapters.clock import now_ms
from services.polls.definition import parse_poll
from services.voting import lifecycle
from services.voting.errors import PollFileError
from services.voting.poll import Phase
from tests.support.commands import document, voteapp, wire
from tests.support.moto_system import DAY_MS, POLL, MotoSystem, moto_system


def moment(at_ms: int) -> str:
    """As TOML writes it."""
    return datetime.fromtimestamp(at_ms // 1000, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


@pytest.fixture
def expired(monkeypatch: pytest.MonkeyPatch) -> Any:
    """A round that closed three days ago, whose ballots were kept for two; five are gone."""
    closes = now_ms() - 3 * DAY_MS
    with moto_system(f"closes_at = {moment(closes)}\nretention_days = 2") as system:
        wire(monkeypatch, system)
        for phone in range(5):
            system.vote(phone, "RED", at_ms=closes - DAY_MS)
        system.vote(7, "BLUE", at_ms=closes + 8_000)
        assert system.expire(at_ms=now_ms()) == 6
        yield system


@pytest.mark.parametrize(
    ("command", "why"),
    [
        (("poll", "open", "colors"), "round 1 has ballots that expire since"),
        (("certify", "colors", "--yes"), "ballots of this round have begun to expire"),
        (("audit", "colors", "--repair", "--yes"), "ballots of this round have begun to expire"),
        (
            ("audit", "colors", "--repair", "--stream-lost", "--yes"),
            "ballots of this round have begun to expire",
        ),
    ],
)
def test_a_round_with_expired_ballots_is_neither_opened_nor_certified_nor_repaired(
    expired: MotoSystem, command: tuple[str, ...], why: str
) -> None:
    """What TTL has taken is still counted, and stays so."""
    before = expired.tallies.totals("open#colors", 1)
    answer = voteapp(*command)

    assert answer.exit_code == 1
    assert why in answer.stderr
    assert expired.tallies.totals("open#colors", 1) == before
    assert before.picks == {"RED": 5, "BLUE": 1}


def test_an_audit_of_it_says_why_nothing_can_be_said(expired: MotoSystem) -> None:
    """It does not advise a repair."""
    told, text = document("audit", "colors"), voteapp("audit", "colors")

    assert expired.round.phase_at(now_ms()) is Phase.CLOSED
    assert (told["expired"], told["exact"]) == (True, False)
    assert "--repair" not in text.stdout
    assert "have begun to expire" in text.stdout


def closing(system: MotoSystem) -> str:
    """When the current round closes by itself, as its file says."""
    closes = system.round.poll.closes_at_ms
    assert closes
    return moment(closes)


def test_raising_the_retention_does_not_bring_it_back(expired: MotoSystem) -> None:
    """The round knows since when its ballots may be gone; a later close is refused."""
    more = f"closes_at = {closing(expired)}\nretention_days = 365"
    poll = parse_poll(POLL.format(more=more), source="colors.toml")
    later = parse_poll(
        POLL.format(more=f"closes_at = {moment(now_ms() + DAY_MS)}\nretention_days = 365"),
        source="colors.toml",
    )
    applied = expired.directory.apply([poll], begun=expired.deployment.has_begun)
    with pytest.raises(PollFileError, match="voteapp poll reset colors"):
        expired.directory.apply([later], begun=expired.deployment.has_begun)

    assert applied.changed == ("colors",)
    assert expired.round.poll.retention_days == 365
    assert voteapp("certify", "colors", "--yes").exit_code == 1
    assert voteapp("audit", "colors", "--repair", "--yes").exit_code == 1


@pytest.mark.parametrize("more", ["shards = 3", 'policy = "first"', 'visibility = "sealed"'])
def test_a_round_whose_ballots_are_all_gone_has_begun_all_the_same(
    expired: MotoSystem, more: str
) -> None:
    """The board says so: what ballots depend on is not changed."""
    lines = f"closes_at = {closing(expired)}\nretention_days = 2\n{more}"
    poll = parse_poll(POLL.format(more=lines), source="colors.toml")
    with pytest.raises(PollFileError, match="round 1 has begun"):
        expired.directory.apply([poll], begun=expired.deployment.has_begun)

    assert expired.dynamodb.scan(TableName="Votes")["Count"] == 0


def test_it_is_reset_and_the_next_evening_begins_at_zero(expired: MotoSystem) -> None:
    """Everybody may vote again, on a board of its own."""
    answer = document("poll", "reset", "colors", "--yes", "--open")
    expired.vote(0, "BLUE")

    assert (answer["round"], answer["phase"]) == (2, "open")
    assert document("audit", "colors")["votes"] == {"BLUE": 1}
    assert expired.tallies.totals("open#colors", 2).picks == {"BLUE": 1}
    assert expired.tallies.totals("open#colors", 1).picks == {"RED": 5, "BLUE": 1}


# --- what used to make a ballot expire while its round went on ------------------------


def longer(system: MotoSystem) -> None:
    """A deploy raises the retention while people vote."""
    more = f"opens_at = {moment(now_ms() - 5 * DAY_MS)}\nretention_days = 30"
    system.directory.apply([parse_poll(POLL.format(more=more), source="colors.toml")])


def opened_by_hand(system: MotoSystem) -> None:
    """Before its opening time."""
    system.directory_at(4 * DAY_MS).change(
        "colors", lambda r: lifecycle.opened(r, now_ms() - 4 * DAY_MS)
    )


@pytest.mark.parametrize("what", [longer, opened_by_hand])
def test_ballots_of_a_poll_without_a_closing_time_never_expire_while_it_is_open(
    monkeypatch: pytest.MonkeyPatch, what: Callable[[MotoSystem], None]
) -> None:
    """However short they are kept: retention counts from the end."""
    with moto_system(f"opens_at = {moment(now_ms() - DAY_MS)}\nretention_days = 1") as system:
        wire(monkeypatch, system)
        for phone in range(5):
            system.vote(phone, "RED", at_ms=now_ms() - 4 * DAY_MS)
        what(system)
        system.vote(9, "BLUE")
        gone = system.expire()
        system.close()
        system.wait(120_000)

        assert gone == 0
        assert document("audit", "colors")["exact"]
        assert document("certify", "colors", "--yes")["votes"] == {"BLUE": 1, "GREEN": 0, "RED": 5}
