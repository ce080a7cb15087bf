"""`voteapp certify`: once and for all, after the last accepted text has landed."""

from hashlib import sha256
from typing import Any

import pytest

from services.adapters.certificates import DynamoCertificates
from services.adapters.clock import now_ms
from services.voting import control
from services.voting.certificate import Certificate
from services.voting.poll import Phase, Round, State
from tests.support.commands import document, voteapp, wire
from tests.support.ledger import Ledger, ledger


def some_votes(there: Ledger) -> None:
    """Three red, two green, one changed to blue."""
    for phone, choices in enumerate([("RED",), ("RED",), ("RED",), ("GREEN",), ("GREEN",)]):
        there.vote(phone, *choices)
    there.vote(9, "RED", "BLUE")


def rows(there: Ledger) -> dict[str, dict[str, Any]]:
    """Every row of the open board by its sort key."""
    found = there.dynamodb.query(
        TableName="Aggregates",
        KeyConditionExpression="pk = :pk",
        ExpressionAttributeValues={":pk": {"S": "open#colors"}},
    )["Items"]
    return {row["sk"]["S"]: row for row in found}


def test_a_closed_round_is_certified_once_and_for_all(there: Ledger) -> None:
    """Totals, ballots, voters, time and a digest that anybody can recompute."""
    some_votes(there)
    there.close()
    first, second = document("certify", "colors", "--yes"), document("certify", "colors")
    row = rows(there)["certified#1"]
    items = there.dynamodb.scan(TableName="Votes")["Items"]
    lines = sorted(f"{i['sk']['S']} {next(iter(i['picks']['M']))}=1" for i in items)

    assert first["votes"] == {"BLUE": 1, "GREEN": 2, "RED": 3}
    assert (first["new"], second["new"]) == (True, False)
    assert second == {**first, "new": False}
    assert first["digest"] == sha256("".join(f"{line}\n" for line in lines).encode()).hexdigest()
    assert row["digest"] == {"S": first["digest"]}
    assert row["c#RED"] == {"N": "3"}
    assert (row["ballots"], row["voters"]) == ({"N": "6"}, {"N": "6"})
    assert abs(int(row["certified_at"]["N"]) - now_ms()) < 60_000


def test_a_forgotten_ballot_is_neither_a_ballot_nor_a_line_of_the_digest(there: Ledger) -> None:
    """It lies there empty, and the certificate is that of the others."""
    some_votes(there)
    phone = "+15550100009"
    voteapp("forget", phone, "--yes")
    there.fold()
    there.close()
    told = document("certify", "colors", "--yes")
    items = there.dynamodb.scan(TableName="Votes")["Items"]
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
    with ledger('visibility = "sealed"' if sealed else "") as there:
        wire(monkeypatch, there)
        some_votes(there)
        there.close()
        entry, before = there.directory.entry("colors"), rows(there)
        answer = voteapp("certify", "colors", answer="n")

        assert answer.exit_code == 1
        assert "That is final" in answer.stderr
        assert ("sealed result" in answer.stderr) is sealed
        assert rows(there) == before
        assert there.directory.entry("colors") == entry


def test_a_certified_round_that_is_certified_again_asks_nothing(there: Ledger) -> None:
    """There is nothing to decide any more."""
    some_votes(there)
    there.close()
    voteapp("certify", "colors")
    again = voteapp("certify", "colors", answer="n")

    assert again.exit_code == 0
    assert "certified before" in again.stdout


def test_a_changed_ballot_after_the_certificate_fails_loudly(there: Ledger) -> None:
    """The certificate stays as it is."""
    some_votes(there)
    there.close()
    before = document("certify", "colors")["digest"]
    there.vote(77, "GREEN")
    answer = voteapp("certify", "colors")

    assert answer.exit_code == 1
    assert "somebody has changed ballots" in answer.stderr
    assert [r["digest"]["S"] for r in rows(there).values() if "digest" in r] == [before]


@pytest.mark.parametrize(
    ("ago_ms", "why"),
    [
        (None, "the poll is open: close it first"),
        (0, "texts may still be on their way to it: wait 20 seconds"),
        (7_700, "texts may still be on their way to it: wait 20 seconds"),
        (18_000, "texts may still be on their way to it: wait 20 seconds"),
    ],
)
def test_an_open_poll_or_one_just_closed_is_not_certified(
    there: Ledger, ago_ms: int | None, why: str
) -> None:
    """A directory of 2 s, a request of 8 s, and 10 s for the rest."""
    some_votes(there)
    if ago_ms is not None:
        there.close(ago_ms=ago_ms)
    answer = voteapp("certify", "colors")

    assert answer.exit_code == 1
    assert why in answer.stderr
    assert "certified#1" not in rows(there)


def test_a_round_that_an_archive_ended_just_now_is_not_certified(there: Ledger) -> None:
    """Archived while it was open: a text may still be on its way."""
    some_votes(there)
    voteapp("poll", "archive", "colors", "--yes")
    answer = voteapp("certify", "colors")

    assert answer.exit_code == 1
    assert "wait 20 seconds" in answer.stderr


def test_a_round_that_an_archive_ended_is_certified_after_the_wait(there: Ledger) -> None:
    """It can still be looked up by its poll."""
    some_votes(there)
    there.directory_at(21_000).change("colors", lambda r: control.archived(r, now_ms() - 21_000))

    assert document("certify", "colors")["votes"] == {"BLUE": 1, "GREEN": 2, "RED": 3}


@pytest.mark.parametrize(("ago_ms", "certified"), [(18_000, False), (21_000, True)])
def test_a_round_that_a_reset_ended_is_certified_after_the_wait(
    there: Ledger,
    ago_ms: int,
    certified: bool,  # noqa: FBT001
) -> None:
    """Its last texts may land while the next round is open already."""
    some_votes(there)
    there.directory_at(ago_ms).reset("colors", 1, begun=there.deployment.has_begun)
    answer = voteapp("certify", "colors", "--round", "1", "--yes")

    assert (answer.exit_code == 0) is certified, answer.output
    assert ("certified#1" in rows(there)) is certified
    assert there.standing.certified_at_ms is None
    assert ("wait 20 seconds" in answer.stderr) is not certified


def test_a_round_that_a_deploy_closed_just_now_is_not_certified(there: Ledger) -> None:
    """By the file its close is an hour ago; until a moment ago it was open."""
    some_votes(there)
    there.open_poll("closes_at = 2026-01-01T00:00:00Z", ago_ms=5_000)
    there.vote(30, "RED", folded=True)
    answer = voteapp("certify", "colors")

    assert there.standing.phase_at(now_ms()) is Phase.CLOSED
    assert answer.exit_code == 1
    assert "wait 20 seconds" in answer.stderr


def test_a_text_that_lands_late_is_in_the_certificate(there: Ledger) -> None:
    """Accepted before the close, written 7.7 s after it: the certificate waited for it."""
    some_votes(there)
    there.close(ago_ms=7_700)
    early = voteapp("certify", "colors", "--yes")
    there.vote(50, "BLUE")
    there.wait(13_000)

    assert early.exit_code == 1
    assert document("certify", "colors")["votes"]["BLUE"] == 2


def test_voters_mean_the_same_on_the_screen_in_the_audit_and_in_the_certificate(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Also where every text is a ballot: one phone with five texts is five of them."""
    with ledger('policy = "unlimited"') as there:
        wire(monkeypatch, there)
        there.vote(1, *["RED"] * 5)
        there.close()
        audit, certified = document("audit", "colors"), document("certify", "colors", "--yes")
        board = there.tallies.totals("open#colors", 1)

    assert board.voters == audit["voters"] == certified["voters"] == 5
    assert audit["ballots"] == certified["ballots"] == 5
    assert audit["exact"]


def test_a_board_that_is_off_is_repaired_before_it_is_certified(there: Ledger) -> None:
    """A certified figure that differs from the screen would be a scandal."""
    there.vote(1, "RED")
    (row,) = [row for row in rows(there).values() if "wm" in row]
    there.dynamodb.put_item(TableName="Aggregates", Item={**row, "c#RED": {"N": "7"}})
    there.close()
    refused = voteapp("certify", "colors", "--yes")
    voteapp("audit", "colors", "--repair", "--yes")

    assert "--repair" in refused.stderr
    assert document("certify", "colors")["votes"]["RED"] == 1


def test_a_sealed_poll_becomes_visible_by_being_certified(monkeypatch: pytest.MonkeyPatch) -> None:
    """Its tally stays sealed; the result is on the open board."""
    with ledger('visibility = "sealed"') as there:
        wire(monkeypatch, there)
        some_votes(there)
        there.close()
        hidden = list(rows(there))
        voteapp("certify", "colors")
        shown = rows(there)

    assert hidden == ["poll"]
    assert set(shown) == {"poll", "certified#1"}
    assert shown["certified#1"]["c#RED"] == {"N": "3"}


def test_a_poll_opened_between_the_audit_and_the_write_is_not_certified(
    there: Ledger, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Certificate and directory row are one transaction: neither is written."""
    some_votes(there)
    there.close()
    write = DynamoCertificates.write

    def meanwhile(
        self: DynamoCertificates, certificate: Certificate, standing: Round, *, current: bool
    ) -> bool:
        assert voteapp("poll", "open", "colors").exit_code == 0
        return write(self, certificate, standing, current=current)

    monkeypatch.setattr(DynamoCertificates, "write", meanwhile)
    answer = voteapp("certify", "colors", "--yes")

    assert answer.exit_code == 1
    assert "somebody else" in answer.stderr
    assert "certified#1" not in rows(there)
    assert there.standing.certified_at_ms is None
    assert there.standing.phase_at(now_ms()) is Phase.OPEN


def test_a_round_reset_between_the_audit_and_the_write_is_not_certified(
    there: Ledger, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The row is of another round now; certify the old round by its number."""
    some_votes(there)
    there.close()
    write = DynamoCertificates.write

    def meanwhile(
        self: DynamoCertificates, certificate: Certificate, standing: Round, *, current: bool
    ) -> bool:
        monkeypatch.setattr(DynamoCertificates, "write", write)
        assert voteapp("poll", "reset", "colors", "--yes").exit_code == 0
        return write(self, certificate, standing, current=current)

    monkeypatch.setattr(DynamoCertificates, "write", meanwhile)
    answer = voteapp("certify", "colors", "--yes")
    current = there.standing

    assert answer.exit_code == 1
    assert "certified#1" not in rows(there)
    assert (current.number, current.state, current.certified_at_ms) == (2, State.CLOSED, None)


def test_a_past_round_is_certified_and_keeps_that_in_its_own_row(there: Ledger) -> None:
    """The current round goes on as it was."""
    some_votes(there)
    there.directory_at(60_000).reset("colors", 1, begun=there.deployment.has_begun)
    there.vote(3, "GREEN")
    told = document("certify", "colors", "--round", "1", "--yes")
    first, second = there.directory.rounds("colors")

    assert told["votes"] == {"BLUE": 1, "GREEN": 2, "RED": 3}
    assert first.certified_at_ms == told["certified_at"]
    assert second.certified_at_ms is None
    assert second.phase_at(now_ms()) is Phase.OPEN
