"""The directory of polls, on both stores that run DynamoDB's interface."""

from dataclasses import replace
from itertools import count
from typing import Any

import pytest
from botocore.exceptions import ClientError

from services.adapters.directory import DynamoDirectory
from services.adapters.provisioning import create_table
from services.voting.definition import parse_poll
from services.voting.poll import State
from services.voting.schema import AGGREGATES
from tests.support.polls import COLORS_TOML, NUMBER

BOTH = pytest.mark.parametrize("endpoint", ["moto", "emulator"], indirect=True)
OTHER = parse_poll(f'numbers = ["+15550100111"]\n{COLORS_TOML}', source="other.toml")
COLORS = parse_poll(f'numbers = ["{NUMBER}"]\n{COLORS_TOML}', source="colors.toml")

_serial = count(1)


@pytest.fixture
def directory(client: Any) -> DynamoDirectory:
    """An empty one, in a table of its own."""
    name = f"Directory{next(_serial)}"
    create_table(client, AGGREGATES, name)
    return DynamoDirectory(client=client, table=name)


@BOTH
def test_a_new_poll_is_created_with_its_face(directory: DynamoDirectory) -> None:
    """The webhook reads the poll as the file had it; the screen finds its face."""
    applied = directory.apply([COLORS], default_number=NUMBER)

    face = _face(directory, "colors")
    assert applied.created == ("colors",)
    assert [r.poll for r in directory.load().rounds] == [COLORS]
    assert face["question"] == {"S": "Which color should win tonight?"}
    assert [c["M"]["key"]["S"] for c in face["choices"]["L"]] == ["RED", "GREEN", "BLUE"]
    assert face["number"] == {"S": NUMBER}


@BOTH
def test_applying_twice_changes_nothing(directory: DynamoDirectory) -> None:
    """The second time every poll is unchanged, to its revision."""
    directory.apply([COLORS, OTHER], default_number=NUMBER)
    before = directory.entries()

    applied = directory.apply([COLORS, OTHER], default_number=NUMBER)

    assert applied.unchanged == ("colors", "other")
    assert directory.entries() == before


@BOTH
def test_a_changed_poll_keeps_its_round_and_state(directory: DynamoDirectory) -> None:
    """A deploy in the middle of an evening neither reopens nor restarts a poll."""
    directory.apply([COLORS])
    (entry,) = directory.entries()
    closed = replace(entry.round, number=3, state=State.CLOSED, state_at_ms=77)
    directory.write(replace(entry, round=closed))

    changed = parse_poll(COLORS.definition + "\n", source="colors.toml")
    applied = directory.apply([changed])

    (standing,) = directory.load().rounds
    assert applied.changed == ("colors",)
    assert (standing.number, standing.state, standing.state_at_ms) == (3, State.CLOSED, 77)


@BOTH
def test_a_poll_whose_file_is_gone_is_archived_and_comes_back(directory: DynamoDirectory) -> None:
    """Nothing is deleted: the directory stops answering for it, until the file is back."""
    directory.apply([COLORS, OTHER])

    gone = directory.apply([COLORS], now_ms=5)
    while_gone = [r.poll.id for r in directory.load().rounds]
    directory.apply([COLORS, OTHER])

    assert gone.archived == ("other",)
    assert while_gone == ["colors"]
    assert [r.poll.id for r in directory.load().rounds] == ["colors", "other"]


@BOTH
def test_two_writers_of_one_entry_cannot_both_win(directory: DynamoDirectory) -> None:
    """The one who read an older revision is refused."""
    directory.apply([COLORS])
    (entry,) = directory.entries()
    directory.write(replace(entry, number="+15550100111"))

    with pytest.raises(ClientError, match="TransactionCanceled"):
        directory.write(replace(entry, number="+15550100122"))


def _face(directory: DynamoDirectory, poll_id: str) -> dict[str, Any]:
    answer = directory.client.get_item(
        TableName=directory.table, Key={"pk": {"S": f"open#{poll_id}"}, "sk": {"S": "poll"}}
    )
    return dict(answer["Item"])
