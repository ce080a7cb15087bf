"""The changes made by hand: a list that does not fit fails, and a change that passes is told."""

import json
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.mutants.by_hand import main

CODE = "def sign(number):\n    return number > 0\n"
TESTS = "from code_under_test import sign\n\ndef test_one():\n    assert sign(1)\n"
HARM = """
[[change]]
name = "{name}"
file = "code_under_test.py"
search = "{search}"
replace = "{replace}"
harm = "Wrong sign."
noticed_by = ["test_sign.py"]
"""


def change(name: str, search: str = "number > 0", replace: str = "number < 0") -> str:
    """An entry of the list; as it is given here, the test notices it."""
    return HARM.format(name=name, search=search, replace=replace)


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """With one module and one test."""
    (tmp_path / "tests" / "mutants" / "changes").mkdir(parents=True)
    (tmp_path / "code_under_test.py").write_text(CODE)
    (tmp_path / "test_sign.py").write_text(TESTS)
    subprocess.run(["git", "init", "-q"], cwd=tmp_path, check=True)
    subprocess.run(["git", "add", "."], cwd=tmp_path, check=True)
    return tmp_path


def write(checkout: Path, area: str, *changes: str) -> None:
    """Make the list of an area."""
    (checkout / "tests" / "mutants" / "changes" / f"{area}.toml").write_text("".join(changes))


@dataclass
class Reader:
    """Reads the code instead of running tests: notices `number < 0` and nothing else."""

    root: Path
    stopped: bool = False

    def run(self, tests: Sequence[str], timeout_seconds: float) -> int:  # noqa: ARG002
        """As pytest exits."""
        return int("number < 0" in (self.root / "code_under_test.py").read_text())

    def last_lines(self) -> str:
        """As pytest prints."""
        return "1 failed"

    def stop(self) -> None:
        """Nothing runs."""
        self.stopped = True


def run(checkout: Path, *argv: str) -> int:
    """Exit code, with one worker."""
    return main(["--workers", "1", *argv], root=checkout, make=Reader)


def test_changes_that_are_noticed_are_good(
    checkout: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """By area, for scripts."""
    write(checkout, "signs", change("turned"), change("turned again"))
    code = run(checkout, "--json")
    figures = json.loads(capsys.readouterr().out)

    assert code == 0
    assert figures == {
        "signs": {"changes": 2, "noticed": 2, "percent": 100, "seconds": 0, "not_noticed": []}
    }


def test_a_change_that_nobody_notices_lowers_the_percentage_and_fails_the_run(
    checkout: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """One area below the mark is enough, whatever the others have."""
    write(checkout, "good", change("turned"))
    write(checkout, "signs", change("turned"), change("shifted", replace="number > -1"))
    codes = [run(checkout, "--json"), run(checkout, "--area", "good")]
    figures = json.JSONDecoder().raw_decode(capsys.readouterr().out)[0]

    assert codes == [1, 0]
    assert (figures["signs"]["percent"], figures["signs"]["not_noticed"]) == (50, ["shifted"])


def test_what_is_not_noticed_is_told_with_its_harm(
    checkout: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """To a person, and with the area to look in."""
    write(checkout, "signs", change("shifted", replace="number > -1"))

    assert run(checkout) == 1
    assert "not noticed: signs: shifted: Wrong sign." in capsys.readouterr().out


@pytest.mark.parametrize(
    ("entries", "told"),
    [
        ([change("old", search="number >= 0")], "'old': found 0 times in code_under_test.py"),
        ([change("vague", search="number")], "'vague': found 2 times in code_under_test.py"),
        ([change("same"), change("same")], "'same': given twice"),
        ([], "no change has this area"),
    ],
    ids=["not-found", "found-twice", "named-twice", "none"],
)
def test_a_list_that_does_not_fit_the_code_fails_the_run(
    checkout: Path, capsys: pytest.CaptureFixture[str], entries: Sequence[str], told: str
) -> None:
    """Also where all other changes are noticed."""
    write(checkout, "good", change("turned"))
    if entries:
        write(checkout, "signs", *entries)
    code = run(checkout, *([] if entries else ["--only", "nobody"]))

    assert code == 1
    assert told in capsys.readouterr().out


def test_every_text_that_does_not_fit_is_told_at_once(
    checkout: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Before any test runs."""
    write(checkout, "signs", change("first", search="x >"), change("second", search="y >"))
    run(checkout)

    assert [line.split("'")[1] for line in capsys.readouterr().out.splitlines()] == [
        "first",
        "second",
    ]


def test_tests_that_fail_without_a_change_notice_nothing(
    checkout: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The end of their output says why they fail."""
    write(checkout, "signs", change("turned", "number < 0", "number > 0"))
    (checkout / "code_under_test.py").write_text(CODE.replace(">", "<"))

    assert run(checkout) == 1
    assert "signs: tests fail without any change:\n1 failed" in capsys.readouterr().out


class Interrupted(Reader):
    """A person presses Ctrl-C in the middle of a change."""

    def run(self, tests: Sequence[str], timeout_seconds: float) -> int:
        """Fine without a change."""
        if super().run(tests, timeout_seconds):
            raise KeyboardInterrupt
        return 0


def test_after_an_interruption_nothing_is_left(checkout: Path) -> None:
    """Neither a copy nor a process; the checkout itself was never touched."""
    write(checkout, "signs", change("turned"))
    made: list[Interrupted] = []

    def make(root: Path) -> Interrupted:
        made.append(Interrupted(root))
        return made[-1]

    code = main(["--workers", "1"], root=checkout, make=make)

    assert (code, [one.stopped for one in made]) == (130, [True])
    assert list((checkout / ".local").iterdir()) == []
    assert (checkout / "code_under_test.py").read_text() == CODE
