"""What a synthesis wrote is used again as long as nothing it reads has changed."""

from pathlib import Path

import pytest

from services.tools.local import cloud_assembly_cache as module
from services.tools.local.cloud_assembly_cache import cached_assembly


@pytest.fixture
def made(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[Path]:
    """The folders synthesised so far, for a project of one file."""
    (tmp_path / "services" / "tools").mkdir(parents=True)
    (tmp_path / "app.py").write_text("one")
    monkeypatch.setattr(module, "ROOT", tmp_path)
    return []


def synthesised(tmp_path: Path, made: list[Path], *also: str) -> Path:
    """Ask for the assembly, noting what is made anew."""

    def synthesise(folder: Path) -> None:
        folder.mkdir()
        made.append(folder)

    return cached_assembly(synthesise, *also, state=tmp_path)


def test_a_second_start_synthesises_nothing(tmp_path: Path, made: list[Path]) -> None:
    """It is half of what a start takes."""
    first = synthesised(tmp_path, made)
    second = synthesised(tmp_path, made)

    assert first == second
    assert first.exists()
    assert len(made) == 1


def test_a_changed_source_is_synthesised_anew(tmp_path: Path, made: list[Path]) -> None:
    """Never deploy what the sources no longer say."""
    first = synthesised(tmp_path, made)
    (tmp_path / "app.py").write_text("two")

    assert synthesised(tmp_path, made) != first
    assert len(made) == 2


def test_another_option_is_another_assembly(tmp_path: Path, made: list[Path]) -> None:
    """As the number that the screen shows."""
    assert synthesised(tmp_path, made, "a") != synthesised(tmp_path, made, "b")


def test_the_local_cloud_itself_is_in_no_bundle(tmp_path: Path, made: list[Path]) -> None:
    """Whoever works on it need not wait for a synthesis."""
    first = synthesised(tmp_path, made)
    (tmp_path / "services" / "tools" / "demo.py").write_text("new")

    assert synthesised(tmp_path, made) == first


def test_a_synthesis_that_fails_leaves_nothing_to_deploy(tmp_path: Path, made: list[Path]) -> None:
    """Half an assembly would deploy half a stack."""

    def fails(folder: Path) -> None:
        folder.mkdir()
        raise ValueError(folder)

    with pytest.raises(ValueError, match="draft"):
        cached_assembly(fails, state=tmp_path)
    assert synthesised(tmp_path, made).exists()
