"""The directory of polls on moto, and whoever works on it."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest

from services.adapters.dynamodb.directory import DynamoDirectory
from services.polls.definition import parse_poll
from services.voting.poll import Round
from tests.support.polls import COLORS_TOML, NOON
from tests.support.recorded import Recorded, recorded_tables

HOUR = 3_600_000
DAY = 24 * HOUR
NUMBER = "+15550100199"
COLORS_TEXT = f'numbers = ["{NUMBER}"]\n{COLORS_TOML}'
COLORS = parse_poll(COLORS_TEXT, source="colors.toml")
OTHER = parse_poll(f'numbers = ["+15550100111"]\n{COLORS_TOML}', source="other.toml")


@dataclass
class Office:
    """A directory, its table, and its clock."""

    tables: Recorded
    now_ms: int = NOON
    polls: DynamoDirectory = field(init=False)

    def __post_init__(self) -> None:
        self.polls = DynamoDirectory(
            client=self.tables.client,
            table="Polls",
            aggregates="Aggregates",
            clock=lambda: self.now_ms,
        )

    def say(self, word: Callable[[Round, int], Round]) -> None:
        """An operator's word on colors."""
        self.polls.change("colors", lambda there: word(there, self.now_ms))

    @property
    def round(self) -> Round:
        """The current round of colors."""
        return self.polls.entry("colors").round

    def row(self, sk: str) -> dict[str, Any]:
        """A row of the directory."""
        row = self.tables.item("Polls", "directory", sk)
        assert row
        return row

    def spoil(self, sk: str, **changes: Any) -> None:
        """Somebody writes nonsense into a row by hand."""
        self.tables.client.put_item(TableName="Polls", Item=self.row(sk) | changes)


@pytest.fixture(scope="module")
def both_tables() -> Iterator[Recorded]:
    """With the polls colors and other, applied at noon."""
    with recorded_tables() as tables:
        Office(tables).polls.apply([COLORS, OTHER], default_number=NUMBER)
        tables.save()
        yield tables


@pytest.fixture
def office(both_tables: Recorded) -> Office:
    """At noon."""
    return Office(both_tables.restore())
