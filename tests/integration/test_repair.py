"""`voteapp audit --repair`, through the command line, with refusals."""

import pytest

from services.adapters.dynamodb.recounts import DynamoRecounts
from services.voting.poll import Round
from services.voting.ports import Progress
from services.voting.recount import Recount
from tests.support.boards import corrections, rows, some_votes, spoil_board
from tests.support.commands import document, voteapp
from tests.support.moto_system import MotoSystem


def test_a_vote_that_is_not_folded_yet_is_not_repaired_and_counted_again(
    system: MotoSystem,
) -> None:
    """The repair is refused, the record is folded a moment later, and the board is right."""
    some_votes(system)
    system.ages_ms = [40]
    system.vote(20, "BLUE", folded=False)
    answer = voteapp("audit", "colors", "--repair", "--yes")
    system.fold()
    told = document("audit", "colors")

    assert answer.exit_code == 1
    assert "1 of 8 writes is not folded yet" in answer.stderr
    assert told["exact"]
    assert told["votes"] == {"BLUE": 2, "GREEN": 2, "RED": 3}


def test_a_repair_sets_the_board_right_without_touching_the_tallies(system: MotoSystem) -> None:
    """One more row, summed like the others; done again, nothing changes."""
    some_votes(system)
    spoil_board(system, "BLUE")
    before = [row for row in rows(system) if row["sk"]["S"].startswith("00001#tally#")]
    first = voteapp("audit", "colors", "--repair", "--yes")
    after = rows(system)
    second = document("audit", "colors", "--repair", "--yes")

    assert first.exit_code == 0, first.output
    assert '"repaired"' in first.stderr
    assert all(row in after for row in before)
    assert second["repaired"] == []
    assert second["exact"]
    assert rows(system) == after


def test_a_correction_row_adds_no_record_to_the_bookkeeping(system: MotoSystem) -> None:
    """Its own counter counts corrections: the lines of writes and records stay equal."""
    some_votes(system)
    for choice in ("RED", "GREEN", "BLUE"):
        spoil_board(system, choice)
        voteapp("audit", "colors", "--repair", "--yes")
    told = document("audit", "colors")

    assert (told["writes"], told["folded"], told["exact"]) == (7, 7, True)


def test_a_second_repair_of_other_votes_adds_to_the_same_row(system: MotoSystem) -> None:
    """The row grows, so the screen takes its newest version; its log tells both."""
    some_votes(system)
    for _ in range(2):
        spoil_board(system, "GREEN")
        voteapp("audit", "colors", "--repair", "--yes")
    (row,) = corrections(system)

    assert row["c#GREEN"] == {"N": "2"}
    assert row["folded"] == {"N": "2"}
    assert [entry["M"]["picks"] for entry in row["log"]["L"]] == [{"M": {"GREEN": {"N": "1"}}}] * 2


def test_a_repair_asks_first(system: MotoSystem) -> None:
    """And writes nothing if the answer is no."""
    some_votes(system)
    spoil_board(system, "BLUE")
    answer = voteapp("audit", "colors", "--repair", answer="n")

    assert answer.exit_code == 1
    assert corrections(system) == []


def test_a_repair_beside_another_one_is_refused(
    system: MotoSystem, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Two desks found the same difference: only one adds it."""
    some_votes(system)
    spoil_board(system, "BLUE")
    recount = DynamoRecounts.sums

    def meanwhile(self: DynamoRecounts, round: Round, told: Progress) -> Recount:
        monkeypatch.setattr(DynamoRecounts, "sums", recount)
        assert voteapp("audit", "colors", "--repair", "--yes").exit_code == 0
        return recount(self, round, told)

    monkeypatch.setattr(DynamoRecounts, "sums", meanwhile)
    answer = voteapp("audit", "colors", "--repair", "--yes")

    assert answer.exit_code == 1
    assert "somebody else has just corrected open#colors" in answer.stderr
    assert document("audit", "colors")["exact"]


@pytest.mark.parametrize(
    ("state", "result", "age_ms", "why"),
    [
        ("Disabled", "OK", 0, "Disabled"),
        ("", "", 0, "missing"),
        ("Enabled", "PROBLEM: Function call failed", 0, "fails"),
        ("Enabled", "OK", 60_000, "60 s behind"),
        ("Enabled", "OK", 0, "1 of 1 write is"),
    ],
)
def test_nothing_is_repaired_or_certified_while_the_stream_is_not_drained(
    system: MotoSystem, state: str, result: str, age_ms: int, why: str
) -> None:
    """What is missing may only be late."""
    system.vote(20, "BLUE", folded=False)
    system.close()
    system.lambda_state, system.last_result, system.ages_ms = state, result, [0, age_ms]
    audit, repair = document("audit", "colors"), voteapp("audit", "colors", "--repair", "--yes")
    certify = voteapp("certify", "colors")

    assert why in " ".join(audit["not_drained"])
    assert (repair.exit_code, certify.exit_code) == (1, 1)
    assert why in repair.stderr
    assert why in certify.stderr
