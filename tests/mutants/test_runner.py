"""The process that forks for each run: a run has nothing of the one before."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.mutants.runner import Runner

CODE = "def sign(number):\n    return number > 0\n"
TESTS = "from code_under_test import sign\n\ndef test_one():\n    assert sign(1)\n"


@pytest.fixture
def runner(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Runner]:
    """A real one, for a folder with one test."""
    monkeypatch.setenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD", "1")
    (tmp_path / "test_sign.py").write_text(TESTS)
    made = Runner(tmp_path, libraries=("pytest",))
    yield made
    made.stop()


def test_each_run_sees_the_files_as_they_are_then(tmp_path: Path, runner: Runner) -> None:
    """Although all runs are forks of one process."""
    codes = []
    for text in (CODE, CODE.replace(">", "<"), CODE, "nonsense"):
        (tmp_path / "code_under_test.py").write_text(text)
        codes.append(runner.run(["test_sign.py"], 60))

    assert codes == [0, 1, 0, 2]
    assert runner.run(["test_sign.py::test_none"], 60) == 4


def test_a_test_that_hangs_has_noticed(tmp_path: Path, runner: Runner) -> None:
    """And the next change has a process of its own."""
    (tmp_path / "code_under_test.py").write_text("while True: pass")
    hung = runner.run(["test_sign.py"], 0.5)
    (tmp_path / "code_under_test.py").write_text(CODE)

    assert (hung, runner.run(["test_sign.py"], 60)) == (1, 0)


def test_a_runner_that_was_stopped_has_no_process_left(runner: Runner) -> None:
    """Nor have its forks."""
    code = runner.run(["test_sign.py"], 60)
    process = runner._process
    runner.stop()

    assert code == 2
    assert process
    assert process.returncode == -9
