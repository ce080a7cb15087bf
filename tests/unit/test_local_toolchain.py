"""What the make targets set up, and when a step is done again."""

from pathlib import Path

import pytest

from services.tools.local import toolchain
from services.tools.local.errors import CommandFailedError, LocalCloudError
from services.tools.local.node import is_recent
from services.tools.local.step_cache import StepCache, fingerprint
from services.tools.local.toolchain import TARGETS, command, steps


def test_a_step_is_remembered_for_exactly_its_inputs(tmp_path: Path) -> None:
    """A change of a file changes its fingerprint."""
    (source := tmp_path / "requirements.txt").write_text("a==1")
    cache = StepCache(tmp_path / "cache")
    cache.mark_done("app", fingerprint([source]))
    held = cache.is_done("app", fingerprint([source]))
    source.write_text("a==2")

    assert held
    assert not cache.is_done("app", fingerprint([source]))


def test_a_forgotten_step_is_not_held(tmp_path: Path) -> None:
    """A step that is about to be done again may fail halfway."""
    cache = StepCache(tmp_path / "cache")
    cache.mark_done("app", "key")
    cache.forget("app")

    assert not cache.is_done("app", "key")


def test_a_folder_counts_with_the_names_of_its_files(tmp_path: Path) -> None:
    """A renamed file is another input."""
    (tmp_path / "a.js").write_text("1")
    before = fingerprint([tmp_path])
    (tmp_path / "a.js").rename(tmp_path / "b.js")

    assert fingerprint([tmp_path]) != before


@pytest.mark.parametrize(
    ("version", "enough"),
    [("v20.19.0", True), ("v22.1.0", True), ("v20.18.3", False), ("v18.20.4", False), ("", False)],
)
def test_an_old_node_is_replaced(version: str, *, enough: bool) -> None:
    """The dashboard's build tool asks for 20.19."""
    assert is_recent(version) is enough


def test_every_target_names_steps_that_exist(monkeypatch: pytest.MonkeyPatch) -> None:
    """A misspelt step would only show on a machine that lacks it."""
    monkeypatch.chdir(toolchain.ROOT)
    known = set(steps())

    assert {name for names in TARGETS.values() for name in names} == known


def test_a_failed_tool_is_told_with_its_last_lines_and_a_remedy() -> None:
    """What a person needs to mend it."""
    with pytest.raises(CommandFailedError) as caught:
        command("a tool", "sh", "-c", "echo reading; echo no such index >&2; exit 3")

    assert "a tool: exit code 3" in str(caught.value)
    assert "no such index" in str(caught.value)
    assert "network" in caught.value.remedy


def test_a_failed_set_up_ends_with_one_and_without_a_traceback(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """`make` stops there."""

    def fails(_target: str) -> None:
        raise LocalCloudError("npm: no answer", "Check the network.")

    monkeypatch.setattr(toolchain, "set_up", fails)
    code = toolchain.main(["demo"])

    assert code == 1
    assert "npm: no answer\nCheck the network." in capsys.readouterr().err
