"""Votes for tests of the commands that count, and the rows of the board."""

from typing import Any

from services.voting import schema
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


def rows_by_key(there: Ledger) -> dict[str, dict[str, Any]]:
    """Every row of the open board by its sort key."""
    return {row["sk"]["S"]: row for row in rows(there)}
