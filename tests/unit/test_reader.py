"""The reader's answers where the table cannot be read, and how it is assembled."""

import json
from typing import Any

import pytest
from botocore.exceptions import ClientError, ReadTimeoutError

from lambdas.reader import handler as reader
from services.adapters.dynamodb.poll_view import poll_view_item, public_round
from services.adapters.dynamodb.public_boards import DynamoPublicBoards
from services.settings import SettingsError
from services.voting.poll import Choice
from tests.support.polls import a_round
from tests.support.reader import get
from tests.unit.test_dashboard_parity import CASES, round_of


class Table:
    """A client of DynamoDB that answers every query with the same."""

    def __init__(self, outcome: Exception | list[dict[str, Any]]) -> None:
        self._outcome = outcome
        self.asked: list[dict[str, Any]] = []

    def get_paginator(self, operation: str) -> "Table":
        """The paginator of queries."""
        assert operation == "query"
        return self

    def paginate(self, **arguments: Any) -> list[dict[str, Any]]:
        """One page."""
        self.asked.append(arguments)
        if isinstance(self._outcome, Exception):
            raise self._outcome
        return [{"Items": self._outcome}]


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


def test_a_board_is_one_strongly_consistent_query_of_its_open_partition() -> None:
    """Two processes may answer in turn, and the count must not go back."""
    table = Table([])
    get(boards(table))

    (asked,) = table.asked
    assert asked["ConsistentRead"] is True
    assert asked["ExpressionAttributeValues"] == {":pk": {"S": "open#colors"}}
    assert asked["TableName"] == "Aggregates"


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
    before = a_round(7, choices=(red, blue), opens_at_ms=5, closes_at_ms=9, percent_from=10)

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
    assert round.poll.choices == (Choice(key="RED", label="RED"),)


def test_the_function_reads_the_table_that_its_environment_names(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Once: the client is kept between requests."""
    reader.assemble.cache_clear()
    monkeypatch.delenv("AGGREGATES_TABLE", raising=False)
    with pytest.raises(SettingsError, match="AGGREGATES_TABLE is not set"):
        reader.assemble()

    monkeypatch.setenv("AGGREGATES_TABLE", "Counts")
    monkeypatch.setattr(reader, "impatient_client", object)

    assert reader.assemble().table == "Counts"
    assert reader.assemble() is reader.assemble()
    reader.assemble.cache_clear()
