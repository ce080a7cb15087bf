"""The emulator as a process that a test may stop and start again: its state stays.

`AUTH` is on, so that what guests may do is decided by their real policy.
"""

import json
import os
import signal
import socket
import subprocess
import time
import urllib.error
import urllib.request
from pathlib import Path
from typing import Any, Final

import boto3
from botocore.config import Config

ROOT: Final = Path(__file__).parents[3]
HOST: Final = "127.0.0.1"
REGION: Final = "us-east-1"
START_SECONDS: Final = 30


def executable() -> Path:
    """The emulator's program: `VOTEAPP_EMULATOR`, or the project's own.

    Raises:
        FileNotFoundError: there is none; says how to get it.
    """
    path = Path(os.environ.get("VOTEAPP_EMULATOR") or ROOT / ".venv-emulator/bin/ministack")
    if not path.exists():
        raise FileNotFoundError(
            f"{path}: no emulator. Run `make test`, which sets it up, "
            "or name a ministack program in VOTEAPP_EMULATOR."
        )
    return path


def free_port() -> int:
    """A port of the loopback interface that nobody listens on."""
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        return int(probe.getsockname()[1])


class Emulator:
    """An emulator that keeps its folder and port when it is started again."""

    def __init__(self, folder: Path) -> None:
        self.port = free_port()
        self.endpoint = f"http://{HOST}:{self.port}"
        self._folder = folder
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start it, and wait until it answers."""
        (self._folder / "home").mkdir(exist_ok=True)
        self._process = subprocess.Popen(
            [executable()], cwd=self._folder, env=self._environment(),
            stdout=(self._folder / "emulator.log").open("ab"), stderr=subprocess.STDOUT,
        )  # fmt: skip
        deadline = time.monotonic() + START_SECONDS
        while not self._answers():
            if self._process.poll() is not None or time.monotonic() > deadline:
                raise RuntimeError((self._folder / "emulator.log").read_text()[-2000:])
            time.sleep(0.05)

    def stop(self) -> None:
        """Stop it; its port refuses connections from here on."""
        if self._process:
            self._process.send_signal(signal.SIGTERM)
            try:
                self._process.wait(timeout=10)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait(timeout=5)
        self._process = None

    def client(self, service: str) -> Any:
        """A boto3 client of the operator."""
        session: Any = boto3.Session("test", "test", region_name=REGION)
        config = Config(account_id_endpoint_mode="disabled", retries={"max_attempts": 2})
        return session.client(service, endpoint_url=self.endpoint, config=config)

    def _environment(self) -> dict[str, str]:
        return {
            "PATH": os.environ["PATH"],
            "HOME": str(self._folder / "home"),
            "TMPDIR": str(self._folder),
            "BIND_HOST": HOST,
            "GATEWAY_PORT": str(self.port),
            "STATE_DIR": str(self._folder / "state"),
            "S3_DATA_DIR": str(self._folder / "s3"),
            "PERSIST_STATE": "1",
            "IOT_MTLS_ENABLED": "0",
            "AUTH": "true",
        }

    def _answers(self) -> bool:
        try:
            with urllib.request.urlopen(f"{self.endpoint}/_ministack/health", timeout=2) as answer:  # noqa: S310 - our own
                return "services" in json.load(answer)
        except (OSError, urllib.error.URLError):
            return False
