"""What `GET /boards/<poll>.json` says of a board in the table."""

import json
from typing import Any

import pytest
from typer.testing import CliRunner

from services.adapters.dynamodb.public_boards import DynamoPublicBoards
from services.cli.app import app
from services.voting import schema
from services.voting.certificate import Certificate
from tests.support.boards import some_votes, spoil_board
from tests.support.moto_system import MotoSystem, moto_system
from tests.support.reader import get

READ_AT = 1_900_000_000_000


@pytest.fixture
def boards(system: MotoSystem) -> DynamoPublicBoards:
    """The boards of the deployment."""
    return DynamoPublicBoards(client=system.dynamodb, table="Aggregates", clock=lambda: READ_AT)


def certify(system: MotoSystem) -> Certificate:
    """Store a certificate of the first round, and return it."""
    certificate = Certificate(
        poll="colors", round=1, picks={"RED": 3, "GREEN": 2, "BLUE": 1}, ballots=6, voters=6,
        certified_at_ms=1_800_000_000_000, digest="9f2c",
    )  # fmt: skip
    counts = {f"c#{key}": {"N": str(votes)} for key, votes in certificate.picks.items()}
    system.dynamodb.put_item(
        TableName="Aggregates",
        Item={
            "pk": {"S": "open#colors"}, "sk": {"S": schema.certified_sk(1)}, **counts,
            "ballots": {"N": "6"}, "voters": {"N": "6"}, "digest": {"S": "9f2c"},
            "certified_at": {"N": "1800000000000"},
        },
    )  # fmt: skip
    return certificate


def test_a_board_is_answered_with_its_poll_and_its_sums(
    system: MotoSystem, boards: DynamoPublicBoards
) -> None:
    """Seven texts of six phones; the newest vote is from now, the reading from the clock."""
    some_votes(system)
    newest = max(
        int(row["as_of"]["N"])
        for row in system.dynamodb.scan(TableName="Aggregates")["Items"]
        if "as_of" in row
    )
    body = get(boards).body
    choices = body.pop("choices")

    assert body == {
        "v": 1,
        "poll": "colors",
        "round": 1,
        "question": "Which color should win tonight?",
        "number": "+15550100199",
        "policy": "last",
        "sealed": False,
        "phase": "open",
        "state": "auto",
        "stateAt": 0,
        "opensAt": None,
        "closesAt": None,
        "percentFrom": 0,
        "votes": 6,
        "voters": 6,
        "texts": 7,
        "unreadableTexts": 0,
        "unreadableRows": 0,
        "version": 7,
        "certified": None,
        "asOf": newest,
        "readAt": READ_AT,
    }
    assert [(one["key"], one["label"], one["word"], one["votes"]) for one in choices] == [
        ("RED", "Red", "RED", 3), ("GREEN", "Green", "GREEN", 2), ("BLUE", "Blue", "BLUE", 1),
    ]  # fmt: skip


def test_the_sums_are_those_that_the_results_command_shows(
    system: MotoSystem, boards: DynamoPublicBoards
) -> None:
    """After a repair, too: both read the rows by the same function."""
    some_votes(system)
    spoil_board(system, "RED")
    system.close()
    repaired = CliRunner().invoke(app, ["audit", "colors", "--repair", "--yes"])
    shown = CliRunner().invoke(app, ["results", "colors", "--json"])
    document, body = json.loads(shown.stdout), get(boards).body

    assert repaired.exit_code == 0, repaired.output
    assert document["choices"] == {one["key"]: one["votes"] for one in body["choices"]}
    assert (document["votes"], document["voters"]) == (body["votes"], body["voters"]) == (6, 6)
    assert body["phase"] == document["phase"] == "closed"


def test_a_repair_makes_a_newer_version(system: MotoSystem, boards: DynamoPublicBoards) -> None:
    """Although it adds no record: whoever keeps the newer of two readings shows the repaired one."""
    some_votes(system)
    spoil_board(system, "RED")
    system.close()
    before = get(boards).body["version"]
    CliRunner().invoke(app, ["audit", "colors", "--repair", "--yes"])

    assert get(boards).body["version"] == before + 1


def test_a_certificate_is_part_of_the_answer(
    system: MotoSystem, boards: DynamoPublicBoards
) -> None:
    """And closes the poll."""
    some_votes(system)
    certificate = certify(system)
    board, body = boards.find("colors"), get(boards).body

    assert board
    assert board.certificate == certificate
    assert body["phase"] == "closed"
    assert body["certified"] == {
        "at": 1_800_000_000_000,
        "votes": {"RED": 3, "GREEN": 2, "BLUE": 1},
        "ballots": 6,
        "voters": 6,
        "digest": "9f2c",
    }


def test_a_sealed_poll_has_no_counts_until_it_is_certified() -> None:
    """Its view is public, its rows are on a board that the reader may not read."""
    with moto_system('visibility = "sealed"') as system:
        system.vote(1, "RED")
        boards = DynamoPublicBoards(client=system.dynamodb, table="Aggregates")
        body = get(boards).body
        certify(system)
        certified = get(boards).body["certified"]

    assert body["sealed"] is True
    assert [one["votes"] for one in body["choices"]] == [None, None, None]
    assert {body[name] for name in ("votes", "voters", "texts", "version", "asOf")} == {None}
    assert body["question"] == "Which color should win tonight?"
    assert certified["votes"] == {"RED": 3, "GREEN": 2, "BLUE": 1}


def test_one_row_that_cannot_be_read_does_not_hide_the_others(
    system: MotoSystem, boards: DynamoPublicBoards
) -> None:
    """It is counted, and the page says so."""
    some_votes(system)
    system.dynamodb.put_item(
        TableName="Aggregates",
        Item={
            "pk": {"S": "open#colors"}, "sk": {"S": schema.tally_sk(1, "label", "shard")},
            "c#RED": {"N": "0.5"}, "folded": {"N": "1"},
        },
    )  # fmt: skip
    body = get(boards).body

    assert (body["unreadableRows"], body["votes"], body["version"]) == (1, 6, 7)


def test_an_answer_may_be_kept_for_a_second_and_read_by_any_page(
    system: MotoSystem, boards: DynamoPublicBoards
) -> None:
    """Stale for 5 s while it is renewed, and for 60 s while it cannot be."""
    del system
    headers = get(boards).headers

    assert headers["Cache-Control"] == "max-age=1, stale-while-revalidate=5, stale-if-error=60"
    assert headers["Access-Control-Allow-Origin"] == "*"
    assert headers["Access-Control-Expose-Headers"] == "Age, Date, ETag"
    assert headers["Content-Type"] == "application/json"


@pytest.mark.parametrize("written", ["{}", "W/{}", '"other", {}'])
def test_a_viewer_that_has_the_answer_is_told_so(
    system: MotoSystem, boards: DynamoPublicBoards, written: str
) -> None:
    """Also by the weak tag of a compressed one. A reading at another time is another answer."""
    del system
    tag = get(boards).headers["ETag"]
    later = DynamoPublicBoards(client=boards.client, table="Aggregates", clock=lambda: READ_AT + 1)

    assert get(boards, tag=written.format(tag)).status == 304
    assert get(later, tag=tag).status == 200


def test_a_poll_that_does_not_exist_is_unknown_for_a_second(boards: DynamoPublicBoards) -> None:
    """It may be made in the next one."""
    made = get(boards, "/boards/songs.json")

    assert (made.status, made.body) == (404, {"v": 1, "error": "unknown"})
    assert made.headers["Cache-Control"] == "max-age=1"


class _Untouched:
    def __getattr__(self, name: str) -> Any:
        raise AssertionError(f"the table was asked: {name}")


@pytest.mark.parametrize(
    "path",
    [
        "/boards/", "/boards/Colors.json", "/boards/colors", "/boards/colors.json/x",
        "/boards/a/colors.json", "/boards/-.json", f"/boards/{'a' * 25}.json", "/boards/%23.json",
        "/boards/sealed#colors.json", "/colors.json",
    ],
)  # fmt: skip
def test_a_path_that_names_no_poll_is_refused_without_a_read(path: str) -> None:
    """Each path is another one to CloudFront, so it reaches the reader."""
    untouched: Any = _Untouched()

    made = get(DynamoPublicBoards(client=untouched, table="Aggregates"), path)

    assert (made.status, made.body["error"]) == (404, "unknown")
