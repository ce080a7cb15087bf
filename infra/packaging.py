"""What goes into a Lambda bundle: the only place that says so.

A bundle is the function's own package, the parts of `services` it runs on, and its pinned
requirements as wheels for the machine it will run on. pip builds it, without Docker, into a
folder named after everything that went into it: what has not changed is not built again.
The dashboard is built in the same way, by npm.
Imports the standard library only.
"""

import hashlib
import os
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
    "webhook": (
        "services/webhook",
        "services/adapters",
        "services/polls",
        "services/voting",
        "lambdas/webhook",
    ),
    "aggregator": ("services/adapters", "services/voting", "lambdas/aggregator"),
    "polls": ("services/adapters", "services/polls", "services/voting", "lambdas/polls"),
}
_ALWAYS: Final = ("services/__init__.py", "services/settings.py", "lambdas/__init__.py")
_CONSTRAINTS: Final = ROOT / "infra" / "constraints.txt"
_CONTAINER_REQUIREMENTS: Final = (ROOT / "services" / "requirements.txt", _CONSTRAINTS)
_SECONDS: Final = 300


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
            # Linked, not copied: a bundle a change would soon fill the disk.
            shutil.copytree(wheels, folder, dirs_exist_ok=True, copy_function=os.link)
            _copy(sources(function), folder)

        return self._once(f"{function}-{_digest(sources(function), wheels.name)}", fill)

    def container(self) -> Path:
        """Folder that Docker builds the webhook's image from, at deploy."""
        files = [ROOT / "services" / "webhook" / "Dockerfile", *_CONTAINER_REQUIREMENTS]
        files += [file for file in sources("webhook") if "lambdas" not in file.parts]

        def fill(folder: Path) -> None:
            _copy(files, folder)
            (folder / "services" / "webhook" / "Dockerfile").rename(folder / "Dockerfile")

        return self._once(f"container-{_digest(files)}", fill)

    def site(self) -> Path:
        """Folder with the dashboard as it is uploaded, built now unless it is there already.

        Without `config.json`: the one for this deployment is written by the deploy.

        Raises:
            PackagingError: npm failed; its last words are in the text.
        """
        dashboard = ROOT / "dashboard"

        def fill(folder: Path) -> None:
            if not self.complete:
                (folder / "index.html").touch()
                return
            if not (dashboard / "node_modules").exists():
                _run(["npm", "ci", "--no-audit", "--no-fund"], "the dashboard", cwd=dashboard)
            _run(
                ["npm", "run", "build", "--", "--outDir", str(folder)],
                "the dashboard",
                cwd=dashboard,
            )
            (folder / "config.json").unlink()

        files = [file for file in sorted(dashboard.glob("*")) if file.is_file()]
        for name in ("src", "public"):
            files += [file for file in sorted((dashboard / name).rglob("*")) if file.is_file()]
        return self._once(f"site-{_digest(files, str(self.complete))}", fill)

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
        command = [
            *(sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check"),
            *("--no-compile", "--only-binary=:all:", "--target", str(target)),
            *("--requirement", str(requirements), "--constraint", str(_CONSTRAINTS)),
            *self._platform(),
        ]
        _run(command, f"the {function} function", cwd=ROOT)

    def _platform(self) -> list[str]:
        if self.config.wheel_platform is None:
            return []
        version = self.config.python_version
        # pip takes a platform by its exact name, and newer wheels carry the newer one.
        newer = self.config.wheel_platform.replace("manylinux2014", "manylinux_2_28")
        platforms = ["--platform", self.config.wheel_platform, "--platform", newer]
        return [*platforms, "--python-version", version]


def sources(function: FunctionName) -> Iterator[Path]:
    """Our own files in a bundle, in a stable order."""
    yield from (ROOT / name for name in _ALWAYS)
    for name in CONTENTS[function]:
        yield from sorted((ROOT / name).rglob("*.py"))


def _copy(files: Iterable[Path], folder: Path) -> None:
    for file in files:
        target = folder / file.relative_to(ROOT)
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(file, target)


def _digest(files: Iterable[Path], *more: str) -> str:
    digest = hashlib.sha256("\n".join(more).encode())
    for file in files:
        digest.update(f"\n{file.relative_to(ROOT)}\n".encode())
        digest.update(file.read_bytes())
    return digest.hexdigest()[:16]


def _run(command: list[str], what: str, *, cwd: Path) -> None:
    print(f"Building {what} (once, until it changes) ...", file=sys.stderr)  # noqa: T201
    try:
        done = subprocess.run(  # noqa: S603 - fixed commands
            command, cwd=cwd, capture_output=True, text=True, timeout=_SECONDS, check=False
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise PackagingError(_remedy(what, command, str(error))) from None
    if done.returncode != 0:
        raise PackagingError(_remedy(what, command, (done.stderr or done.stdout).strip()))


def _remedy(what: str, command: list[str], problem: str) -> str:
    return (
        f"Could not build {what}: this command failed:\n  {' '.join(command)}\n"
        f"{problem[-1500:]}\n"
        "Check that this machine reaches the package index that its pip and npm are set up "
        "for, then run the same command again."
    )
