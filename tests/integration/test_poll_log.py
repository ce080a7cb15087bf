"""`voteapp poll log`: the operator's log as people and scripts read it."""

from pathlib import Path

from tests.support.commands import document, voteapp
from tests.support.moto_system import POLL, MotoSystem


def test_the_log_shows_what_was_done_the_newest_last(system: MotoSystem) -> None:
    """A row for each change; the time in UTC, and in milliseconds for scripts."""
    voteapp("poll", "close", "colors")
    voteapp("poll", "open", "colors")
    told = document("poll", "log", "colors")
    text = voteapp("poll", "log", "colors").stdout
    created, closed, opened = told["changes"]

    assert [row["what"] for row in told["changes"]] == ["created", "closed", "opened"]
    assert [row["state"] for row in told["changes"]] == ["auto", "closed", "open"]
    assert created["at"] < closed["at"] <= opened["at"]
    assert {row["by"] for row in told["changes"]} == {"unknown"}
    assert told["unreadable"] == []
    lines = text.splitlines()
    assert lines[0].split() == ["time", "(UTC)", "what", "round", "by", "detail"]
    assert [line.split()[2] for line in lines[1:]] == ["created", "closed", "opened"]
    assert system.round.state.value == "open"


def test_an_applied_list_of_phones_is_in_the_log_once(system: MotoSystem, tmp_path: Path) -> None:
    """With how many joined and left; applying the same list again adds no row."""
    (tmp_path / "colors.toml").write_text(POLL.format(more='phones = "guests.txt"'))
    (tmp_path / "guests.txt").write_text("+15550100101\n+15550100102\n")
    for _ in range(2):
        applied = voteapp("poll", "apply", str(tmp_path), "--yes")
        assert applied.exit_code == 0, applied.output
    (tmp_path / "guests.txt").write_text("+15550100102\n")
    voteapp("poll", "apply", str(tmp_path), "--yes")
    rows = [(row["what"], row["detail"]) for row in document("poll", "log", "colors")["changes"]]

    assert rows == [
        ("created", ""), ("applied", ""), ("list", "2 added, 0 removed"),
        ("list", "0 added, 1 removed"),
    ]  # fmt: skip
    assert system.round.number == 1


def test_a_row_that_cannot_be_read_is_named(system: MotoSystem) -> None:
    """The others are shown."""
    key = {"pk": {"S": "log#colors"}, "sk": {"S": "0000000000001#00000001"}}
    system.dynamodb.put_item(TableName="Polls", Item=key)
    answer = voteapp("poll", "log", "colors")

    assert "created" in answer.stdout
    assert "colors, 0000000000001#00000001: this row of the log cannot be read" in answer.stderr


def test_the_log_of_no_poll_is_an_error(system: MotoSystem) -> None:
    """It names the polls that there are."""
    answer = voteapp("poll", "log", "colours")

    assert answer.exit_code == 1
    assert "colors" in answer.stderr
    assert system.round.number == 1
