"""`voteapp audit`, `--repair` and `voteapp certify`, through the command line, with refusals."""

import json
from collections.abc import Iterator
from hashlib import sha256
from typing import Any

import pytest
from typer.testing import CliRunner

from services.adapters.clock import now_ms
from services.adapters.recounts import DynamoRecounts, Told
from services.cli.app import app
from services.voting import schema
from services.voting.poll import Round
from services.voting.recount import Recount
from tests.support.ledger import DAY_MS, Ledger, ledger


@pytest.fixture
def there(monkeypatch: pytest.MonkeyPatch) -> Iterator[Ledger]:
    """A deployment with an open poll; the commands find it."""
    with ledger() as made:
        for command in ("audit", "certify", "export"):
            monkeypatch.setattr(f"services.cli.{command}.find", lambda **_: made.deployment)
        yield made


def voteapp(*arguments: str, yes: bool = True) -> Any:
    """Run a command; JSON, where it succeeds, in `.document`."""
    more = ("--settle", "0") if arguments[0] in {"audit", "certify"} else ()
    return CliRunner().invoke(app, [*arguments, *more], input="y\n" if yes else "n\n")


def document(*arguments: str) -> dict[str, Any]:
    """What a command says with --json, whatever its exit code."""
    held: dict[str, Any] = json.loads(voteapp(*arguments, "--json").stdout)
    return held


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


def test_a_board_that_is_the_recount_is_exact(there: Ledger) -> None:
    """By choice and in ballots, drained, exit code 0."""
    some_votes(there)
    answer = voteapp("audit", "colors", "--json")
    told = json.loads(answer.stdout)

    assert answer.exit_code == 0
    assert told["votes"] == {"BLUE": 1, "GREEN": 2, "RED": 3}
    assert (told["ballots"], told["voters"]) == (6, 6)
    assert told["exact"]
    assert told["drained"]
    assert told["differences"] == []


@pytest.mark.usefixtures("there")
def test_a_round_without_ballots_is_exact_too() -> None:
    """Nothing is nothing."""
    assert document("audit", "colors")["exact"]


def test_a_difference_is_shown_by_choice_and_exits_with_one(there: Ledger) -> None:
    """Two ballots that the stream lost, as after an outage of more than 24 h."""
    some_votes(there)
    there.vote(20, "BLUE", folded=False)
    there.vote(21, "RED", folded=False)
    answer = voteapp("audit", "colors")

    assert answer.exit_code == 1
    assert document("audit", "colors")["differences"] == [
        {"board": "open#colors", "votes": {"BLUE": 1, "RED": 1}, "voters": 2}
    ]
    assert "+1" in answer.stdout
    assert "--repair" in answer.stdout


def test_a_repair_sets_the_board_right_without_touching_the_tallies(there: Ledger) -> None:
    """One more row, summed like the others; done again, nothing changes."""
    some_votes(there)
    there.vote(20, "BLUE", folded=False)
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


def test_a_second_repair_of_other_votes_adds_to_the_same_row(there: Ledger) -> None:
    """The row grows, so the screen takes its newest version; its log tells both."""
    for phone in (30, 31):
        there.vote(phone, "GREEN", folded=False)
        voteapp("audit", "colors", "--repair", "--yes")
    (row,) = [row for row in rows(there) if row["sk"]["S"] == schema.correction_sk(1)]

    assert row["c#GREEN"] == {"N": "2"}
    assert row["folded"] == {"N": "2"}
    assert [entry["M"]["picks"] for entry in row["log"]["L"]] == [{"M": {"GREEN": {"N": "1"}}}] * 2


def test_a_repair_asks_first(there: Ledger) -> None:
    """And writes nothing if the answer is no."""
    there.vote(20, "BLUE", folded=False)
    answer = voteapp("audit", "colors", "--repair", yes=False)

    assert answer.exit_code == 1
    assert [row for row in rows(there) if "correction" in row["sk"]["S"]] == []


@pytest.mark.parametrize(
    ("state", "result", "age_ms", "why"),
    [
        ("Disabled", "OK", 0, "Disabled"),
        ("", "", 0, "missing"),
        ("Enabled", "PROBLEM: Function call failed", 0, "fails"),
        ("Enabled", "OK", 60_000, "60 s behind"),
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


def test_an_old_lag_does_not_count(there: Ledger) -> None:
    """The newest minute decides."""
    there.ages_ms = [90_000, 40]

    assert document("audit", "colors")["drained"]
    assert document("audit", "colors")["iterator_age_ms"] == 40


def test_a_board_that_moves_between_two_readings_is_not_drained(
    there: Ledger, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A vote that is folded while the ballots are read."""
    some_votes(there)
    recount = DynamoRecounts.sums

    def meanwhile(self: DynamoRecounts, standing: Round, told: Told) -> Recount:
        there.vote(50, "RED")
        return recount(self, standing, told)

    monkeypatch.setattr(DynamoRecounts, "sums", meanwhile)
    answer = voteapp("audit", "colors", "--json")

    assert answer.exit_code == 1
    assert not json.loads(answer.stdout)["drained"]


def test_expired_ballots_are_neither_repaired_nor_certified(there: Ledger) -> None:
    """The recount lacks them, and the board is right."""
    there.vote(1, "RED", at_ms=now_ms() - 31 * DAY_MS)
    there.vote(2, "RED", folded=False)
    there.close()

    for arguments in (("audit", "colors", "--repair", "--yes"), ("certify", "colors")):
        answer = voteapp(*arguments)
        assert answer.exit_code == 1
        assert "expire" in answer.stderr


def test_a_closed_round_is_certified_once_and_for_all(there: Ledger) -> None:
    """Totals, ballots, voters, time and a digest that anybody can recompute."""
    some_votes(there)
    there.close()
    first, second = document("certify", "colors"), document("certify", "colors")
    (row,) = [row for row in rows(there) if row["sk"]["S"] == "certified#1"]
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


def test_a_changed_ballot_after_the_certificate_fails_loudly(there: Ledger) -> None:
    """The certificate stays as it is."""
    some_votes(there)
    there.close()
    before = document("certify", "colors")["digest"]
    there.vote(77, "GREEN")
    answer = voteapp("certify", "colors")

    assert answer.exit_code == 1
    assert "somebody has changed ballots" in answer.stderr
    assert [r["digest"]["S"] for r in rows(there) if "digest" in r] == [before]


@pytest.mark.parametrize(
    ("ago_ms", "why"), [(None, "the poll is open: close it first"), (1_000, "a moment ago")]
)
def test_an_open_poll_or_one_just_closed_is_not_certified(
    there: Ledger, ago_ms: int | None, why: str
) -> None:
    """Texts may still come in."""
    some_votes(there)
    if ago_ms is not None:
        there.close(ago_ms=ago_ms)
    answer = voteapp("certify", "colors")

    assert answer.exit_code == 1
    assert why in answer.stderr
    assert [row for row in rows(there) if "digest" in row] == []


def test_a_board_that_is_off_is_repaired_before_it_is_certified(there: Ledger) -> None:
    """A certified figure that differs from the screen would be a scandal."""
    there.vote(1, "RED", folded=False)
    there.close()
    refused = voteapp("certify", "colors")
    voteapp("audit", "colors", "--repair", "--yes")

    assert "--repair" in refused.stderr
    assert document("certify", "colors")["votes"]["RED"] == 1


def test_a_sealed_poll_becomes_visible_by_being_certified(monkeypatch: pytest.MonkeyPatch) -> None:
    """Its tally stays sealed; the result is on the open board."""
    with ledger('visibility = "sealed"') as there:
        for command in ("audit", "certify"):
            monkeypatch.setattr(f"services.cli.{command}.find", lambda **_: there.deployment)
        some_votes(there)
        there.close()
        hidden = [row["sk"]["S"] for row in rows(there)]
        voteapp("certify", "colors")
        shown = {row["sk"]["S"]: row for row in rows(there)}

    assert hidden == ["poll"]
    assert set(shown) == {"poll", "certified#1"}
    assert shown["certified#1"]["c#RED"] == {"N": "3"}


@pytest.mark.parametrize("command", ["audit", "certify", "export"])
def test_a_poll_or_round_that_is_not_there_is_told(there: Ledger, command: str) -> None:
    """In words."""
    del there
    unknown, round_nine = voteapp(command, "colours"), voteapp(command, "colors", "--round", "9")

    assert (unknown.exit_code, round_nine.exit_code) == (1, 1)
    assert "colours" in unknown.stderr
    assert "9" in round_nine.stderr
