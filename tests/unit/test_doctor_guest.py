"""The doctor on what guests may do; a fake table answers them."""

from typing import Any

import pytest
from botocore.exceptions import ClientError

from services.tools.doctor.finding import Verdict
from services.tools.doctor.guest import check_only_reading, check_reading


def refusal(code: str) -> ClientError:
    """What boto3 raises."""
    return ClientError({"Error": {"Code": code, "Message": ""}}, "Call")


class Table:
    """Lets a guest do what it is told to; everything else is refused."""

    def __init__(self, *allowed: str, rows: list[dict[str, Any]] | None = None) -> None:
        self.allowed = allowed
        self.rows = rows if rows is not None else [{"question": {"S": "Which?"}}]

    def query(self, **asked: Any) -> dict[str, Any]:
        """Allowed or refused by what the board is."""
        pk = asked["ExpressionAttributeValues"][":board"]["S"]
        whole = "" if "ProjectionExpression" in asked else " whole"
        return self._answer(f"query {asked['TableName']} {pk.split('#')[0]}{whole}")

    def scan(self, **asked: Any) -> dict[str, Any]:
        """Allowed or refused."""
        return self._answer(f"scan {asked['TableName']}")

    def put_item(self, **asked: Any) -> dict[str, Any]:
        """Refused, or stopped by its condition."""
        return self._write(f"put {asked['TableName']}", asked)

    def update_item(self, **asked: Any) -> dict[str, Any]:
        """Refused, or stopped by its condition."""
        return self._write(f"update {asked['TableName']}", asked)

    def delete_item(self, **asked: Any) -> dict[str, Any]:
        """Refused, or stopped by its condition."""
        return self._write(f"delete {asked['TableName']}", asked)

    def _write(self, call: str, asked: dict[str, Any]) -> dict[str, Any]:
        assert asked["ConditionExpression"] == "attribute_exists(pk) AND attribute_not_exists(pk)"
        self._answer(call)
        raise refusal("ConditionalCheckFailedException")

    def _answer(self, call: str) -> dict[str, Any]:
        if call not in self.allowed:
            raise refusal("AccessDeniedException")
        return {"Items": self.rows}


def examine(*allowed: str, emulated: bool = False) -> Any:
    """The finding on a table that allows some calls."""
    table: Any = Table(*allowed)
    return check_only_reading(table, votes="votes", aggregates="boards", emulated=emulated)


EVERYTHING = (
    "put boards", "update boards", "delete boards", "scan boards", "query boards directory",
    "query boards sealed", "query boards open whole", "query votes doctor:1", "scan votes",
    "put votes",
)  # fmt: skip


def test_a_guest_who_reads_a_board_is_fine() -> None:
    """As the page does."""
    table: Any = Table("query boards open")

    assert check_reading(table, "boards", "colors").verdict is Verdict.OK


def test_a_guest_who_cannot_read_is_found() -> None:
    """The screen would stay empty."""
    refused: Any = Table()
    empty: Any = Table("query boards open", rows=[])

    assert "AccessDenied" in check_reading(refused, "boards", "colors").detail
    assert check_reading(empty, "boards", "colors").verdict is Verdict.FAILED


def test_a_guest_who_is_refused_everything_else_is_fine() -> None:
    """Ten calls."""
    finding = examine()

    assert finding.verdict is Verdict.OK
    assert f"{len(EVERYTHING)} other calls" in finding.detail


@pytest.mark.parametrize("call", EVERYTHING)
def test_whatever_else_a_guest_may_do_is_found(call: str) -> None:
    """And nothing is written in finding out: every write has a condition that never holds."""
    finding = examine(call)

    assert finding.verdict is Verdict.FAILED
    assert "a guest may" in finding.detail


def test_an_emulator_that_refuses_nothing_proves_nothing() -> None:
    """But one that refuses something is held to everything."""
    assert examine(*EVERYTHING, emulated=True).verdict is Verdict.SKIPPED
    assert examine(*EVERYTHING).verdict is Verdict.FAILED
    assert examine("put boards", emulated=True).verdict is Verdict.FAILED


def test_a_throttled_call_is_no_refusal() -> None:
    """It says nothing about what a guest may do."""

    class Busy(Table):
        def scan(self, **asked: Any) -> dict[str, Any]:
            del asked
            raise refusal("ThrottlingException")

    table: Any = Busy()
    with pytest.raises(ClientError):
        check_only_reading(table, votes="votes", aggregates="boards")
