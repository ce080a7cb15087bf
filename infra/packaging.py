"""Builds Lambda bundles, the webhook's Docker context and the dashboard.

A bundle is what `bundle_contents.py` lists, and the function's locked requirements as wheels for
the machine it will run on. pip builds it, without Docker, into a folder named by a hash of its
inputs, so unchanged bundles are not built again. npm builds the dashboard in the same way.

A Lambda function cannot write beside its code, so without compiled files every cold start
compiles each module that it imports. Compiled files are of one version of Python alone.
"""

import hashlib
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Final

from infra.bundle_contents import ROOT, FunctionName, sources
from infra.config import StageConfig

_CONTAINER_REQUIREMENTS: Final = ROOT / "services" / "requirements.txt"
_TIMEOUT_SECONDS: Final = 300
_COMPILE: Final = (
    *("-m", "compileall", "-q", "-j", "0", "--invalidation-mode", "unchecked-hash"),
    *("-x", "twilio/rest"),
)
"""Valid at any time of the source, because archives change times. Twilio's REST client is four
fifths of the webhook's modules, and nothing imports it."""


class PackagingError(Exception):
    """A bundle could not be built; the message names the command and the remedy."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Packager:
    """Builds bundles for a stage; unless `complete`, without wheels and npm build.

    Incomplete bundles need no network and suffice where nothing is uploaded.
    """

    config: StageConfig
    complete: bool = True
    folder: Path = ROOT / "cdk.out" / "bundles"

    def bundle(self, function: FunctionName) -> Path:
        """Return the folder of a function's bundle; build it if it does not exist.

        Raises:
            PackagingError: pip failed; the message ends with its output.
        """
        wheels = self._wheels(function)

        def fill(folder: Path) -> None:
            # Hard links: a copy of the wheels for every change would fill the disk.
            shutil.copytree(wheels, folder, dirs_exist_ok=True, copy_function=os.link)
            _copy(sources(function), folder)
            self._compile(folder, "services", "lambdas")

        return self._build_once(f"{function}-{_digest(sources(function), wheels.name)}", fill)

    def container(self) -> Path:
        """Return the Docker build context of the webhook's image, which a deploy builds."""
        files = [ROOT / "services" / "webhook" / "Dockerfile", _CONTAINER_REQUIREMENTS]
        files += [file for file in sources("webhook") if "lambdas" not in file.parts]

        def fill(folder: Path) -> None:
            _copy(files, folder)
            (folder / "services" / "webhook" / "Dockerfile").rename(folder / "Dockerfile")

        return self._build_once(f"container-{_digest(files)}", fill)

    def site(self) -> Path:
        """Return the folder of the built dashboard; build it if it does not exist.

        It has no `config.json`: each deploy writes its own.

        Raises:
            PackagingError: npm failed; the message ends with its output.
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
        return self._build_once(f"site-{_digest(files, str(self.complete))}", fill)

    def _wheels(self, function: FunctionName) -> Path:
        requirements = ROOT / "lambdas" / function / "requirements.txt"
        platform = f"{self.config.python_version} {self.config.wheel_platform} {self.complete}"
        platform += f" {self._compiler is not None}"

        def fill(folder: Path) -> None:
            if self.complete:
                self._install(function, requirements, folder)
                self._compile(folder, ".")

        name = f"wheels-{_digest((requirements,), platform)}"
        return self._build_once(name, fill)

    def _build_once(self, name: str, fill: Callable[[Path], None]) -> Path:
        """Return the folder of that name; if it does not exist, fill it and move it into place."""
        target = self.folder / name
        if not target.exists():
            self.folder.mkdir(parents=True, exist_ok=True)
            with tempfile.TemporaryDirectory(dir=self.folder, prefix="unfinished-") as scratch:
                filled = Path(scratch) / name
                filled.mkdir()
                fill(filled)
                if not target.exists():  # another synth may have been faster
                    filled.rename(target)
        return target

    def _install(self, function: FunctionName, requirements: Path, target: Path) -> None:
        what, python = f"the {function} function", sys.executable
        wanted = (
            *("--quiet", "--only-binary=:all:", "--target", str(target)),
            *("--require-hashes", "--requirement", str(requirements)),
        )
        # For this machine uv does the same in a tenth of the time; where it fails, pip says why.
        uv = Path(python).with_name("uv")
        if self.config.wheel_platform is None and uv.exists():
            copied = ("--link-mode", "copy", "--python", python)
            with suppress(PackagingError):
                _run([str(uv), "pip", "install", *copied, *wanted], what, cwd=ROOT)
                (target / ".lock").unlink(missing_ok=True)
                return
            shutil.rmtree(target)
            target.mkdir()
        options = ("--disable-pip-version-check", "--no-compile", *self._platform_options())
        _run([python, "-m", "pip", "install", *options, *wanted], what, cwd=ROOT)

    @property
    def _compiler(self) -> str | None:
        """A Python of the functions' version; None if this machine has none."""
        return _python(self.config.python_version) if self.complete else None

    def _compile(self, folder: Path, *parts: str) -> None:
        """Compile the modules below some parts of a folder, or say why not."""
        if not self.complete:
            return
        if self._compiler is None:
            version = self.config.python_version
            print(  # noqa: T201
                f"The functions are not compiled, so their cold starts are slower: Python {version}"
                f" is not on this machine. Install it (uv python install {version}), deploy again.",
                file=sys.stderr,
            )
            return
        command = [self._compiler, *_COMPILE, "-s", str(folder), *parts]
        _run(command, "the compiled files", cwd=folder)

    def _platform_options(self) -> list[str]:
        if self.config.wheel_platform is None:
            return []
        version = self.config.python_version
        # pip matches a platform by its exact name, and newer wheels carry the newer name.
        newer = self.config.wheel_platform.replace("manylinux2014", "manylinux_2_28")
        platforms = ["--platform", self.config.wheel_platform, "--platform", newer]
        return [*platforms, "--python-version", version]


@cache
def _python(version: str) -> str | None:
    """Find an interpreter of a version, for example 3.14, without downloading one."""
    candidates = [sys.executable, shutil.which(f"python{version}")]
    if uv := shutil.which("uv"):
        candidates.append(_output(uv, "python", "find", "--no-python-downloads", version))
    program = "import sys; print('%d.%d' % sys.version_info[:2])"
    # Asked for its version, because the name may be that of a launcher without an interpreter.
    return next((p for p in candidates if p and _output(p, "-c", program) == version), None)


def _output(*command: str) -> str:
    done = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603 - fixed
    return done.stdout.strip()


def _copy(files: Iterable[Path], folder: Path) -> None:
    for file in files:
        target = folder / file.relative_to(ROOT)
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(file, target)


def _digest(files: Iterable[Path], *other_inputs: str) -> str:
    digest = hashlib.sha256("\n".join(other_inputs).encode())
    for file in files:
        digest.update(f"\n{file.relative_to(ROOT)}\n".encode())
        digest.update(file.read_bytes())
    return digest.hexdigest()[:16]


def _run(command: list[str], what: str, *, cwd: Path) -> None:
    print(f"Building {what} (once, until it changes) ...", file=sys.stderr)  # noqa: T201
    try:
        done = subprocess.run(  # noqa: S603 - fixed commands
            command, cwd=cwd, capture_output=True, text=True, timeout=_TIMEOUT_SECONDS, check=False
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise PackagingError(_explain(what, command, str(error))) from None
    if done.returncode != 0:
        raise PackagingError(_explain(what, command, (done.stderr or done.stdout).strip()))


def _explain(what: str, command: list[str], output: str) -> str:
    return (
        f"Could not build {what}: this command failed:\n  {' '.join(command)}\n"
        f"{output[-1500:]}\n"
        "Check that this machine reaches the package index that its pip and npm are set up "
        "for, then run the same command again."
    )
