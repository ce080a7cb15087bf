"""`voteapp` as a person and as a script meets it."""

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from services.cli.app import app

BROKEN = """
question = "Which?"
policy = "newest"
[[choices]]
key = "RED"
label = "Red"
[[choices]]
key = "STOP"
label = "Stop"
"""


def run(*arguments: str) -> Result:
    """Run a command as a shell would."""
    return CliRunner().invoke(app, list(arguments))


def test_the_polls_of_the_project_are_fine() -> None:
    """Those that every deploy applies."""
    done = run("poll", "check")

    assert done.exit_code == 0
    assert "polls/colors.toml: fine" in done.stdout


def test_a_wrong_poll_file_is_refused_with_file_line_key_value_and_remedy(tmp_path: Path) -> None:
    """All that a person needs to mend it."""
    (source := tmp_path / "tonight.toml").write_text(BROKEN)
    done = run("poll", "check", str(source))

    assert done.exit_code == 1
    assert f"{source}:3: policy: 'newest'" in done.stdout
    assert "last" in done.stdout


def test_a_script_reads_the_same_as_json(tmp_path: Path) -> None:
    """One document, every problem in it."""
    (source := tmp_path / "tonight.toml").write_text(BROKEN)
    done = run("poll", "check", str(source), "--json")
    document = json.loads(done.stdout)

    assert done.exit_code == 1
    assert document["ok"] is False
    assert document["files"][str(source)][0]["key"] == "policy"


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    """And no traceback is shown."""
    missing = tmp_path / "nowhere.toml"
    done = run("poll", "check", str(missing))

    assert done.exit_code == 1
    assert str(missing) in done.stdout
    assert "No such file" in done.stdout


def test_a_folder_without_polls_is_an_error(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nothing checked is not everything fine."""
    monkeypatch.chdir(tmp_path)
    done = run("poll", "check")

    assert done.exit_code == 1
    assert "no poll file" in done.stderr


def test_version_is_one_json_document_for_scripts() -> None:
    """The number alone, without decoration."""
    done = run("version", "--json")

    assert done.exit_code == 0
    assert set(json.loads(done.stdout)) == {"version"}


@pytest.mark.parametrize("command", ["demo", "smoke", "lab", "poll", "version"])
def test_every_command_is_in_the_help(command: str) -> None:
    """What a newcomer reads first."""
    assert command in run("--help").stdout
    assert run(command, "--help").exit_code == 0
