"""`voteapp audit` and `--repair`, through the command line, with refusals."""

import json
from typing import Any

import pytest

from services.adapters.recounts import DynamoRecounts
from services.voting import schema
from services.voting.poll import Round
from services.voting.ports import Progress
from services.voting.recount import Recount
from tests.support.commands import document, voteapp
from tests.support.ledger import Ledger


def some_votes(there: Ledger) -> None:
    """Three red, two green, one changed to blue."""
    for phone, choices in enumerate([("RED",), ("RED",), ("RED",), ("GREEN",), ("GREEN",)]):
        there.vote(phone, *choices)
    there.vote(9, "RED", "BLUE")


def rows(there: Ledger, board: str = "open#colors") -> list[dict[str, Any]]:
    """Every row of a board."""
    found: list[dict[str, Any]] = there.dynamodb.query(
        TableName="Aggregates",
        KeyConditionExpression="pk = :pk",
        ExpressionAttributeValues={":pk": {"S": board}},
    )["Items"]
    return found


def corrections(there: Ledger) -> list[dict[str, Any]]:
    """The rows that repairs have written."""
    return [row for row in rows(there) if row["sk"]["S"] == schema.correction_sk(1)]


def spoil_board(there: Ledger, choice: str) -> None:
    """Somebody takes a vote and its voter off the board by hand."""
    (row,) = [row for row in rows(there) if "wm" in row]
    there.dynamodb.update_item(
        TableName="Aggregates",
        Key={"pk": row["pk"], "sk": row["sk"]},
        UpdateExpression="ADD #choice :less, voters :less",
        ExpressionAttributeNames={"#choice": f"c#{choice}"},
        ExpressionAttributeValues={":less": {"N": "-1"}},
    )


def test_a_board_that_is_the_recount_is_exact(there: Ledger) -> None:
    """By choice and in ballots, every write folded, exit code 0."""
    some_votes(there)
    answer = voteapp("audit", "colors", "--json")
    told = json.loads(answer.stdout)

    assert answer.exit_code == 0
    assert told["votes"] == {"BLUE": 1, "GREEN": 2, "RED": 3}
    assert (told["ballots"], told["voters"]) == (6, 6)
    assert (told["writes"], told["folded"]) == (7, 7)
    assert told["exact"]
    assert told["drained"]
    assert told["differences"] == []
    assert told["unreadable"] == 0


@pytest.mark.usefixtures("there")
def test_a_round_without_ballots_is_exact_too() -> None:
    """Nothing is nothing."""
    assert document("audit", "colors")["exact"]


def test_the_second_line_of_bookkeeping_is_shown(there: Ledger) -> None:
    """The writes of the ballots, and the records that the board holds."""
    some_votes(there)

    assert "writes 7, folded 7: drained" in voteapp("audit", "colors").stdout


def test_a_difference_is_shown_by_choice_and_exits_with_one(there: Ledger) -> None:
    """The stream is drained, and the board is off all the same: repair it."""
    some_votes(there)
    spoil_board(there, "RED")
    spoil_board(there, "BLUE")
    answer, told = voteapp("audit", "colors"), document("audit", "colors")

    assert answer.exit_code == 1
    assert told["differences"] == [
        {
            "board": "open#colors", "votes": {"BLUE": 1, "RED": 1}, "voters": 2,
            "missing": 0, "removed": 0, "bad": 0,
        }
    ]  # fmt: skip
    assert told["drained"]
    assert not told["exact"]
    assert "+1" in answer.stdout
    assert "--repair" in answer.stdout


def test_an_audit_during_voting_does_not_advise_a_repair(there: Ledger) -> None:
    """What is not folded yet makes a difference, and means nothing."""
    some_votes(there)
    there.vote(20, "BLUE", folded=False)
    answer, told = voteapp("audit", "colors"), document("audit", "colors")

    assert answer.exit_code == 1
    assert "+1" in answer.stdout
    assert "writes 8, folded 7: not drained" in answer.stdout
    assert "1 of 8 writes are not folded yet" in answer.stdout
    assert "--repair" not in answer.stdout
    assert (told["drained"], told["exact"]) == (False, False)


def test_a_vote_that_is_not_folded_yet_is_not_repaired_and_counted_again(there: Ledger) -> None:
    """The repair is refused, the record is folded a moment later, and the board is right."""
    some_votes(there)
    there.ages_ms = [40]
    there.vote(20, "BLUE", folded=False)
    answer = voteapp("audit", "colors", "--repair", "--yes")
    there.fold()
    told = document("audit", "colors")

    assert answer.exit_code == 1
    assert "1 of 8 writes are not folded yet" in answer.stderr
    assert told["exact"]
    assert told["votes"] == {"BLUE": 2, "GREEN": 2, "RED": 3}


def test_a_repair_sets_the_board_right_without_touching_the_tallies(there: Ledger) -> None:
    """One more row, summed like the others; done again, nothing changes."""
    some_votes(there)
    spoil_board(there, "BLUE")
    before = [row for row in rows(there) if row["sk"]["S"].startswith("tally#")]
    first = voteapp("audit", "colors", "--repair", "--yes")
    after = rows(there)
    second = document("audit", "colors", "--repair", "--yes")

    assert first.exit_code == 0, first.output
    assert '"repaired"' in first.stderr
    assert all(row in after for row in before)
    assert second["repaired"] == []
    assert second["exact"]
    assert rows(there) == after


def test_a_correction_row_adds_no_record_to_the_bookkeeping(there: Ledger) -> None:
    """Its own counter counts corrections: the lines of writes and records stay equal."""
    some_votes(there)
    for choice in ("RED", "GREEN", "BLUE"):
        spoil_board(there, choice)
        voteapp("audit", "colors", "--repair", "--yes")
    told = document("audit", "colors")

    assert (told["writes"], told["folded"], told["exact"]) == (7, 7, True)


def test_a_second_repair_of_other_votes_adds_to_the_same_row(there: Ledger) -> None:
    """The row grows, so the screen takes its newest version; its log tells both."""
    some_votes(there)
    for _ in range(2):
        spoil_board(there, "GREEN")
        voteapp("audit", "colors", "--repair", "--yes")
    (row,) = corrections(there)

    assert row["c#GREEN"] == {"N": "2"}
    assert row["folded"] == {"N": "2"}
    assert [entry["M"]["picks"] for entry in row["log"]["L"]] == [{"M": {"GREEN": {"N": "1"}}}] * 2


def test_a_repair_asks_first(there: Ledger) -> None:
    """And writes nothing if the answer is no."""
    some_votes(there)
    spoil_board(there, "BLUE")
    answer = voteapp("audit", "colors", "--repair", answer="n")

    assert answer.exit_code == 1
    assert corrections(there) == []


def test_a_repair_beside_another_one_is_refused(
    there: Ledger, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Two desks found the same difference: only one adds it."""
    some_votes(there)
    spoil_board(there, "BLUE")
    recount = DynamoRecounts.sums

    def meanwhile(self: DynamoRecounts, standing: Round, told: Progress) -> Recount:
        monkeypatch.setattr(DynamoRecounts, "sums", recount)
        assert voteapp("audit", "colors", "--repair", "--yes").exit_code == 0
        return recount(self, standing, told)

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
        ("Enabled", "OK", 0, "1 of 1 writes"),
    ],
)
def test_nothing_is_repaired_or_certified_while_the_stream_is_not_drained(
    there: Ledger, state: str, result: str, age_ms: int, why: str
) -> None:
    """What is missing may only be late."""
    there.vote(20, "BLUE", folded=False)
    there.close()
    there.lambda_state, there.last_result, there.ages_ms = state, result, [0, age_ms]
    audit, repair = document("audit", "colors"), voteapp("audit", "colors", "--repair", "--yes")
    certify = voteapp("certify", "colors")

    assert why in " ".join(audit["not_drained"])
    assert (repair.exit_code, certify.exit_code) == (1, 1)
    assert why in repair.stderr
    assert why in certify.stderr


def test_a_proven_drain_needs_no_word_of_the_mapping(there: Ledger) -> None:
    """Every write is folded, so it does not matter that the aggregator is switched off now."""
    some_votes(there)
    there.lambda_state = "Disabled"

    assert document("audit", "colors")["exact"]


def test_an_old_lag_does_not_count(there: Ledger) -> None:
    """The newest minute decides."""
    there.ages_ms = [90_000, 40]

    assert document("audit", "colors")["drained"]
    assert document("audit", "colors")["iterator_age_ms"] == 40


def test_a_vote_cast_after_the_board_was_read_is_not_drained(
    there: Ledger, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Even if it is folded before the ballots are read: the board that was read lacks it."""
    some_votes(there)
    recount = DynamoRecounts.sums

    def meanwhile(self: DynamoRecounts, standing: Round, told: Progress) -> Recount:
        there.vote(50, "RED")
        return recount(self, standing, told)

    monkeypatch.setattr(DynamoRecounts, "sums", meanwhile)
    answer = voteapp("audit", "colors", "--json")

    assert answer.exit_code == 1
    assert not json.loads(answer.stdout)["drained"]


@pytest.mark.parametrize("command", ["audit", "certify", "export"])
def test_a_poll_or_round_that_is_not_there_is_told(there: Ledger, command: str) -> None:
    """In words."""
    del there
    unknown, round_nine = voteapp(command, "colours"), voteapp(command, "colors", "--round", "9")

    assert (unknown.exit_code, round_nine.exit_code) == (1, 1)
    assert "colours" in unknown.stderr
    assert "9" in round_nine.stderr
