"""The AWS emulator as a process: MiniStack in a folder and on a port of its own."""

import json
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from services.tools.local.aws import LocalAws
from services.tools.local.errors import LocalCloudError
from services.tools.local.ports import HOST, free_port
from services.tools.local.processes import Process, clean_environment, wait_until
from services.tools.local.toolchain import EMULATOR_VENV, ROOT

START_SECONDS = 30


@contextmanager
def emulator(
    folder: Path, *, venv: Path = ROOT / EMULATOR_VENV, port: int | None = None, keep: bool = False
) -> Iterator[tuple[Process, LocalAws]]:
    """An emulator, healthy; stopped with all its Lambdas at the end.

    With `keep` it writes its state into the folder when it is stopped, and another one in the
    same folder, on the same `port`, goes on from there. What its streams held is lost then.

    Raises:
        ServerDiedError, CommandFailedError: it did not come up.
    """
    binary = venv / "bin" / "ministack"
    if not binary.exists():
        raise LocalCloudError(
            f"{binary}: missing", "Set it up: python3 -m services.tools.local.toolchain demo"
        )
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
    """Loopback only, and nothing kept or read outside the folder.

    Its Lambdas inherit these variables, so nothing of the stack may be among them.
    """
    home, scratch = folder / "home", folder / "tmp"
    for made in (home, scratch):
        made.mkdir(exist_ok=keep)
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
        with urllib.request.urlopen(f"{endpoint}/_ministack/health", timeout=2) as answer:  # noqa: S310 - our own loopback address
            return "services" in json.load(answer)
    except OSError:
        return False
