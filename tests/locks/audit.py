"""Checks all locks without a network: `make audit`.

A lock has drifted when its `.in` or package.json file names what it does not hold, or when it holds
what nothing names any more. Imports the standard library only, so it runs before any set-up.
"""

import json
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from tests.locks.lockfiles import (
    EMULATOR,
    EVERYTHING,
    LOCKS,
    NPM_FOLDERS,
    ROOT,
    LockError,
    Pin,
    pins,
    source_of,
    wanted,
)

_REMEDY = "make lock writes the Python locks anew, `npm --prefix FOLDER install` an npm lock"


def problems_of_python(root: Path, lock: str) -> Iterator[str]:
    """Name what is wrong with one compiled requirements file.

    Raises:
        LockError: a line of it or of its `.in` file cannot be read.
    """
    found = pins(root / lock)
    if "://" in (root / lock).read_text(encoding="utf-8"):
        yield f"{lock}: names a registry"
    yield from (f"{lock}: {pin.name} has no hash" for pin in found.values() if not pin.hashes)
    for name, version in wanted(root / source_of(lock)):
        if name not in found or found[name].version != version:
            yield f"{lock}: {source_of(lock)} wants {name}=={version}"
    for pin in found.values():
        for origin in pin.origins:
            if not _still_asks(root, origin, pin, found):
                yield f"{lock}: {pin.name} is there for {origin}, which does not ask for it"
        if all(origin.startswith("-c ") for origin in pin.origins):
            yield f"{lock}: nothing asks for {pin.name}"


def _still_asks(root: Path, origin: str, pin: Pin, found: Mapping[str, Pin]) -> bool:
    if origin.startswith("-c "):
        return True
    if origin.startswith("-r "):
        file = root / origin.removeprefix("-r ")
        return file.exists() and pin.name in dict(wanted(file))
    return origin in found


def problems_between(root: Path, lock: str) -> Iterator[str]:
    """Name the packages of a lock that differ from those of the lock of everything.

    Raises:
        LockError: a line of either file cannot be read.
    """
    everything = pins(root / EVERYTHING)
    for pin in pins(root / lock).values():
        same = everything.get(pin.name, pin)
        if (pin.version, pin.hashes) != (same.version, same.hashes):
            yield f"{lock}: {pin.name} {pin.version} is {same.version} in {EVERYTHING}"


def problems_of_npm(root: Path, folder: str) -> Iterator[str]:
    """Name what is wrong with one package-lock.json."""
    lock = f"{folder}/package-lock.json"
    wanted_here = _json(root / folder / "package.json")
    packages = _json(root / lock)["packages"]
    for kind in ("dependencies", "devDependencies"):
        if wanted_here.get(kind, {}) != packages[""].get(kind, {}):
            yield f"{lock}: its {kind} are not those of package.json"
    for name, package in packages.items():
        if name and not (package.get("integrity") or package.get("inBundle")):
            yield f"{lock}: {name} has no hash"
        if "resolved" in package:
            yield f"{lock}: {name} names a registry (npm's --omit-lockfile-registry-resolved)"


def _json(file: Path) -> dict[str, Any]:
    document: dict[str, Any] = json.loads(file.read_text(encoding="utf-8"))
    return document


def problems(root: Path = ROOT) -> list[str]:
    """Name everything that is wrong with the locks; empty if they are as they should be."""
    found: list[str] = []
    for lock in LOCKS:
        try:
            found += problems_of_python(root, lock)
            if lock != EMULATOR:
                found += problems_between(root, lock)
        except LockError as error:
            found.append(str(error))
    for folder in NPM_FOLDERS:
        found += problems_of_npm(root, folder)
    return found


if __name__ == "__main__":
    if found := problems():
        sys.exit("\n".join([*found, _REMEDY]))
    print(f"{len(LOCKS)} Python locks and {len(NPM_FOLDERS)} npm locks are in order")  # noqa: T201
