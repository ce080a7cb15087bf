"""What goes into a Lambda bundle: the only place that says so.

A bundle is the function's own package, the parts of `services` it runs on, and its pinned
requirements as wheels for the machine it will run on. pip builds it, without Docker, into a
folder named after everything that went into it: what has not changed is not built again.
Imports the standard library only.
"""

import hashlib
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterable, Iterator
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
        wheels = self._wheels(function)

        def fill(folder: Path) -> None:
            shutil.copytree(wheels, folder, dirs_exist_ok=True)
            for source in sources(function):
                target = folder / source.relative_to(ROOT)
                target.parent.mkdir(parents=True, exist_ok=True)
                shutil.copyfile(source, target)

        return self._once(f"{function}-{_digest(sources(function), wheels.name)}", fill)

    def _wheels(self, function: FunctionName) -> Path:
        requirements = ROOT / "lambdas" / function / "requirements.txt"
        machine = f"{self.config.python_version} {self.config.wheel_platform} {self.complete}"

        def fill(folder: Path) -> None:
            if self.complete:
                self._install(function, requirements, folder)

        name = f"wheels-{_digest((requirements, _CONSTRAINTS), machine)}"
        return self._once(name, fill)

    def _once(self, name: str, fill: Callable[[Path], None]) -> Path:
        """A folder of that name, filled in full or not there at all."""
        wanted = self.folder / name
        if not wanted.exists():
            self.folder.mkdir(parents=True, exist_ok=True)
            with tempfile.TemporaryDirectory(dir=self.folder, prefix="unfinished-") as scratch:
                filled = Path(scratch) / name
                filled.mkdir()
                fill(filled)
                if not wanted.exists():  # another synth may have been faster
                    filled.rename(wanted)
        return wanted

    def _install(self, function: FunctionName, requirements: Path, target: Path) -> None:
        print(f"Installing the packages of the {function} function ...", file=sys.stderr)  # noqa: T201
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
    yield from (ROOT / name for name in _ALWAYS)
    for name in CONTENTS[function]:
        yield from sorted((ROOT / name).rglob("*.py"))


def _digest(files: Iterable[Path], *more: str) -> str:
    digest = hashlib.sha256("\n".join(more).encode())
    for file in files:
        digest.update(f"\n{file.relative_to(ROOT)}\n".encode())
        digest.update(file.read_bytes())
    return digest.hexdigest()[:16]


def _remedy(function: FunctionName, problem: str) -> str:
    return (
        f"Could not bundle the {function} function: pip could not install "
        f"lambdas/{function}/requirements.txt.\n{problem}\n"
        "Check that this machine reaches a package index (pip config list shows which), "
        "then run the same command again."
    )
