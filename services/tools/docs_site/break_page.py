"""Gathers the page "Break our count": its own files, Pyodide, and VoteApp's Python."""

import json
import shutil
from collections.abc import Iterable
from hashlib import sha256
from pathlib import Path
from typing import Final

from services.tools.docs_site.python_archive import write_archive
from services.tools.replay.faults import MEANING, Fault
from services.tools.replay.generate import make_scenario

FOLDER: Final = "docs/break-our-count"
_OWN: Final = (
    "index.html", "page.js", "view.js", "download.js", "worker.js", "sw.js", "style.css",
)  # fmt: skip
_PYODIDE: Final = (
    "pyodide.mjs", "pyodide.asm.mjs", "pyodide.asm.wasm", "pyodide-lock.json", "python_stdlib.zip",
)  # fmt: skip
_FONT: Final = "@fontsource-variable/inter/files/inter-latin-wght-normal.woff2"
_OF_TEXTS: Final = (
    Fault.TWICE, Fault.CONCURRENT, Fault.STALE_TEXT, Fault.LANDED, Fault.SAME_CHOICE,
)  # fmt: skip


class NotInstalledError(Exception):
    """The npm packages of the page are missing."""


def gather_break_page(root: Path, folder: Path) -> None:
    """Write the page to a new folder.

    Raises:
        NotInstalledError: the npm packages of the page are missing.
    """
    packages = root / FOLDER / "node_modules"
    if not (packages / "pyodide").is_dir():
        raise NotInstalledError(f"Pyodide is missing: npm --prefix {FOLDER} ci, or make docs")
    (folder / "pyodide").mkdir(parents=True)
    for name in _OWN:
        shutil.copyfile(root / FOLDER / name, folder / name)
    for name in _PYODIDE:
        shutil.copyfile(packages / "pyodide" / name, folder / "pyodide" / name)
    shutil.copyfile(packages / _FONT, folder / "inter.woff2")
    shutil.copyfile(root / "dashboard/public/favicon.svg", folder / "favicon.svg")
    tokens = (root / "dashboard/src/tokens.css").read_text(encoding="utf-8")
    rules = [line for line in tokens.splitlines(keepends=True) if not line.startswith("@import")]
    (folder / "tokens.css").write_text("".join(rules), encoding="utf-8")
    (folder / "evening.json").write_text(json.dumps(_labels()), encoding="utf-8")
    write_archive(root, folder / "voteapp.zip")
    (folder / "files.json").write_text(json.dumps(_manifest(folder)), encoding="utf-8")


def _labels() -> dict[str, object]:
    """What the page shows before it has loaded Python."""

    def group(title: str, faults: Iterable[Fault]) -> dict[str, object]:
        described = [{"name": fault, "meaning": MEANING[fault]} for fault in faults]
        return {"title": title, "faults": described}

    polls = {
        poll.id: {
            "question": poll.question,
            "choices": {choice.key: choice.label for choice in poll.choices},
        }
        for poll in make_scenario(voters=1, minutes=1, seed=1).polls
    }
    others = [fault for fault in MEANING if fault not in _OF_TEXTS]
    groups = [
        group("Texts on their way to the webhook", _OF_TEXTS),
        group("The stream of ballots, and the function that counts it", others),
    ]
    return {"groups": groups, "polls": polls}


def _manifest(folder: Path) -> dict[str, object]:
    """List the files with their sizes, and a digest that changes with any of them."""
    digest = sha256()
    files = []
    for file in sorted(path for path in folder.rglob("*") if path.is_file()):
        content = file.read_bytes()
        path = file.relative_to(folder).as_posix()
        digest.update(f"{path} {len(content)} ".encode() + content)
        files.append({"path": path, "bytes": len(content)})
    total = sum(len(file.read_bytes()) for file in folder.rglob("*") if file.is_file())
    return {"digest": digest.hexdigest()[:16], "bytes": total, "files": files}
