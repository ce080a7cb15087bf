"""Requests to the reader, as a function URL delivers them, and its answers as a viewer sees them."""

import json
from dataclasses import dataclass
from typing import Any

from lambdas.reader.handler import answer
from services.adapters.dynamodb.public_boards import DynamoPublicBoards


@dataclass(frozen=True, slots=True)
class BoardAnswer:
    """Status, headers and the parsed body."""

    status: int
    headers: dict[str, str]
    body: dict[str, Any]


def get(
    boards: DynamoPublicBoards, path: str = "/boards/colors.json", tag: str = ""
) -> BoardAnswer:
    """Ask for a path, with a tag that the viewer knows already."""
    event = {
        "version": "2.0",
        "rawPath": path,
        "headers": {"if-none-match": tag} if tag else {},
        "requestContext": {"http": {"method": "GET"}},
    }
    made = answer(event, boards)
    return BoardAnswer(made["statusCode"], made["headers"], json.loads(made.get("body", "{}")))
