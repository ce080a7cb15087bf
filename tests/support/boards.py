"""Votes for tests of the commands that count, and the rows of the board."""

from typing import Any

from services.voting import schema
from tests.support.moto_system import MotoSystem


def some_votes(system: MotoSystem) -> None:
    """Three red, two green, one changed to blue."""
    for phone, choices in enumerate([("RED",), ("RED",), ("RED",), ("GREEN",), ("GREEN",)]):
        system.vote(phone, *choices)
    system.vote(9, "RED", "BLUE")


def rows(system: MotoSystem, board: str = "open#colors") -> list[dict[str, Any]]:
    """Every row of a board."""
    found: list[dict[str, Any]] = system.dynamodb.query(
        TableName="Aggregates",
        KeyConditionExpression="pk = :pk",
        ExpressionAttributeValues={":pk": {"S": board}},
    )["Items"]
    return found


def corrections(system: MotoSystem) -> list[dict[str, Any]]:
    """The rows that repairs have written."""
    return [row for row in rows(system) if row["sk"]["S"] == schema.correction_sk(1)]


def spoil_board(system: MotoSystem, choice: str) -> None:
    """Somebody takes a vote and its voter off the board by hand."""
    (row,) = [row for row in rows(system) if "S" in row.get("wm", {})]
    system.dynamodb.update_item(
        TableName="Aggregates",
        Key={"pk": row["pk"], "sk": row["sk"]},
        UpdateExpression="ADD #choice :less, voters :less",
        ExpressionAttributeNames={"#choice": f"c#{choice}"},
        ExpressionAttributeValues={":less": {"N": "-1"}},
    )


def rows_by_key(system: MotoSystem) -> dict[str, dict[str, Any]]:
    """Every row of the open board by its sort key."""
    return {row["sk"]["S"]: row for row in rows(system)}
