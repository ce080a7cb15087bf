"""A directory of polls on either store, with a clock to set."""

from dataclasses import dataclass
from typing import Any

from services.adapters.dynamodb.directory import DynamoDirectory
from services.polls.definition import parse_poll
from services.voting.poll import Poll, Round
from tests.support.polls import COLORS_TOML, NOON, NUMBER

COLORS = parse_poll(f'numbers = ["{NUMBER}"]\n{COLORS_TOML}', source="colors.toml")
OTHER = parse_poll(f'numbers = ["+15550100111"]\n{COLORS_TOML}', source="other.toml")


@dataclass
class Watch:
    """A clock that tests set."""

    now_ms: int = NOON

    def __call__(self) -> int:
        """The time."""
        return self.now_ms


def colors_with(line: str) -> Poll:
    """The same poll, with a line more at the top of its file."""
    return parse_poll(f"{line}\n{COLORS.definition}", source="colors.toml")


def row_of(directory: DynamoDirectory, pk: str, sk: str) -> dict[str, Any]:
    """A row of the polls table, or of the aggregates table if its partition is a board."""
    table = directory.aggregates if pk.startswith("open#") else directory.table
    answer = directory.client.get_item(TableName=table, Key={"pk": {"S": pk}, "sk": {"S": sk}})
    return dict(answer["Item"])


def poll_view_of(directory: DynamoDirectory, poll_id: str) -> dict[str, Any]:
    """The item that the dashboard reads."""
    return row_of(directory, f"open#{poll_id}", "poll")


def always(_: Round) -> bool:
    """Every round has begun."""
    return True
