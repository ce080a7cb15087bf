"""`voteapp poll expire`: ballots of ended rounds are given an expiry."""

from datetime import UTC, datetime
from typing import Any

import pytest

from services.adapters.clock import now_ms
from tests.support.commands import document, voteapp, wire
from tests.support.moto_system import DAY_MS, MotoSystem, moto_system

EXPIRE = ("poll", "expire", "colors")


def items(system: MotoSystem) -> list[dict[str, Any]]:
    """Every item of the table of ballots."""
    found: list[dict[str, Any]] = system.dynamodb.scan(TableName="Votes")["Items"]
    return found


def row(system: MotoSystem, sk: str = "colors") -> dict[str, Any]:
    """A row of the directory."""
    key = {"pk": {"S": "directory"}, "sk": {"S": sk}}
    found: dict[str, Any] = system.dynamodb.get_item(TableName="Polls", Key=key)["Item"]
    return found


def some_votes(system: MotoSystem) -> None:
    """Four phones, one of which changes its mind; one is forgotten."""
    for phone in range(4):
        system.vote(phone, "RED")
    system.vote(0, "BLUE")
    voteapp("forget", "+15550100003", "--yes")
    system.fold()


def moment(at_ms: int) -> str:
    """As TOML writes it."""
    return datetime.fromtimestamp(at_ms // 1000, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def test_ballots_of_a_closed_round_are_given_an_expiry_and_both_lines_stay_equal(
    system: MotoSystem,
) -> None:
    """Each in one write that moves no count, seven days from now at least."""
    some_votes(system)
    system.close(ago_ms=120_000)
    before = now_ms()
    told = document(*EXPIRE, "--yes")
    system.fold()
    (done,) = told["rounds"]
    audit = document("audit", "colors")

    assert done["ballots"] == 4
    assert done["expires_from"] == system.round.expires_from_ms
    assert done["expires_from"] - before == pytest.approx(30 * DAY_MS - 120_000, abs=10_000)
    assert {int(item["expires_at"]["N"]) for item in items(system)} == {
        done["expires_from"] // 1000 + 73
    }
    assert (audit["writes"], audit["folded"], audit["exact"]) == (10, 10, True)
    assert audit["votes"] == {"BLUE": 1, "RED": 2}


def test_a_round_that_ended_long_ago_gets_a_weeks_notice(system: MotoSystem) -> None:
    """Time to certify and export it."""
    system.vote(1, "RED")
    system.close(ago_ms=80 * DAY_MS)
    told = document(*EXPIRE, "--yes")

    assert told["rounds"][0]["expires_from"] - now_ms() == pytest.approx(7 * DAY_MS, abs=10_000)


def test_the_round_stores_the_expiry_before_a_ballot_carries_it(
    system: MotoSystem, monkeypatch: pytest.MonkeyPatch
) -> None:
    """If the command dies in between, no ballot expires that the round does not know of."""
    some_votes(system)
    system.close()
    monkeypatch.setattr(system, "dynamodb", Breaking(system.dynamodb, after=0))
    answer = voteapp(*EXPIRE, "--yes")

    assert isinstance(answer.exception, Broken)
    assert "expires_from" in row(system)
    assert all("expires_at" not in item for item in items(system))


class Broken(Exception):  # noqa: N818 - it is no error of the project
    """The connection is gone."""


class Breaking:
    """A client whose updates of ballots fail after some, before or after they landed."""

    def __init__(self, client: Any, *, after: int, landed: bool = False) -> None:
        self._client = client
        self._left = after
        self._landed = landed

    def __getattr__(self, name: str) -> Any:
        return getattr(self._client, name)

    def update_item(self, **arguments: Any) -> Any:
        """Update, or fail."""
        if arguments["TableName"] != "Votes":
            return self._client.update_item(**arguments)
        self._left -= 1
        if self._left >= 0:
            return self._client.update_item(**arguments)
        if self._landed:
            self._client.update_item(**arguments)
        raise Broken


@pytest.mark.parametrize("landed", [False, True])
@pytest.mark.parametrize("after", [0, 1, 2, 3])
def test_interrupted_at_any_write_it_goes_on_where_it_was(
    system: MotoSystem, monkeypatch: pytest.MonkeyPatch, after: int, *, landed: bool
) -> None:
    """Every ballot is written once, with one and the same expiry."""
    some_votes(system)
    system.close()
    whole = system.dynamodb
    monkeypatch.setattr(system, "dynamodb", Breaking(whole, after=after, landed=landed))
    broken = voteapp(*EXPIRE, "--yes")
    monkeypatch.setattr(system, "dynamodb", whole)
    # The first run has changed the poll: from then on it waits like after any change.
    system.wait(73_000)
    rest, again = document(*EXPIRE, "--yes"), document(*EXPIRE, "--yes")
    system.fold()
    audit = document("audit", "colors")

    assert isinstance(broken.exception, Broken)
    assert rest["rounds"][0]["ballots"] == 4 - after - landed
    assert again["rounds"][0] == {**rest["rounds"][0], "ballots": 0}
    assert len({item["expires_at"]["N"] for item in items(system)}) == 1
    assert (audit["writes"], audit["folded"], audit["exact"]) == (10, 10, True)


@pytest.mark.parametrize("ago_ms", [None, 71_000])
def test_an_open_round_or_one_closed_just_now_is_not_dated(
    system: MotoSystem, ago_ms: int | None
) -> None:
    """Asked for by its number it is refused; else only ended rounds are meant."""
    some_votes(system)
    if ago_ms is not None:
        system.close(ago_ms=ago_ms)
    named, unnamed = voteapp(*EXPIRE, "--round", "1", "--yes"), voteapp(*EXPIRE, "--yes")

    assert named.exit_code == 1
    assert "round 1 may still take texts: close it, and wait 73 seconds" in named.stderr
    assert "no round has ended" in unnamed.stdout
    assert "expires_from" not in row(system)
    assert all("expires_at" not in item for item in items(system))


def test_ballots_that_have_an_expiry_keep_it(monkeypatch: pytest.MonkeyPatch) -> None:
    """Of a round with a closing time they carry it from their first write."""
    closes = now_ms() - 120_000
    with moto_system(f"closes_at = {moment(closes)}\nretention_days = 2") as system:
        wire(monkeypatch, system)
        system.vote(1, "RED", at_ms=closes - 5)
        before = items(system)
        told = document(*EXPIRE, "--yes")

        assert told["rounds"] == [
            {"round": 1, "expires_from": system.round.expires_from_ms, "ballots": 0}
        ]
        assert items(system) == before


def test_all_ended_rounds_are_meant_and_the_current_one_goes_on(system: MotoSystem) -> None:
    """Each by its own end; asked once for those that are not certified."""
    some_votes(system)
    system.directory_at(120_000).reset("colors", 1, begun=system.deployment.has_begun)
    system.vote(1, "GREEN")
    answer = voteapp(*EXPIRE)
    system.fold()
    dated = [item for item in items(system) if "expires_at" in item]

    assert "Not certified: round 1 of colors" in answer.stderr
    assert "colors, round 1: expires from" in answer.stdout
    assert "expiry set on 4 ballots" in answer.stdout
    assert len(dated) == 4
    assert system.round.expires_from_ms is None
    assert document("audit", "colors", "--round", "1")["exact"]
    assert document("audit", "colors")["exact"]


def test_it_asks_before_an_uncertified_round_is_dated(system: MotoSystem) -> None:
    """What has expired can never be certified; no writes nothing."""
    some_votes(system)
    system.close()
    answer = voteapp(*EXPIRE, answer="n")

    assert answer.exit_code == 1
    assert "expires_from" not in row(system)


def test_of_a_certified_round_nothing_is_asked(system: MotoSystem) -> None:
    """And its certificate stays what it was."""
    some_votes(system)
    system.close()
    digest = document("certify", "colors", "--yes")["digest"]
    answer = voteapp(*EXPIRE, answer="n")
    system.fold()

    assert answer.exit_code == 0
    assert "expiry set on 4 ballots" in answer.stdout
    assert document("certify", "colors")["digest"] == digest


def test_an_item_that_is_no_ballot_does_not_stop_the_others(system: MotoSystem) -> None:
    """It is named by the audit; the others are dated."""
    system.vote(1, "RED")
    system.vote(2, "RED")
    item = items(system)[0]
    system.dynamodb.put_item(TableName="Votes", Item=item | {"writes": {"S": "many"}})
    system.close()
    answer = voteapp(*EXPIRE, "--yes")

    assert answer.exit_code == 0, answer.output
    assert sum("expires_at" in item for item in items(system)) == 1
    assert document("audit", "colors")["unreadable"] == 1
