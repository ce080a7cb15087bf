"""`voteapp results --csv`: a file that is always whole, and errors that say what to do."""

import csv
from collections.abc import Iterator
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from services.cli.app import app
from services.polls.definition import parse_poll
from tests.support.moto_system import POLL, MotoSystem, moto_system


@pytest.fixture
def more() -> str:
    """Lines more in the poll's file."""
    return ""


@pytest.fixture
def system(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, more: str) -> Iterator[MotoSystem]:
    """Two votes; the command runs in an empty folder."""
    monkeypatch.chdir(tmp_path)
    with moto_system(more) as made:
        made.vote(1, "RED")
        made.vote(2, "RED")
        for command in ("results", "poll"):
            monkeypatch.setattr(f"services.cli.{command}.find", lambda **_: made.deployment)
        yield made


def run(*arguments: str) -> Result:
    """Run a command."""
    return CliRunner().invoke(app, list(arguments))


def test_the_count_replaces_an_older_file_as_a_whole(system: MotoSystem) -> None:
    """And leaves no draft beside it."""
    del system
    Path("count.csv").write_text("what was there before\n" * 100)
    done = run("results", "colors", "--csv", "count.csv")

    assert done.exit_code == 0
    assert [*csv.DictReader(Path("count.csv").read_text().splitlines())] == [
        {"poll": "colors", "round": "1", "choice": "RED", "label": "Red", "votes": "2"},
        {"poll": "colors", "round": "1", "choice": "GREEN", "label": "Green", "votes": "0"},
        {"poll": "colors", "round": "1", "choice": "BLUE", "label": "Blue", "votes": "0"},
    ]
    assert [path.name for path in Path().iterdir()] == ["count.csv"]


def test_a_link_goes_on_to_name_the_file(system: MotoSystem) -> None:
    """The file behind it is replaced."""
    del system
    Path("shared").mkdir()
    Path("count.csv").symlink_to("shared/real.csv")
    run("results", "colors", "--csv", "count.csv")

    assert Path("count.csv").is_symlink()
    assert Path("shared/real.csv").read_text().startswith("poll,round,choice,label,votes\n")


def test_a_label_that_begins_like_a_formula_is_none(system: MotoSystem) -> None:
    """It comes from a poll file, and opens in somebody's spreadsheet."""
    toml = POLL.format(more="").replace('label = "Red"', 'label = "=HYPERLINK(1)"')
    system.directory.apply([parse_poll(toml, source="colors.toml")])
    run("results", "colors", "--csv", "count.csv")

    assert "RED,'=HYPERLINK(1),2\n" in Path("count.csv").read_text()


@pytest.mark.parametrize("target", [".", "missing/count.csv"])
def test_a_file_that_cannot_be_written_is_told_before_anything_is_read(
    system: MotoSystem, target: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Exit code 2; option, value and remedy are named."""
    del system
    monkeypatch.setattr("services.cli.results.find", None)
    done = run("results", "colors", "--csv", target)

    assert done.exit_code == 2
    assert f"--csv: '{target}'" in done.stderr
    assert "name a file" in done.stderr


def test_labels_and_questions_with_brackets_are_shown_as_they_are(system: MotoSystem) -> None:
    """By the list, by show, by results."""
    toml = POLL.format(more="").replace("tonight?", "tonight [/10]")
    toml = toml.replace('label = "Red"', 'label = "The [red] one"')
    system.directory.apply([parse_poll(toml, source="colors.toml")])

    assert "tonight [/10]" in run("poll", "list").stdout
    assert "tonight [/10]" in run("poll", "show", "colors").stdout
    assert "The [red] one" in run("results", "colors").stdout


@pytest.mark.usefixtures("system")
@pytest.mark.parametrize("more", ['policy = "unlimited"'])
def test_under_the_policy_unlimited_voters_are_for_scripts_only() -> None:
    """Each text is a ballot, so they are no people."""
    assert "voters" not in run("poll", "show", "colors").stdout
    assert "voters" not in run("results", "colors").stdout
    assert '"voters": 2' in run("poll", "show", "colors", "--json").stdout
    assert '"voters": 2' in run("results", "colors", "--json").stdout


def test_results_advise_no_repair(system: MotoSystem) -> None:
    """A board that is a moment behind is no fault."""
    system.vote(3, "BLUE", folded=False)

    assert "repair" not in run("results", "colors").stdout


def test_into_a_pipe_each_look_is_a_line(system: MotoSystem) -> None:
    """Nothing is drawn over."""
    del system
    done = run("results", "colors", "--watch", "--looks", "2", "--every", "0.2")
    lines = done.stdout.splitlines()

    assert done.exit_code == 0
    assert len(lines) == 2
    for line in lines:
        assert "UTC  colors, round 1, open: RED 2, GREEN 0, BLUE 0; 2 votes from 2 voters" in line
