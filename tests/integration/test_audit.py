"""`voteapp audit`, through the command line."""

import json

import pytest

from services.adapters.dynamodb.recounts import DynamoRecounts
from services.voting.poll import Round
from services.voting.ports import Progress
from services.voting.recount import Recount
from tests.support.boards import some_votes, spoil_board
from tests.support.commands import document, voteapp
from tests.support.moto_system import MotoSystem


def test_a_board_that_is_the_recount_is_exact(system: MotoSystem) -> None:
    """By choice and in ballots, every write folded, exit code 0."""
    some_votes(system)
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


@pytest.mark.usefixtures("system")
def test_a_round_without_ballots_is_exact_too() -> None:
    """Nothing is nothing."""
    assert document("audit", "colors")["exact"]


def test_the_second_line_of_bookkeeping_is_shown(system: MotoSystem) -> None:
    """The writes of the ballots, and the records that the board holds."""
    some_votes(system)

    assert "writes 7, folded 7: drained" in voteapp("audit", "colors").stdout


def test_a_difference_is_shown_by_choice_and_exits_with_one(system: MotoSystem) -> None:
    """The stream is drained, and the board is off all the same: repair it."""
    some_votes(system)
    spoil_board(system, "RED")
    spoil_board(system, "BLUE")
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


def test_an_audit_during_voting_does_not_advise_a_repair(system: MotoSystem) -> None:
    """What is not folded yet makes a difference, and means nothing."""
    some_votes(system)
    system.vote(20, "BLUE", folded=False)
    answer, told = voteapp("audit", "colors"), document("audit", "colors")

    assert answer.exit_code == 1
    assert "+1" in answer.stdout
    assert "writes 8, folded 7: not drained" in answer.stdout
    assert "1 of 8 writes is not folded yet" in answer.stdout
    assert "--repair" not in answer.stdout
    assert (told["drained"], told["exact"]) == (False, False)


def test_a_proven_drain_needs_no_word_of_the_mapping(system: MotoSystem) -> None:
    """Every write is folded, so it does not matter that the aggregator is switched off now."""
    some_votes(system)
    system.lambda_state = "Disabled"

    assert document("audit", "colors")["exact"]


def test_an_old_lag_does_not_count(system: MotoSystem) -> None:
    """The newest minute decides."""
    system.ages_ms = [90_000, 40]

    assert document("audit", "colors")["drained"]
    assert document("audit", "colors")["iterator_age_ms"] == 40


def test_a_vote_cast_after_the_board_was_read_is_not_drained(
    system: MotoSystem, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Even if it is folded before the ballots are read: the board that was read lacks it."""
    some_votes(system)
    recount = DynamoRecounts.sums

    def meanwhile(self: DynamoRecounts, round: Round, told: Progress) -> Recount:
        system.vote(50, "RED")
        return recount(self, round, told)

    monkeypatch.setattr(DynamoRecounts, "sums", meanwhile)
    answer = voteapp("audit", "colors", "--json")

    assert answer.exit_code == 1
    assert not json.loads(answer.stdout)["drained"]


@pytest.mark.parametrize("command", ["audit", "certify", "export"])
def test_a_poll_or_round_that_is_not_there_is_told(system: MotoSystem, command: str) -> None:
    """In words."""
    del system
    unknown, round_nine = voteapp(command, "colours"), voteapp(command, "colors", "--round", "9")

    assert (unknown.exit_code, round_nine.exit_code) == (1, 1)
    assert "colours" in unknown.stderr
    assert "9" in round_nine.stderr
