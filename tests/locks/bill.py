"""Writes the software bill of materials of a release: `python -m tests.locks.bill FILE`.

A CycloneDX document of everything that the locks hold, made without a network. What a deployment or
the command line runs on is `required`; what only builds or checks it is `excluded` ("CycloneDX
v1.6 JSON Reference", scope of a component). Imports the standard library only.
"""

import base64
import json
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final
from urllib.parse import quote

from tests.locks.lockfiles import LOCKS, NPM_FOLDERS, ROOT, pins

_RUN: Final = ("services/requirements.txt", "lambdas/", "infra/requirements.txt")
_HASHES: Final = {"sha1": "SHA-1", "sha256": "SHA-256", "sha512": "SHA-512"}


def bill(root: Path = ROOT) -> dict[str, Any]:
    """Return the document; the same locks give the same document."""
    found: dict[str, dict[str, Any]] = {}
    for component in (*_python_components(root), *_npm_components(root)):
        known = found.setdefault(component["purl"], component)
        if component["scope"] == "required":
            known["scope"] = "required"
    with (root / "pyproject.toml").open("rb") as file:
        project = tomllib.load(file)["project"]
    about = {
        "type": "application",
        "name": project["name"],
        "version": project["version"],
        "licenses": [{"license": {"id": project["license"]}}],
    }
    return {
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "version": 1,
        "metadata": {"component": about},
        "components": [found[purl] for purl in sorted(found)],
    }


def _python_components(root: Path) -> Iterator[dict[str, Any]]:
    for lock in LOCKS:
        for pin in pins(root / lock).values():
            purl = f"pkg:pypi/{pin.name}@{pin.version}"
            yield _component(purl, pin.name, pin.version, runs=lock.startswith(_RUN))


def _npm_components(root: Path) -> Iterator[dict[str, Any]]:
    for folder in NPM_FOLDERS:
        packages = json.loads((root / folder / "package-lock.json").read_text())["packages"]
        for path, package in packages.items():
            if not path:
                continue
            name = path.rpartition("node_modules/")[2]
            purl = f"pkg:npm/{quote(name)}@{package['version']}"
            component = _component(purl, name, package["version"], runs=not package.get("dev"))
            if "integrity" in package:
                component["hashes"] = [_npm_hash(package["integrity"])]
            yield component


def _npm_hash(integrity: str) -> dict[str, str]:
    algorithm, _, digest = integrity.split(maxsplit=1)[0].partition("-")
    return {"alg": _HASHES[algorithm], "content": base64.b64decode(digest).hex()}


def _component(purl: str, name: str, version: str, *, runs: bool) -> dict[str, Any]:
    # A Python package has one hash for each of its archives; CycloneDX asks for one archive's.
    return {
        "type": "library",
        "bom-ref": purl,
        "name": name,
        "version": version,
        "scope": "required" if runs else "excluded",
        "purl": purl,
    }


if __name__ == "__main__":
    Path(sys.argv[1]).write_text(json.dumps(bill(), indent=1) + "\n", encoding="utf-8")
