"""What `make` sets up, when a step is done again, and what is said if one fails.

The tools are stand-ins that write down how they were called.
"""

import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
FILES = (
    "pyproject.toml", "requirements.txt", "services/requirements.txt", "infra/requirements.txt",
    "services/tools/local/set-up-requirements.txt", "services/tools/local/node-requirements.txt", "services/tools/local/emulator-requirements.txt",
    "infra/package.json", "infra/package-lock.json", "dashboard/package.json",
    "docs/requirements.txt", "docs/break-our-count/package.json", "docs/break-our-count/package-lock.json",
    "dashboard/package-lock.json", "dashboard/index.html", "dashboard/src/main.js",
    "dashboard/src/old.js", "dashboard/public/favicon.svg",
)  # fmt: skip
TOOL = """#!/bin/sh
echo "${0##*/} $*" >> "$CALLS"
[ -z "$SLOWLY" ] || sleep 0.05
case "${0##*/} $*" in
  $BROKEN) echo reading; echo "no such index" >&2; exit 3 ;;
  python3\\ -c*|python3\\ -m\\ http*) shift; exec "$PYTHON_PROPER" -c "$@" ;;
  *-m\\ venv*) mkdir -p "$4/bin"; cp "$0" "$4/bin/python"; cp "$0" "$4/bin/uv" ;;
  npm*\\ ci\\ *) mkdir -p "$2/node_modules" ;;
  npm*\\ build) mkdir -p "$2/dist"; echo built > "$2/dist/index.html" ;;
  node\\ -e*) exec "$NODE_PROPER" -e "Object.defineProperty(process, 'versions', {value: {node: '$NODE_VERSION'}}); $2" ;;
esac
"""


class Project:
    """A copy of what the Makefile reads, with stand-ins for the tools."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.calls_file = folder / "calls"
        for name in FILES:
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            (folder / name).write_text("as it was")
        shutil.copy(ROOT / "Makefile", folder)
        (folder / "tools").mkdir()
        for name in ("python3", "npm", "node", "chromium"):
            (folder / "tools" / name).write_text(TOOL)
            (folder / "tools" / name).chmod(0o755)

    def start(self, *steps: str, **environment: str) -> "subprocess.Popen[str]":
        """Run a step of the set-up as the targets do."""
        (self.folder / "sets-up.mk").write_text(
            f"include Makefile\nsets-up:\n\t$(call set_up,{' '.join(steps)})\n"
        )
        return subprocess.Popen(
            ["make", "-s", "-f", "sets-up.mk", "sets-up"],
            cwd=self.folder, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
            env={
                "PATH": f"{self.folder}/tools:/usr/bin:/bin", "CALLS": str(self.calls_file),
                "PYTHON_PROPER": sys.executable, "NODE_PROPER": shutil.which("node") or "node",
                "NODE_VERSION": "22.1.0", "BROKEN": "nothing", **environment,
            },
        )  # fmt: skip

    def set_up(self, *steps: str, **environment: str) -> tuple[str, str]:
        """Wait until it is done; what it says and what it complains of."""
        self.calls_file.unlink(missing_ok=True)
        return self.start(*steps, **environment).communicate(timeout=60)

    def calls(self, *words: str) -> list[str]:
        """The calls that set something up, with these words in them."""
        lines = self.calls_file.read_text().splitlines()
        installs = ("venv", "install", " ci ", "build")
        return [
            line for line in lines
            if " -c " not in line and any(word in line for word in installs)
            and all(word in line for word in words)
        ]  # fmt: skip

    def touch(self, name: str) -> None:
        """Change a file now, to the nanosecond: the system's own times go in steps."""
        now = time.time_ns()
        os.utime(self.folder / name, ns=(now, now))


@pytest.fixture
def project(tmp_path: Path) -> Project:
    """Nothing is set up yet."""
    return Project(tmp_path)


@pytest.fixture(scope="module")
def complete(tmp_path_factory: pytest.TempPathFactory) -> Project:
    """Everything is set up; a test that changes a file sets it up again."""
    made = Project(tmp_path_factory.mktemp("complete"))
    made.set_up("app", "checks")
    return made


def test_a_second_set_up_does_nothing(project: Project) -> None:
    """What is there already is not installed again."""
    first, _ = project.set_up("app", "checks")
    calls = project.calls()
    second, _ = project.set_up("app", "checks")

    assert "setting up: virtual environment" in first
    assert "setting up: AWS emulator" in first
    assert len(calls) == 10
    assert second == ""
    assert project.calls() == []


@pytest.mark.parametrize(
    ("changed", "again"),
    [
        ("requirements.txt", ["requirements.txt"]),
        ("services/requirements.txt", ["services/requirements.txt", "-e .", "-r requirements.txt"]),
        ("services/tools/local/emulator-requirements.txt", ["venv", "emulator-requirements.txt"]),
        ("infra/package-lock.json", ["infra ci"]),
        ("dashboard/package-lock.json", ["dashboard ci", "build"]),
        ("dashboard/src/main.js", ["build"]),
    ],
)
def test_a_step_is_done_again_if_what_it_reads_has_changed(
    complete: Project, changed: str, again: list[str]
) -> None:
    """And what is made from it."""
    complete.touch(changed)
    complete.set_up("app", "checks")
    calls = complete.calls()

    assert len(calls) == len(again)
    assert all(words in call for words, call in zip(again, calls, strict=True))


def test_the_page_is_built_again_without_a_file_that_was_deleted(complete: Project) -> None:
    """The folder has changed."""
    (complete.folder / "dashboard/src/old.js").unlink()
    complete.touch("dashboard/src")
    complete.set_up("app", "checks")

    assert complete.calls() == ["npm --prefix dashboard run build"]


@pytest.mark.parametrize(
    ("version", "enough"),
    [("20.19.0", True), ("22.1.0", True), ("20.18.3", False), ("18.20.4", False)],
)
def test_an_old_node_is_replaced(project: Project, version: str, *, enough: bool) -> None:
    """The dashboard's build tool asks for 20.19."""
    project.set_up("npm", NODE_VERSION=version)

    assert len(project.calls("services/tools/local/node-requirements.txt")) == (0 if enough else 1)


def test_where_uv_cannot_use_the_index_pip_installs(project: Project) -> None:
    """Some registries answer pip only."""
    _, complaints = project.set_up("checks", BROKEN="uv*")

    assert complaints == ""
    assert len(project.calls("python -m pip", "-r requirements.txt")) == 1


def test_a_failed_tool_is_told_with_its_last_lines_and_a_remedy(project: Project) -> None:
    """And the next set-up tries it again."""
    told, complaints = project.set_up("cdk", BROKEN="npm*")
    project.set_up("cdk")

    assert "npm packages of infra … failed" in told
    assert "  | reading\n  | no such index\n" in complaints
    assert "Try the command alone: npm --prefix infra ci" in complaints
    assert len(project.calls("infra ci")) == 1


def test_the_docs_site_needs_neither_the_app_nor_the_emulator(project: Project) -> None:
    """Its own libraries, and the packages of its page."""
    project.set_up("site")

    assert [call.split("/")[-1] for call in project.calls("docs")] == [
        "requirements.txt",
        "break-our-count ci --no-audit --no-fund --loglevel=error --fetch-retry-mintimeout=1000",
    ]
    assert project.calls("services/requirements.txt") == project.calls("emulator") == []


def test_two_set_ups_at_once_do_everything_once(project: Project) -> None:
    """The second waits and finds it done."""
    both = [project.start("app", "checks", SLOWLY="yes") for _ in range(2)]
    told = sorted(one.communicate(timeout=60)[0] for one in both)

    assert [one.returncode for one in both] == [0, 0]
    assert told[0] == ""
    assert len(project.calls()) == 10
