"""Every input of a bundle, an image or the page changes the name of its folder."""

import subprocess
from pathlib import Path
from typing import Any

import pytest

from infra import bundle_contents, packaging
from tests.infra.conftest import packager


@pytest.fixture
def checkout(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A small project to change, in the place of this one."""
    root = tmp_path / "checkout"
    for name in (
        "services/__init__.py", "services/settings.py", "services/voting/fold.py",
        "services/tools/operations/export_formats.py", "services/webhook/Dockerfile", "services/requirements.txt",
        "lambdas/__init__.py", "lambdas/aggregator/handler.py",
        "lambdas/aggregator/requirements.txt",
        "dashboard/index.html", "dashboard/src/main.js", "dashboard/public/favicon.svg",
    ):  # fmt: skip
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text("as it was")
    for module in (bundle_contents, packaging):
        monkeypatch.setattr(module, "ROOT", root)
    container = root / "services" / "requirements.txt"
    monkeypatch.setattr(packaging, "_CONTAINER_REQUIREMENTS", container)
    return root


@pytest.mark.parametrize(
    "changed",
    [
        "services/settings.py", "services/voting/fold.py", "lambdas/aggregator/handler.py",
        "lambdas/aggregator/requirements.txt",
    ],
)  # fmt: skip
def test_whatever_goes_into_a_bundle_makes_a_new_one(
    tmp_path: Path, checkout: Path, pip: list[list[str]], changed: str
) -> None:
    """Otherwise a deploy would upload the old bundle."""
    before = packager(tmp_path, complete=True).bundle("aggregator")
    (checkout / changed).write_text("mended")
    after = packager(tmp_path, complete=True).bundle("aggregator")

    assert before != after
    assert len(pip) == 1 + changed.endswith(".txt")


@pytest.mark.parametrize(
    "changed",
    ["services/voting/fold.py", "services/webhook/Dockerfile", "services/requirements.txt"],
)
def test_whatever_goes_into_the_image_makes_a_new_one(
    tmp_path: Path, checkout: Path, changed: str
) -> None:
    """The folder holds the Dockerfile at its top, and no function."""
    before = packager(tmp_path).container()
    (checkout / changed).write_text("mended")
    after = packager(tmp_path).container()

    assert before != after
    assert (after / "Dockerfile").exists()
    assert not (after / "lambdas").exists()


@pytest.mark.parametrize(
    "changed",
    ["dashboard/index.html", "dashboard/src/main.js", "dashboard/public/favicon.svg"],
)
def test_whatever_goes_into_the_page_makes_a_new_one(
    tmp_path: Path, checkout: Path, changed: str
) -> None:
    """Otherwise a deploy would upload the old page."""
    before = packager(tmp_path).site()
    (checkout / changed).write_text("mended")

    assert packager(tmp_path).site() != before


def test_the_page_is_uploaded_without_the_settings_of_this_machine(
    tmp_path: Path, checkout: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """They name a local table; the deploy writes its own."""
    (checkout / "dashboard" / "node_modules").mkdir()

    def build(command: list[str], **_: Any) -> subprocess.CompletedProcess[str]:
        folder = Path(command[command.index("--outDir") + 1])
        (folder / "index.html").touch()
        (folder / "config.json").touch()
        return subprocess.CompletedProcess(command, 0, "", "")

    monkeypatch.setattr(subprocess, "run", build)

    site = packager(tmp_path, complete=True).site()

    assert [file.name for file in site.iterdir()] == ["index.html"]
