"""What goes into a Lambda bundle: the only place that says so.

A bundle is the function's own package, the parts of `services` it runs on, and its pinned
requirements as wheels for the machine it will run on. It is built by pip, without Docker,
into a folder named after everything that went into it, so an unchanged bundle is built
once. Imports the standard library only.
"""

import hashlib
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal

from infra.config import StageConfig

FunctionName = Literal["webhook", "aggregator", "polls"]

ROOT: Final = Path(__file__).parent.parent
CONTENTS: Final[dict[FunctionName, tuple[str, ...]]] = {
    "webhook": ("services/webhook", "services/adapters", "services/voting", "lambdas/webhook"),
    "aggregator": ("services/adapters", "services/voting", "lambdas/aggregator"),
    "polls": ("services/adapters", "services/voting", "lambdas/polls"),
}
_ALWAYS: Final = ("services/__init__.py", "services/settings.py", "lambdas/__init__.py")
_CONSTRAINTS: Final = ROOT / "infra" / "constraints.txt"
_PIP_SECONDS: Final = 300


class PackagingError(Exception):
    """A bundle could not be built; the text says what to do."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Packager:
    """Builds bundles for a stage. Where nothing will be uploaded, the sources are enough."""

    config: StageConfig
    complete: bool = True
    folder: Path = ROOT / "cdk.out" / "bundles"

    def bundle(self, function: FunctionName) -> Path:
        """Folder with the bundle of a function, built now unless it is there already.

        Raises:
            PackagingError: pip failed; its last words are in the text.
        """
        requirements = ROOT / "lambdas" / function / "requirements.txt"
        bundle = self.folder / f"{function}-{self._key(function, requirements)}"
        if not bundle.exists():
            unfinished = bundle.with_suffix(".unfinished")
            shutil.rmtree(unfinished, ignore_errors=True)
            unfinished.mkdir(parents=True)
            if self.complete:
                self._install(function, requirements, unfinished)
            for source in sources(function):
                target = unfinished / source.relative_to(ROOT)
                target.parent.mkdir(parents=True, exist_ok=True)
                shutil.copyfile(source, target)
            unfinished.rename(bundle)
        return bundle

    def _key(self, function: FunctionName, requirements: Path) -> str:
        target = (self.config.python_version, str(self.config.wheel_platform), str(self.complete))
        digest = hashlib.sha256("\n".join(target).encode())
        for source in (requirements, _CONSTRAINTS, *sources(function)):
            digest.update(f"\n{source.relative_to(ROOT)}\n".encode())
            digest.update(source.read_bytes())
        return digest.hexdigest()[:16]

    def _install(self, function: FunctionName, requirements: Path, target: Path) -> None:
        print(f"Bundling the {function} function (once, until it changes) ...", file=sys.stderr)  # noqa: T201
        command = [
            *(sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check"),
            *("--no-compile", "--only-binary=:all:", "--target", str(target)),
            *("--requirement", str(requirements), "--constraint", str(_CONSTRAINTS)),
            *self._platform(),
        ]
        try:
            done = subprocess.run(  # noqa: S603 - a fixed command
                command, capture_output=True, text=True, timeout=_PIP_SECONDS, check=False
            )
        except subprocess.TimeoutExpired:
            raise PackagingError(_remedy(function, f"pip took over {_PIP_SECONDS} s")) from None
        if done.returncode != 0:
            raise PackagingError(_remedy(function, done.stderr.strip()[-1500:]))

    def _platform(self) -> list[str]:
        if self.config.wheel_platform is None:
            return []
        version = self.config.python_version
        return ["--platform", self.config.wheel_platform, "--python-version", version]


def sources(function: FunctionName) -> Iterator[Path]:
    """Our own files in a bundle, in a stable order."""
    yield from (file for name in _ALWAYS if (file := ROOT / name).exists())
    for name in CONTENTS[function]:
        yield from sorted((ROOT / name).rglob("*.py"))


def _remedy(function: FunctionName, problem: str) -> str:
    return (
        f"Could not bundle the {function} function: pip could not install "
        f"lambdas/{function}/requirements.txt.\n{problem}\n"
        "Check that this machine reaches a package index (pip config list shows which), "
        "then run the same command again."
    )
