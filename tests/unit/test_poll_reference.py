"""The published schema and reference match the fields that are validated."""

import json
from pathlib import Path

import pytest

from services.polls.fields import CHOICE_FIELDS, FIELDS, REPLY_FIELDS
from services.polls.reference import json_schema, reference

ROOT = Path(__file__).parents[2]
FILES = sorted([*(ROOT / "polls").glob("*.toml"), *(ROOT / "docs" / "examples").glob("*.toml")])


def test_the_published_schema_is_up_to_date() -> None:
    """Renew it with: voteapp poll schema > polls/poll.schema.json."""
    assert (ROOT / "polls" / "poll.schema.json").read_text(encoding="utf-8") == json_schema()


def test_the_reference_is_up_to_date() -> None:
    """Renew it with: voteapp poll reference > docs/polls.md."""
    assert (ROOT / "docs" / "polls.md").read_text(encoding="utf-8") == reference()


def test_the_schema_knows_every_key_and_its_bounds() -> None:
    """It allows no other keys."""
    schema = json.loads(json_schema())
    choices = schema["properties"]["choices"]
    replies = schema["properties"]["replies"]

    assert set(schema["properties"]) == {field.key for field in FIELDS}
    assert set(choices["items"]["properties"]) == {field.key for field in CHOICE_FIELDS}
    assert set(replies["properties"]) == {field.key for field in REPLY_FIELDS}
    assert schema["required"] == ["question", "choices"]
    assert (choices["minItems"], choices["maxItems"]) == (2, 12)
    assert schema["properties"]["policy"]["enum"] == ["last", "first", "each", "unlimited"]
    assert schema["properties"]["opens_at"]["format"] == "date-time"
    assert not any(part["additionalProperties"] for part in (schema, choices["items"], replies))


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_every_poll_file_names_the_schema_for_editors(path: Path) -> None:
    """The path in the file exists."""
    first = path.read_text(encoding="utf-8").splitlines()[0]

    assert first.startswith("#:schema ")
    assert (
        path.parent / first.removeprefix("#:schema ")
    ).resolve() == ROOT / "polls/poll.schema.json"
