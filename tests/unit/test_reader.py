"""The reader's answers where the table cannot be read, and how it is assembled."""

import json
import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError, ReadTimeoutError

from lambdas.reader import handler as reader
from services.adapters.dynamodb.poll_view import poll_view_item, public_round
from services.adapters.dynamodb.public_boards import DynamoPublicBoards
from services.settings import SettingsError
from services.voting import schema
from services.voting.poll import Choice, Policy, State
from tests.support.polls import a_round
from tests.support.reader import get
from tests.unit.test_dashboard_parity import CASES, round_of

ROOT = Path(__file__).parents[2]


class Table:
    """A client of DynamoDB that answers every query with the same."""

    def __init__(self, outcome: Exception | list[dict[str, Any]]) -> None:
        self.outcome = outcome
        self.asked: list[dict[str, Any]] = []

    def get_paginator(self, operation: str) -> "Table":
        """The paginator of queries."""
        assert operation == "query"
        return self

    def paginate(self, **arguments: Any) -> list[dict[str, Any]]:
        """One page."""
        self.asked.append(arguments)
        if isinstance(self.outcome, Exception):
            raise self.outcome
        return [{"Items": self.outcome}]


def boards(table: Any) -> DynamoPublicBoards:
    """The boards in such a table."""
    return DynamoPublicBoards(client=table, table="Aggregates")


def refusal(code: str) -> ClientError:
    """An error of DynamoDB."""
    return ClientError({"Error": {"Code": code, "Message": ""}}, "Query")


@pytest.mark.parametrize(
    ("error", "status", "trouble"),
    [
        (refusal("ThrottlingException"), 503, "busy"),
        (refusal("ProvisionedThroughputExceededException"), 503, "busy"),
        (ReadTimeoutError(endpoint_url="https://dynamodb"), 503, "busy"),
        (refusal("AccessDeniedException"), 500, "denied"),
        (refusal("ResourceNotFoundException"), 500, "table"),
    ],
)
def test_a_failure_is_named_and_kept_for_a_second(
    capsys: pytest.CaptureFixture[str], error: Exception, status: int, trouble: str
) -> None:
    """The page says the same of it as if it read the table itself; CloudFront serves what it has."""
    made = get(boards(Table(error)))

    assert (made.status, made.body) == (status, {"v": 1, "error": trouble})
    assert made.headers["Cache-Control"] == "max-age=1"
    assert made.headers["Access-Control-Allow-Origin"] == "*"
    assert json.loads(capsys.readouterr().out) == {"event": "board.failed", "trouble": trouble}


def test_an_unknown_failure_fails_the_call() -> None:
    """Lambda logs it, and answers 502."""
    with pytest.raises(ClientError):
        get(boards(Table(refusal("ValidationException"))))


def test_a_board_is_one_strongly_consistent_query_of_its_current_round() -> None:
    """Two processes may answer in turn, and the count must not go back.

    Only the first reading asks for the poll's view before, which names the round; so does one
    after a poll was replaced, and has an older round.
    """
    view = poll_view_item(replace(a_round(), number=3), "+15550100199")
    table = Table([view])
    read = boards(table)
    for _ in range(2):
        get(read)
    table.outcome = [poll_view_item(a_round(), "+15550100199")]
    get(read)

    assert all(asked["ConsistentRead"] for asked in table.asked)
    assert {asked["TableName"] for asked in table.asked} == {"Aggregates"}
    assert [
        (asked["KeyConditionExpression"], asked["ExpressionAttributeValues"])
        for asked in table.asked
    ] == [
        (f"pk = :pk AND sk {condition} :sk", {":pk": {"S": "open#colors"}, ":sk": {"S": sk}})
        for condition, sk in (
            ("=", "poll"), (">=", "00003#"), (">=", "00003#"), (">=", "00003#"), (">=", "00001#"),
        )
    ]  # fmt: skip


def test_merged_rows_and_rows_of_older_versions_count_once() -> None:
    """The rows that the base row names are left out; of a row under two keys, the newer counts.

    A row without any count, as a check may leave one, is none.
    """

    def row(sk: str, red: int, folded: int) -> dict[str, Any]:
        numbers = {"c#RED": red, "folded": folded, "as_of": 5}
        keys = {"pk": {"S": "open#colors"}, "sk": {"S": sk}}
        return keys | {name: {"N": str(number)} for name, number in numbers.items()}

    entry = {"M": {"at": {"N": "1"}, "folded": {"N": "7"}}}
    base = row("00001#base", 10, 12)
    base |= {"revision": {"N": "2"}, "merged": {"M": {"label#gone": entry}}}
    table = Table([
        poll_view_item(a_round(), "+15550100199"), base, row("00001#tally#label#gone", 6, 7),
        row("00001#tally#label#here", 4, 5), row("tally#1#label#here", 3, 4),
        row("tally#1#label#old", 1, 1), row("tally#2#label#other", 90, 90),
        {"pk": {"S": "open#colors"}, "sk": {"S": "00001#tally#label#bare"}},
    ])  # fmt: skip
    body = get(boards(table)).body

    assert body["choices"][0]["votes"] == 15
    assert (body["texts"], body["version"], body["unreadableRows"]) == (18, 18, 0)


def test_an_answer_without_votes_is_compact_and_says_zero_of_each_choice() -> None:
    """Ten thousand viewers fetch it once a second, so it has no white space and a short tag."""
    table = Table([poll_view_item(a_round(), "+15550100199")])
    event = {"rawPath": "/boards/colors.json", "headers": {}}
    made = reader.answer(event, boards(table))
    body = json.loads(made["body"])

    assert [one["votes"] for one in body["choices"]] == [0] * len(a_round().poll.choices)
    assert (body["votes"], body["voters"], body["texts"], body["asOf"]) == (0, 0, 0, None)
    assert made["body"] == json.dumps(body, separators=(",", ":"))
    assert re.fullmatch('"[0-9a-f]{32}"', made["headers"]["ETag"])


def test_the_example_of_the_documentation_is_what_the_reader_answers() -> None:
    """The page's tests read the same file."""
    choices = (
        Choice(key="RED", label="Red"),
        Choice(key="GREEN", label="Green"),
        Choice(key="BLUE", label="Blue", colour={"dark": "#4f9dff", "light": "#1b5fc1"}),
    )
    round = replace(
        a_round(question="Which color should win tonight?", choices=choices),
        state=State.CLOSED,
        state_at_ms=1_800_000_060_000,
    )
    votes = {"c#RED": {"N": "3"}, "c#GREEN": {"N": "2"}, "c#BLUE": {"N": "1"}, "voters": {"N": "6"}}
    tally = {
        "pk": {"S": "open#colors"}, "sk": {"S": schema.tally_sk(1, "label", "shard")}, **votes,
        "folded": {"N": "7"}, "as_of": {"N": "1800000000000"},
    }  # fmt: skip
    certificate = {
        "pk": {"S": "open#colors"}, "sk": {"S": schema.certified_sk(1)}, **votes,
        "ballots": {"N": "6"}, "certified_at": {"N": "1800000180000"},
        "digest": {"S": "9f2c41d07be85a6340c1f7d29be3a1586d70f4c2918be35da6470c1f2d9be4a7"},
    }  # fmt: skip
    table: Any = Table([poll_view_item(round, "+15550100199"), tally, certificate])
    body = get(
        DynamoPublicBoards(client=table, table="Aggregates", clock=lambda: 1_800_000_200_000)
    ).body
    written = f"{json.dumps(body, indent=2)}\n"

    assert (ROOT / "dashboard/test/board.json").read_text(encoding="utf-8") == written
    assert written in (ROOT / "docs/api.md").read_text(encoding="utf-8")


def test_every_field_is_documented() -> None:
    """Also those of a choice and of a certificate."""
    page = (ROOT / "docs/api.md").read_text(encoding="utf-8")
    example = json.loads((ROOT / "dashboard/test/board.json").read_text(encoding="utf-8"))
    named = {*example, *example["choices"][0], *example["certified"]}

    assert {name for name in named if f"`{name}`" not in page} == set()


@pytest.mark.parametrize("case", CASES, ids=lambda case: str(case["name"]))
def test_the_phase_is_that_of_the_shared_table(case: dict[str, Any]) -> None:
    """The page's tests and those of the rounds read the same table."""
    view = poll_view_item(round_of(case), None)
    certified = {
        "pk": {"S": "open#colors"}, "sk": {"S": "certified#1"}, "ballots": {"N": "0"},
        "voters": {"N": "0"}, "certified_at": {"N": "1"}, "digest": {"S": ""},
    }  # fmt: skip
    table: Any = Table([view, *([certified] if case["certified"] else [])])
    made = DynamoPublicBoards(client=table, table="Aggregates", clock=lambda: int(case["now"]))

    assert get(made).body["phase"] == case["phase"]


def test_a_poll_view_is_read_as_it_was_written() -> None:
    """With its words, colours and times."""
    red = Choice(key="RED", label="Red", words=("ROSE",), colour={"dark": "#ff0000"})
    blue = Choice(key="BLUE", label="Blue")
    before = a_round(
        7, choices=(red, blue), policy=Policy.UNLIMITED, visibility="sealed", opens_at_ms=5,
        closes_at_ms=9, percent_from=10,
    )  # fmt: skip

    after, number = public_round(poll_view_item(before, "+15550100199"), "colors")

    assert (after, number) == (before, "+15550100199")


def test_a_view_of_an_older_version_is_read_with_the_defaults() -> None:
    """As the page reads it."""
    item = poll_view_item(a_round(), None)
    for name in ("state", "state_at", "policy", "visibility"):
        del item[name]
    item["choices"] = {"L": [{"M": {"key": {"S": "RED"}}}]}

    round, _ = public_round(item, "colors")

    assert (round.state.value, round.poll.policy.value) == ("auto", "last")
    assert round.poll.visibility == "open"
    assert round.poll.choices == (Choice(key="RED", label="RED"),)


def test_the_function_reads_the_table_that_its_environment_names(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Its client is made once, and kept between requests."""
    reader.assemble.cache_clear()
    monkeypatch.delenv("AGGREGATES_TABLE", raising=False)
    with pytest.raises(SettingsError, match="AGGREGATES_TABLE is not set"):
        reader.assemble()

    monkeypatch.setenv("AGGREGATES_TABLE", "Counts")
    made: list[Table] = []

    def client() -> Table:
        made.append(Table([poll_view_item(a_round(), None)]))
        return made[-1]

    monkeypatch.setattr(reader, "impatient_client", client)
    event = {"rawPath": "/boards/colors.json", "headers": {}}
    answers = [reader.handler(event, None) for _ in range(2)]
    reader.assemble.cache_clear()

    assert [json.loads(one["body"])["poll"] for one in answers] == ["colors", "colors"]
    (table,) = made
    assert {asked["TableName"] for asked in table.asked} == {"Counts"}
