"""`voteapp demo` as a person runs it: up, moving, and gone without a trace."""

import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from services.tools.local.ports import HOST, is_listening

ROOT = Path(__file__).parents[2]
START_SECONDS = 240
MARK = "VOTEAPP_TEST_DEMO"
"""In the environment of the demo, and so of everything it starts."""
DEMO = (sys.executable, "-u", "-m", "services.cli", "demo", "--no-browser", "--rate", "20")


@pytest.fixture
def demo(tmp_path: Path) -> Iterator[tuple[subprocess.Popen[bytes], Path]]:
    """A demo in a process of its own, and the file its output goes to."""
    output = tmp_path / "output"
    with output.open("wb") as sink:
        marked = os.environ | {MARK: "1"}
        process = subprocess.Popen(
            DEMO, cwd=ROOT, stdout=sink, stderr=subprocess.STDOUT, env=marked
        )
    yield process, output
    process.kill()
    process.wait()


def said(process: subprocess.Popen[bytes], output: Path, pattern: str) -> re.Match[str]:
    """The first match of a pattern in what a demo prints, as soon as there is one."""
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline and process.poll() is None:
        if found := re.search(pattern, output.read_text(errors="replace")):
            return found
        time.sleep(0.1)
    pytest.fail(f"never said {pattern!r}:\n{output.read_text(errors='replace')}")


@pytest.mark.cloud
def test_ctrl_c_stops_everything_within_five_seconds(
    demo: tuple[subprocess.Popen[bytes], Path],
) -> None:
    """No process and no port is left."""
    process, output = demo
    said(process, output, "Ctrl-C stops everything")
    ports = {int(port) for port in re.findall(rf"{HOST}:(\d+)", output.read_text())}
    open_before = {port for port in ports if is_listening(port)}
    started = time.monotonic()
    process.send_signal(signal.SIGINT)
    code = process.wait(timeout=20)
    seconds = time.monotonic() - started

    assert code == 0
    assert seconds < 5
    assert len(ports) == 3
    assert open_before == ports
    assert {port for port in ports if is_listening(port)} == set()
    assert leftovers() == []


def leftovers() -> list[str]:
    """Command lines of processes that the demo started and that still run."""
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            environment = (folder / "environ").read_bytes().split(b"\0")
            command = (folder / "cmdline").read_bytes().replace(b"\0", b" ").decode()
        except OSError:
            continue
        if int(folder.name) != os.getpid() and f"{MARK}=1".encode() in environment:
            found.append(command)
    return found


def test_a_port_in_use_is_told_before_anything_starts() -> None:
    """With its number and what to do, and exit code 1."""
    with socket.socket() as other:
        other.bind((HOST, 0))
        other.listen()
        port = str(other.getsockname()[1])
        done = subprocess.run(
            [*DEMO, "--port", port],
            cwd=ROOT,
            capture_output=True,
            text=True,
            timeout=30,
            check=False,
        )

    assert done.returncode == 1
    assert f"port {port}: in use by another program" in done.stderr
    assert "Choose another with --port" in done.stderr
