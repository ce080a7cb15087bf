"""`voteapp certify`: once and for all."""

from hashlib import sha256

import pytest

from services.adapters.clock import now_ms
from services.voting.poll import Phase
from tests.support.boards import rows_by_key, some_votes
from tests.support.commands import document, voteapp, wire
from tests.support.moto_system import MotoSystem, moto_system


def test_a_closed_round_is_certified_once_and_for_all(system: MotoSystem) -> None:
    """Totals, ballots, voters, time and a digest that anybody can recompute."""
    some_votes(system)
    system.close()
    first, second = document("certify", "colors", "--yes"), document("certify", "colors")
    row = rows_by_key(system)["00001#certified"]
    items = system.dynamodb.scan(TableName="Votes")["Items"]
    lines = sorted(f"{i['sk']['S']} {next(iter(i['picks']['M']))}=1" for i in items)

    assert first["votes"] == {"BLUE": 1, "GREEN": 2, "RED": 3}
    assert (first["new"], second["new"]) == (True, False)
    assert second == {**first, "new": False}
    assert first["digest"] == sha256("".join(f"{line}\n" for line in lines).encode()).hexdigest()
    assert row["digest"] == {"S": first["digest"]}
    assert row["c#RED"] == {"N": "3"}
    assert (row["ballots"], row["voters"]) == ({"N": "6"}, {"N": "6"})
    assert abs(int(row["certified_at"]["N"]) - now_ms()) < 60_000


def test_a_forgotten_ballot_is_neither_a_ballot_nor_a_line_of_the_digest(
    system: MotoSystem,
) -> None:
    """It lies there empty, and the certificate is that of the others."""
    some_votes(system)
    phone = "+15550100009"
    voteapp("forget", phone, "--yes")
    system.fold()
    system.close()
    told = document("certify", "colors", "--yes")
    items = system.dynamodb.scan(TableName="Votes")["Items"]
    full = [item for item in items if item["picks"]["M"]]
    lines = sorted(f"{i['sk']['S']} {next(iter(i['picks']['M']))}=1" for i in full)

    assert (len(items), len(full)) == (6, 5)
    assert told["votes"] == {"BLUE": 0, "GREEN": 2, "RED": 3}
    assert (told["ballots"], told["voters"]) == (5, 5)
    assert told["digest"] == sha256("".join(f"{line}\n" for line in lines).encode()).hexdigest()


@pytest.mark.parametrize("sealed", [False, True])
def test_certifying_asks_first_and_no_writes_nothing(
    monkeypatch: pytest.MonkeyPatch,
    sealed: bool,  # noqa: FBT001
) -> None:
    """It is final, and reveals what was sealed."""
    with moto_system('visibility = "sealed"' if sealed else "") as system:
        wire(monkeypatch, system)
        some_votes(system)
        system.close()
        entry, before = system.directory.entry("colors"), rows_by_key(system)
        answer = voteapp("certify", "colors", answer="n")

        assert answer.exit_code == 1
        assert "That is final" in answer.stderr
        assert ("sealed result" in answer.stderr) is sealed
        assert rows_by_key(system) == before
        assert system.directory.entry("colors") == entry


def test_a_certified_round_that_is_certified_again_asks_nothing(system: MotoSystem) -> None:
    """There is nothing to decide any more."""
    some_votes(system)
    system.close()
    voteapp("certify", "colors")
    again = voteapp("certify", "colors", answer="n")

    assert again.exit_code == 0
    assert "certified before" in again.stdout


def test_a_changed_ballot_after_the_certificate_fails_loudly(system: MotoSystem) -> None:
    """The certificate stays as it is."""
    some_votes(system)
    system.close()
    before = document("certify", "colors")["digest"]
    system.vote(77, "GREEN")
    answer = voteapp("certify", "colors")

    assert answer.exit_code == 1
    assert "somebody has changed ballots" in answer.stderr
    assert [r["digest"]["S"] for r in rows_by_key(system).values() if "digest" in r] == [before]


def test_voters_mean_the_same_on_the_screen_in_the_audit_and_in_the_certificate(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Also where every text is a ballot: one phone with five texts is five of them."""
    with moto_system('policy = "unlimited"') as system:
        wire(monkeypatch, system)
        system.vote(1, *["RED"] * 5)
        system.close()
        audit, certified = document("audit", "colors"), document("certify", "colors", "--yes")
        board = system.tallies.totals("open#colors", 1)

    assert board.voters == audit["voters"] == certified["voters"] == 5
    assert audit["ballots"] == certified["ballots"] == 5
    assert audit["exact"]


def test_a_board_that_is_off_is_repaired_before_it_is_certified(system: MotoSystem) -> None:
    """A certified figure that differs from the screen would be a scandal."""
    system.vote(1, "RED")
    (row,) = [row for row in rows_by_key(system).values() if "S" in row.get("wm", {})]
    system.dynamodb.put_item(TableName="Aggregates", Item={**row, "c#RED": {"N": "7"}})
    system.close()
    refused = voteapp("certify", "colors", "--yes")
    voteapp("audit", "colors", "--repair", "--yes")

    assert "--repair" in refused.stderr
    assert document("certify", "colors")["votes"]["RED"] == 1


def test_a_sealed_poll_becomes_visible_by_being_certified(monkeypatch: pytest.MonkeyPatch) -> None:
    """Its tally stays sealed; the result is on the open board."""
    with moto_system('visibility = "sealed"') as system:
        wire(monkeypatch, system)
        some_votes(system)
        system.close()
        hidden = list(rows_by_key(system))
        voteapp("certify", "colors")
        shown = rows_by_key(system)

    assert hidden == ["poll"]
    assert set(shown) == {"poll", "00001#certified"}
    assert shown["00001#certified"]["c#RED"] == {"N": "3"}


def test_a_past_round_is_certified_and_keeps_that_in_its_own_row(system: MotoSystem) -> None:
    """The current round goes on as it was."""
    some_votes(system)
    system.directory_at(120_000).reset("colors", 1, begun=system.deployment.has_begun)
    system.vote(3, "GREEN")
    told = document("certify", "colors", "--round", "1", "--yes")
    first, second = system.directory.rounds("colors")

    assert told["votes"] == {"BLUE": 1, "GREEN": 2, "RED": 3}
    assert first.certified_at_ms == told["certified_at"]
    assert second.certified_at_ms is None
    assert second.phase_at(now_ms()) is Phase.OPEN
