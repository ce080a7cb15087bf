"""Installs what a make target needs: Python libraries, Node, npm packages, the built site.

It runs on the system's Python before any library is installed.
`python3 -m services.tools.local.toolchain demo` sets up for `make demo`; steps whose inputs
have not changed are skipped.
"""

import fcntl
import os
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from services.tools.local import chromium, node
from services.tools.local.errors import CommandFailedError, LocalCloudError
from services.tools.local.step_cache import StepCache, fingerprint

ROOT = Path(__file__).parents[3]
VENV = Path(".venv")
EMULATOR_VENV = Path(".venv-emulator")
UV = "uv==0.13.8"
NETWORK = "Check the network, or the registry your tools are set to, and run it again."


@dataclass(frozen=True, slots=True, kw_only=True)
class SetupStep:
    """One step of the set-up; it runs again if an input or Python changes, or `makes` is missing.

    With `is_present` only that function decides: for tools that may be installed already.
    """

    title: str
    run: Callable[[], None]
    makes: Path = VENV
    inputs: Sequence[Path] = ()
    is_present: Callable[[], bool] | None = None

    def key(self) -> str:
        """Return a digest of the step's inputs and of the Python version."""
        return fingerprint(self.inputs, sys.version)


def command(name: str, *argv: str, remedy: str = NETWORK) -> None:
    """Run one tool without showing its output.

    Raises:
        CommandFailedError: it failed; the error contains its last lines.
    """
    done = subprocess.run(argv, capture_output=True, text=True, check=False, cwd=ROOT)
    if done.returncode:
        output = (done.stdout + done.stderr).strip().splitlines()
        lines = [line[:300] for line in output if "    at " not in line][-12:]  # no stack trace
        raise CommandFailedError(name, f"exit code {done.returncode}", remedy, details=lines)


def create_venv() -> None:
    """Create `.venv` with uv in it, which installs in seconds what takes pip 90 s."""
    remedy = "Install Python's venv module (Debian, Ubuntu: apt-get install python3-venv)."
    command("python3 -m venv", sys.executable, "-m", "venv", "--clear", str(VENV), remedy=remedy)
    command("pip install", f"{VENV}/bin/python", "-m", "pip", "install", "-q", UV)


def install(venv: Path, *arguments: str) -> None:
    """Install into a virtual environment with uv, or with pip if uv cannot use the index."""
    try:
        command(
            "uv pip install", f"{VENV}/bin/uv", "pip", "install", "-q",
            "--python", f"{venv}/bin/python", *arguments,
        )  # fmt: skip
    except CommandFailedError as uv_failed:
        pip = f"{VENV}/bin/python", "-m", "pip", "--python", f"{venv}/bin/python"
        try:
            command("pip install", *pip, "install", "-q", *arguments)
        except CommandFailedError:
            raise uv_failed from None


def install_app() -> None:
    """Install the libraries of the demo and the `voteapp` command."""
    install(VENV, "-r", "services/requirements.txt", "-r", "infra/requirements.txt")
    install(VENV, "--no-deps", "-e", ".")


def install_emulator() -> None:
    """Install the emulator into its own environment, because it pins a version of botocore."""
    command("python3 -m venv", sys.executable, "-m", "venv", "--clear", str(EMULATOR_VENV))
    install(EMULATOR_VENV, "-r", "services/tools/local/emulator-requirements.txt")


def npm(folder: str, *arguments: str) -> None:
    """Run npm in a folder."""
    check = "Check that the npm registry answers. " if arguments[0] == "ci" else ""
    remedy = f"{check}Try the command alone: npm --prefix {folder} {' '.join(arguments[:2])}"
    command(f"npm {arguments[0]} ({folder})", "npm", "--prefix", folder, *arguments, remedy=remedy)


def npm_step(folder: str, title: str) -> SetupStep:
    """Return the step that installs the packages of a folder's lock file."""
    return SetupStep(
        title=title,
        run=lambda: npm(
            folder,
            "ci",
            "--no-audit",
            "--no-fund",
            "--loglevel=error",
            "--fetch-retry-mintimeout=1000",
        ),
        makes=Path(folder, "node_modules"),
        inputs=(Path(folder, "package.json"), Path(folder, "package-lock.json")),
    )


def site_sources() -> list[Path]:
    """Return the files and folders in dashboard/ that a build reads."""
    generated = {"dist", "node_modules"}
    return [path for path in Path("dashboard").iterdir() if path.name not in generated]


def steps() -> dict[str, SetupStep]:
    """Return all steps by name, in the order of their dependencies."""
    app = Path("services/requirements.txt"), Path("infra/requirements.txt"), Path("pyproject.toml")
    every = *app, Path("requirements.txt"), *Path().glob("*/requirements.txt")
    lambdas = tuple(Path("lambdas").glob("*/requirements.txt"))
    emulator = Path("services/tools/local/emulator-requirements.txt")
    return {
        "venv": SetupStep(title="virtual environment", run=create_venv, makes=VENV / "bin/uv"),
        "app": SetupStep(
            title="Python libraries", run=install_app, makes=VENV / "bin/voteapp", inputs=app
        ),
        "checks": SetupStep(
            title="Python libraries of the checks",
            run=lambda: install(VENV, "-r", "requirements.txt"),
            makes=VENV / "bin/pytest",
            inputs=(*every, *lambdas),
        ),
        "emulator": SetupStep(
            title="AWS emulator",
            run=install_emulator,
            makes=EMULATOR_VENV / "bin/ministack",
            inputs=(emulator,),
        ),
        "node": SetupStep(
            title="Node.js",
            run=lambda: install(VENV, node.WHEEL),
            is_present=node.is_present,
        ),
        "cdk": npm_step("infra", "CDK command line"),
        "npm": npm_step("dashboard", "npm packages of the dashboard"),
        "site": SetupStep(
            title="dashboard",
            run=lambda: npm("dashboard", "run", "build"),
            makes=Path("dashboard/dist/index.html"),
            inputs=site_sources(),
        ),
        "browser": SetupStep(
            title="Chromium", run=chromium.install, is_present=chromium.is_present
        ),
    }


APP = ("venv", "app", "emulator", "node", "cdk", "npm", "site")
TARGETS = {
    "demo": APP,
    "smoke": APP,
    "test": ("venv", "app", "checks", *APP[2:], "browser"),
    "lint": ("venv", "app", "checks", "node", "cdk", "npm"),
    "check": ("venv", "app", "checks", "node", "cdk", "npm"),
    "synth-check": ("venv", "app", "checks", "node", "cdk"),
    "deploy-test": ("venv", "app", "checks", *APP[2:]),
    "bench": ("venv", "app", "checks"),
    "replay": ("venv", "app", "checks"),
    "prove": ("venv", "app", "checks"),
    "mutants": ("venv", "app", "checks", *APP[2:]),
}


def set_up(target: str) -> None:
    """Run the outdated steps of a target. Concurrent set-ups wait for each other."""
    os.chdir(ROOT)
    os.environ["PATH"] = f"{ROOT / VENV / 'bin'}{os.pathsep}{os.environ['PATH']}"
    folder = Path(".stamps")
    folder.mkdir(exist_ok=True)
    cache = StepCache(folder)
    with (folder / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        for name in TARGETS[target]:
            _run_if_outdated(name, steps()[name], cache)


def _run_if_outdated(name: str, step: SetupStep, cache: StepCache) -> None:
    is_done = step.is_present() if step.is_present else cache.is_done(name, step.key())
    if is_done and step.makes.exists():
        return
    started = time.monotonic()
    print(f"  setting up: {step.title} … ", end="", flush=True)
    cache.forget(name)
    step.run()
    cache.mark_done(name, step.key())
    print(f"{time.monotonic() - started:.0f} s", flush=True)


def main(argv: Sequence[str]) -> int:
    """Set up a make target; return 1 and print the error if that fails."""
    try:
        set_up(argv[0])
    except LocalCloudError as error:
        print(f"failed\n{error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
