"""Runs the AWS emulator MiniStack as a process with its own folder and port."""

import json
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from services.tools.local.aws import LocalAws
from services.tools.local.errors import LocalCloudError
from services.tools.local.folders import EMULATOR_VENV
from services.tools.local.ports import HOST, free_port
from services.tools.local.processes import Process, clean_environment, wait_until

START_SECONDS = 30


@contextmanager
def emulator(
    folder: Path, *, venv: Path = EMULATOR_VENV, port: int | None = None, keep: bool = False
) -> Iterator[tuple[Process, LocalAws]]:
    """Start an emulator, wait until it is healthy, and stop it with all its Lambdas on exit.

    With `keep` it saves its state in the folder when it stops, and the next emulator with the
    same folder and `port` loads it. Unread stream records are not saved.

    Raises:
        ServerDiedError, CommandFailedError: it did not start.
    """
    binary = venv / "bin" / "ministack"
    if not binary.exists():
        raise LocalCloudError(f"{binary}: missing", "Start by make demo, which sets it up.")
    port = port or free_port()
    endpoint = f"http://{HOST}:{port}"
    process = Process(
        "AWS emulator", [str(binary)],
        env=_environment(folder, port, keep=keep), log=folder / "emulator.log", cwd=folder,
    )  # fmt: skip
    with process:
        wait_until(
            lambda: _healthy(endpoint), process,
            seconds=START_SECONDS, remedy="Is the machine very busy? Start again.",
        )  # fmt: skip
        yield process, LocalAws(endpoint=endpoint)


def _environment(folder: Path, port: int, *, keep: bool) -> dict[str, str]:
    """Return variables that bind the emulator to loopback and keep its files in the folder.

    Its Lambdas inherit these variables, so no variable of the stack may be among them.
    """
    home, scratch = folder / "home", folder / "tmp"
    for path in (home, scratch):
        path.mkdir(exist_ok=keep)
    return clean_environment(
        BIND_HOST=HOST,
        GATEWAY_PORT=str(port),
        IOT_MTLS_ENABLED="0",
        PERSIST_STATE="1" if keep else "0",
        STATE_DIR=str(folder / "state"),
        S3_DATA_DIR=str(folder / "s3"),
        HOME=str(home),
        TMPDIR=str(scratch),
        PYTHONUNBUFFERED="1",
    )


def _healthy(endpoint: str) -> bool:
    try:
        with urllib.request.urlopen(f"{endpoint}/_ministack/health", timeout=2) as response:  # noqa: S310 - our own loopback address
            return "services" in json.load(response)
    except OSError:
        return False
