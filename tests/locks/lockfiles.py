"""Which requirements files there are, and how a compiled one is read.

People write the short `.in` files. `make lock` compiles each to the `.txt` file beside it, with
every dependency of a dependency and the hashes of their archives.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).parents[2]
EVERYTHING: Final = "requirements.txt"
EMULATOR: Final = "services/tools/local/emulator-requirements.txt"
LOCKS: Final = (
    EVERYTHING,
    "docs/requirements.txt",
    "infra/requirements.txt",
    "lambdas/aggregator/requirements.txt",
    "lambdas/canary/requirements.txt",
    "lambdas/merger/requirements.txt",
    "lambdas/polls/requirements.txt",
    "lambdas/reader/requirements.txt",
    "lambdas/reconciler/requirements.txt",
    "lambdas/replayer/requirements.txt",
    "lambdas/webhook/requirements.txt",
    "services/requirements.txt",
    EMULATOR,
    "services/tools/local/node-requirements.txt",
    "services/tools/local/set-up-requirements.txt",
    "tests/mutants/requirements.txt",
)
"""The first is compiled first: all others but the emulator's take their versions from it."""
NPM_FOLDERS: Final = ("dashboard", "docs/break-our-count", "infra", "tests/mutants/page")

_PIN: Final = re.compile(r"([A-Za-z0-9._-]+)(?:\[[^]]*\])?==([^\s;]+)(?: ; .+?)?( \\)?")
_HASH: Final = re.compile(r" {4}--hash=(sha256:[0-9a-f]{64})(?: \\)?")
_ORIGIN: Final = re.compile(r" {4}#(?: via)? +(?!via$)(\S.*)")


class LockError(Exception):
    """A line of a requirements file cannot be read; the message names the file and the line."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Pin:
    """One package of a lock: its version, its archives, and who asked for it."""

    name: str
    version: str
    hashes: frozenset[str]
    origins: tuple[str, ...]
    """Names of packages, or `-r` and the file that names this one."""


def source_of(lock: str) -> str:
    """Return the path of the file that a lock is compiled from."""
    return lock.removesuffix(".txt") + ".in"


def wanted(source: Path) -> Iterator[tuple[str, str]]:
    """Yield the name and the version of each line of an `.in` file and of those it includes.

    Raises:
        LockError: a line does not pin exactly one version.
    """
    for line in source.read_text(encoding="utf-8").splitlines():
        text = line.partition("#")[0].strip()
        if text.startswith("-r "):
            yield from wanted(source.parent / text.removeprefix("-r "))
        elif text:
            pin = re.fullmatch(r"([A-Za-z0-9._-]+)(?:\[[^]]*\])?==([^\s;]+)(?: *;.+)?", text)
            if not pin:
                raise LockError(f"{source}: {text!r} does not pin one version, as name==1.2.3 does")
            yield canonical(pin[1]), pin[2]


def pins(lock: Path) -> dict[str, Pin]:
    """Read a compiled file; the keys are the packages' canonical names.

    Raises:
        LockError: a line is neither a pin, nor a hash, nor says who asked for it.
    """
    found: dict[str, Pin] = {}
    name, version, hashes, origins = "", "", set[str](), list[str]()
    for line in [*lock.read_text(encoding="utf-8").splitlines(), None]:
        pin = _PIN.fullmatch(line) if line else None
        if (pin or line is None) and name:
            found[name] = Pin(
                name=name, version=version, hashes=frozenset(hashes), origins=tuple(origins)
            )
            hashes, origins = set(), []
        if pin:
            name, version = canonical(pin[1]), pin[2]
        elif line and (digest := _HASH.fullmatch(line)):
            hashes.add(digest[1])
        elif line and (origin := _ORIGIN.fullmatch(line)):
            origins.append(origin[1])
        elif line and not re.fullmatch(r"#.*| {4}# via", line):
            raise LockError(f"{lock}: cannot be read: {line!r}; make lock writes it anew")
    return found


def canonical(name: str) -> str:
    """Write a package's name as the index does: small letters and single hyphens."""
    return re.sub(r"[-_.]+", "-", name).lower()
