"""The compiled files of a bundle: for the functions' Python, or none and a sentence that says so."""

import importlib.util
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from infra import packaging
from infra.bundle_contents import ROOT
from tests.infra.conftest import packager

UNCHECKED_HASH = b"\x01\x00\x00\x00"
"""PEP 552: the flags after the magic number."""


@pytest.fixture
def wheels(monkeypatch: pytest.MonkeyPatch) -> None:
    """In place of pip's: one module, and one that nothing imports."""
    run = subprocess.run

    def install(command: list[str], **options: Any) -> Any:
        if "--target" not in command:
            return run(command, **options)
        target = Path(command[command.index("--target") + 1])
        for name in ("library.py", "twilio/rest/client.py"):
            (target / name).parent.mkdir(parents=True, exist_ok=True)
            (target / name).write_text("x = 1")
        return subprocess.CompletedProcess(command, 0, "", "")

    monkeypatch.setattr(subprocess, "run", install)


def compiled(bundle: Path) -> dict[str, bytes]:
    """The compiled file of each module, by the module's path."""
    found = {}
    for file in bundle.rglob("*.py"):
        cache = Path(importlib.util.cache_from_source(str(file)))
        if cache.exists():
            found[str(file.relative_to(bundle))] = cache.read_bytes()
    return found


@pytest.mark.usefixtures("wheels")
def test_every_module_that_a_function_imports_is_compiled_for_its_python(tmp_path: Path) -> None:
    """By content: an archive changes the times of its files."""
    bundle = packager(tmp_path, "local", complete=True).bundle("aggregator")
    files = compiled(bundle)

    assert set(files) == {
        str(file.relative_to(bundle)) for file in bundle.rglob("*.py") if "rest" not in file.parts
    }
    assert {content[4:8] for content in files.values()} == {UNCHECKED_HASH}
    assert {content[:4] for content in files.values()} == {importlib.util.MAGIC_NUMBER}


@pytest.mark.usefixtures("wheels")
def test_without_that_python_nothing_is_compiled_and_a_sentence_says_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Files of another version would be ignored; the deploy goes on."""
    monkeypatch.setattr(packaging, "_python", lambda _: None)
    bundle = packager(tmp_path, "prod", complete=True).bundle("aggregator")

    assert (bundle / "library.py").exists()
    assert compiled(bundle) == {}
    assert "Python 3.14 is not on this machine" in capsys.readouterr().err


@pytest.mark.usefixtures("wheels")
def test_a_python_that_was_installed_since_makes_a_new_bundle(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Or the slow one would be deployed for good."""
    monkeypatch.setattr(packaging, "_python", lambda _: None)
    before = packager(tmp_path, "prod", complete=True).bundle("aggregator")
    monkeypatch.setattr(packaging, "_python", lambda _: sys.executable)
    after = packager(tmp_path, "prod", complete=True).bundle("aggregator")

    assert before != after
    assert "library.py" in compiled(after)


def test_a_launcher_without_an_interpreter_is_no_python(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Version managers put one into the path for versions that are not active."""
    launcher = tmp_path / "python3.99"
    launcher.write_text("#!/bin/sh\necho not active >&2; exit 127")
    launcher.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path), prepend=":")
    version = ".".join(map(str, sys.version_info[:2]))

    assert packaging._python("3.99") is None
    assert packaging._python(version) == sys.executable


def test_the_image_compiles_what_its_user_cannot() -> None:
    """The libraries are compiled by pip."""
    dockerfile = (ROOT / "services" / "webhook" / "Dockerfile").read_text()
    steps = re.findall(
        r"^(?:COPY services services|RUN python -m compileall.*|USER .*)$", dockerfile, re.MULTILINE
    )

    assert [step.split()[0] for step in steps] == ["COPY", "RUN", "USER"]
    assert steps[1].endswith("--invalidation-mode unchecked-hash services")
