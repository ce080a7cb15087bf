"""Bundles: their content, when they are built again, and errors of a build."""

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from infra.bundle_contents import CONTENTS, FunctionName
from infra.packaging import PackagingError
from tests.infra.conftest import packager


@pytest.mark.parametrize("function", CONTENTS)
def test_a_bundle_holds_its_handler_and_no_other_function(
    tmp_path: Path, function: FunctionName
) -> None:
    """It contains no tests, no caches and no tools."""
    bundle = packager(tmp_path).bundle(function)

    files = {str(file.relative_to(bundle)) for file in bundle.rglob("*") if file.is_file()}
    assert f"lambdas/{function}/handler.py" in files
    assert "services/settings.py" in files
    assert {name.split("/")[1] for name in files if name.startswith("lambdas/")} == {
        "__init__.py",
        function,
    }
    assert all(name.endswith(".py") for name in files)
    assert not any(name.startswith(("services/tools/local", "services/cli")) for name in files)


def test_the_wheels_are_those_of_the_machine_that_will_run_them(
    tmp_path: Path, pip: list[list[str]]
) -> None:
    """Lambda's processor in production, this machine's under the emulator."""
    packager(tmp_path, "prod", complete=True).bundle("aggregator")
    packager(tmp_path, "local", complete=True).bundle("aggregator")

    deployed, local = pip
    assert deployed[deployed.index("--platform") + 1] == "manylinux2014_aarch64"
    assert deployed[deployed.index("--python-version") + 1] == "3.14"
    assert "--platform" not in local
    assert all("--only-binary=:all:" in command for command in pip)


def test_where_uv_fails_pip_builds_the_wheels_of_this_machine(
    tmp_path: Path, pip: list[list[str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    """From nothing: whatever uv has left is not in the bundle."""
    there = subprocess.run

    def run(command: list[str], **options: Any) -> subprocess.CompletedProcess[str]:
        done = there(command, **options)
        if Path(command[0]).name == "uv":
            target = Path(command[command.index("--target") + 1])
            (target / "half.py").touch()
            return subprocess.CompletedProcess(command, 2, "", "")
        return done

    monkeypatch.setattr(subprocess, "run", run)
    monkeypatch.setattr(sys, "executable", str(tmp_path / "python"))
    (tmp_path / "uv").touch()
    bundle = packager(tmp_path / "bundles", "local", complete=True).bundle("aggregator")

    assert [Path(command[0]).name for command in pip] == ["uv", "python"]
    assert [command[command.index("--target") + 1] for command in pip] == [pip[0][-4]] * 2
    assert (bundle / "wheel.py").exists()
    assert not (bundle / "half.py").exists()


def test_an_unchanged_bundle_is_built_once(tmp_path: Path, pip: list[list[str]]) -> None:
    """A second deploy needs no network."""
    first = packager(tmp_path, complete=True).bundle("webhook")
    second = packager(tmp_path, complete=True).bundle("webhook")

    assert first == second
    assert len(pip) == 1


def test_a_change_of_our_code_makes_a_new_bundle_from_the_same_wheels(
    tmp_path: Path, pip: list[list[str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The folder is named by a hash of its inputs, so an old bundle is never reused."""
    before = packager(tmp_path, complete=True).bundle("aggregator")
    monkeypatch.setitem(CONTENTS, "aggregator", ("services/voting", "lambdas/aggregator"))
    after = packager(tmp_path, complete=True).bundle("aggregator")

    assert before != after
    assert (after / "wheel.py").exists()
    assert len(pip) == 1


def test_a_bundle_that_cannot_be_built_says_why_and_leaves_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A half-filled folder would be deployed the next time."""

    def run(command: list[str], **_: Any) -> subprocess.CompletedProcess[str]:
        return subprocess.CompletedProcess(command, 1, "", "ERROR: No matching distribution")

    monkeypatch.setattr(subprocess, "run", run)

    with pytest.raises(PackagingError) as failure:
        packager(tmp_path, complete=True).bundle("webhook")

    assert "webhook" in str(failure.value)
    assert "pip install" in str(failure.value)
    assert "No matching distribution" in str(failure.value)
    assert "package index" in str(failure.value)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("function", CONTENTS)
def test_a_handler_imports_nothing_that_its_bundle_lacks(
    tmp_path: Path, function: FunctionName
) -> None:
    """A missing dependency would otherwise fail at the first invocation."""
    bundle = packager(tmp_path).bundle(function)
    allowed = {
        "webhook": "fastapi httptools mangum twilio boto3 botocore",
        "aggregator": "aws_lambda_powertools boto3 botocore",
        "polls": "boto3 botocore",
        "replayer": "httptools twilio boto3 botocore",
        "reconciler": "rapidfuzz twilio boto3 botocore",
        "canary": "boto3 botocore",
        "merger": "boto3 botocore",
        "reader": "boto3 botocore",
    }
    program = f"""
import sys
known = set("aiohttp fastapi httptools mangum twilio aws_lambda_powertools boto3 botocore".split())
class Absent:
    def find_spec(self, name, path=None, target=None):
        if name.split(".")[0] in known - set({allowed[function]!r}.split()):
            raise ModuleNotFoundError(f"the bundle has no {{name}}")
sys.meta_path.insert(0, Absent())
sys.path.insert(0, {str(bundle)!r})
import lambdas.{function}.handler
if {function!r} == "polls":
    import lambdas.polls.resources
"""
    environment = {
        "VOTES_TABLE": "v",
        "AGGREGATES_TABLE": "a",
        "POLLS_TABLE": "p",
        "SECRET_ARN": "arn",
    }

    done = subprocess.run(
        [sys.executable, "-c", program],
        env=environment,
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )

    assert done.returncode == 0, done.stderr
