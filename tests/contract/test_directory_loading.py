"""The polls that webhooks load, and malformed rows."""

from typing import Any

import pytest

from services.adapters.dynamodb.directory import DynamoDirectory
from services.voting import lifecycle
from services.voting.errors import (
    PollFileError,
)
from tests.support.directory import (
    COLORS,
    OTHER,
    Watch,
    always,
    row_of,
)

DAY_MS = 86_400_000
BOTH = pytest.mark.parametrize("endpoint", ["moto", "emulator"], indirect=True)


@BOTH
@pytest.mark.parametrize(("later_ms", "known"), [(299_000, ["other"]), (301_000, [])])
def test_what_was_archived_is_known_to_webhooks_for_five_minutes(
    directory: DynamoDirectory, watch: Watch, later_ms: int, known: list[str]
) -> None:
    """A text that it accepted may be delivered again."""
    directory.apply([COLORS, OTHER])
    watch.now_ms += 3_600_000
    directory.change("other", lambda r: lifecycle.archived(r, watch()))
    watch.now_ms += later_ms

    assert [r.poll.id for r in directory.load().rounds if r.poll.id != "colors"] == known


@BOTH
def test_webhooks_know_every_round_that_was_reset_in_the_last_five_minutes(
    directory: DynamoDirectory, watch: Watch
) -> None:
    """Each by its own definition; a text accepted in any of them may be delivered again."""
    directory.apply([COLORS])
    known = []
    for number, later_ms in ((1, 3_600_000), (2, 100_000), (3, 150_000), (4, 60_000)):
        watch.now_ms += later_ms
        directory.reset("colors", number, begun=always)
        known.append(numbers_known(directory))
    watch.now_ms += 300_001
    known.append(numbers_known(directory))

    assert known == [[2, 1], [3, 2, 1], [4, 3, 2, 1], [5, 4, 3, 2], [5]]


def numbers_known(directory: DynamoDirectory) -> list[int]:
    """The rounds of the poll that a webhook knows, the newest first."""
    numbers, one = [], next(iter(directory.load().rounds), None)
    while one is not None:
        numbers.append(one.number)
        one = one.previous
    return numbers


def spoil_row(directory: DynamoDirectory, sk: str, **attributes: Any) -> None:
    """Write a copy of the row of colors under this key, with wrong attributes."""
    row = row_of(directory, "directory", "colors") | {"sk": {"S": sk}} | attributes
    row = {name: value for name, value in row.items() if value is not None}
    directory.client.put_item(TableName=directory.table, Item=row)


@BOTH
@pytest.mark.parametrize(
    "wrong",
    [
        {"definition": {"S": 'question = ""'}},
        {"definition": {"S": "= not TOML"}},
        {"definition": None},
        {"definition": {"N": "7"}},
        {"round": {"S": "one"}},
        {"round": None},
        {"state": {"S": "sleeping"}},
        {"state_at": {"N": "1.5"}},
        {"revision": None},
        {"expires_from": {"S": "soon"}},
    ],
    ids=lambda wrong: "-".join(f"{name} {value}" for name, value in wrong.items()),
)
def test_a_row_that_is_no_poll_is_named_and_the_others_go_on(
    directory: DynamoDirectory, wrong: dict[str, Any]
) -> None:
    """Both for webhooks and for operators."""
    directory.apply([COLORS])
    spoil_row(directory, "old-poll", **wrong)
    loaded = directory.load()

    assert [r.poll.id for r in loaded.rounds] == ["colors"]
    assert loaded.unreadable == directory.unreadable() == ("old-poll",)
    assert [e.round.poll.id for e in directory.entries()] == ["colors"]


@BOTH
def test_a_row_that_is_no_poll_is_not_written_over(directory: DynamoDirectory) -> None:
    """A file of that name is refused with the remedy; the other files may be applied."""
    directory.apply([COLORS])
    spoil_row(directory, "other", definition={"S": "= not TOML"})
    with pytest.raises(PollFileError, match="its row in the directory cannot be read"):
        directory.apply([COLORS, OTHER])

    assert directory.apply([COLORS]).unchanged == ("colors",)
    assert row_of(directory, "directory", "other")["definition"] == {"S": "= not TOML"}


@BOTH
def test_a_past_round_that_cannot_be_read_is_left_out_for_webhooks(
    directory: DynamoDirectory, watch: Watch
) -> None:
    """The current round is not affected."""
    directory.apply([COLORS])
    watch.now_ms += 5
    directory.reset("colors", 1, begun=always)
    spoil_row(directory, "~round#colors#00001", definition={"S": "= not TOML"})

    assert numbers_known(directory) == [2]
