"""Fills the folder of a release: `python -m tests.locks.release v1.2.3 FOLDER`.

The archive is what git has at this commit; beside it are the bill of materials and the section of
the changelog. Refuses a tag that is not the version of the project.
"""

import json
import re
import subprocess
import sys
import tomllib
from pathlib import Path

from tests.locks.bill import bill
from tests.locks.lockfiles import ROOT


def changes_of(version: str, changelog: str) -> str:
    """Return the section of a version, without its heading; empty if there is none."""
    pattern = rf"^## \[{re.escape(version)}\].*\n((?:(?!^## ).*\n?)*)"
    section = re.search(pattern, changelog, re.MULTILINE)
    return section[1].strip() if section else ""


def check(tag: str, version: str, changelog: str) -> str:
    """Say what keeps a tag from being released; empty if nothing does."""
    if tag != f"v{version}":
        return f"the tag is {tag}, the version in pyproject.toml {version}: it must be v{version}"
    if not changes_of(version, changelog):
        return f"CHANGELOG.md has no section ## [{version}], or an empty one"
    return ""


def main(tag: str, folder: Path) -> None:
    """Write the three files, or exit with what is wrong."""
    version = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["version"]
    changelog = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
    if wrong := check(tag, version, changelog):
        sys.exit(wrong)
    folder.mkdir(parents=True, exist_ok=True)
    name = f"voteapp-{version}"
    archive = ["git", "archive", "--format=tar.gz", f"--prefix={name}/"]
    target = (folder / f"{name}.tar.gz").resolve()
    subprocess.run([*archive, f"--output={target}", "HEAD"], cwd=ROOT, check=True)
    (folder / "voteapp.cdx.json").write_text(json.dumps(bill(), indent=1) + "\n")
    (folder / "notes.md").write_text(changes_of(version, changelog) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]))
