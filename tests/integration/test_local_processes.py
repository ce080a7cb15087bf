"""Whatever the local cloud starts ends with it, however that ends."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from services.tools.local.errors import CommandFailedError, ServerDiedError
from services.tools.local.processes import Process, clean_environment, run

ROOT = Path(__file__).parents[2]
OWNER = """
import sys, time
from pathlib import Path
from services.tools.local.processes import Process, clean_environment
folder = Path(sys.argv[1])
script = "sleep 300 & echo $! > grandchild; exec sleep 300"
Process("sleeper", ["sh", "-c", script], env=clean_environment(), log=folder / "log", cwd=folder)
while not (folder / "grandchild").exists():
    time.sleep(0.01)
print("ready", flush=True)
time.sleep(300)
"""


def a_process(folder: Path, script: str) -> Process:
    """A supervised shell."""
    return Process(
        "a server", ["sh", "-c", script], env=clean_environment(), log=folder / "log", cwd=folder
    )


def alive(pid: int) -> bool:
    """Whether a process runs; one that has ended and waits to be reaped does not."""
    try:
        state = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()[0]
    except (FileNotFoundError, ProcessLookupError):
        return False
    return state != "Z"


def gone_within(pid: int, seconds: float) -> bool:
    """Whether a process ends in time."""
    deadline = time.monotonic() + seconds
    while alive(pid) and time.monotonic() < deadline:
        time.sleep(0.02)
    return not alive(pid)


def wait_for(file: Path) -> str:
    """The text of a file as soon as there is one."""
    deadline = time.monotonic() + 5
    while not (file.exists() and file.read_text()) and time.monotonic() < deadline:
        time.sleep(0.01)
    return file.read_text()


@pytest.mark.skipif(not Path("/proc").exists(), reason="reads /proc")
@pytest.mark.parametrize("end", [signal.SIGKILL, signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
def test_grandchildren_end_with_an_owner_that_is_killed(
    tmp_path: Path, end: signal.Signals
) -> None:
    """Also when the owner gets no chance to clean up."""
    owner = subprocess.Popen(
        [sys.executable, "-c", OWNER, str(tmp_path)],
        cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True,
    )  # fmt: skip
    assert owner.stdout
    owner.stdout.readline()
    grandchild = int((tmp_path / "grandchild").read_text())
    was_alive = alive(grandchild)
    owner.send_signal(end)
    owner.wait(timeout=5)

    assert was_alive
    assert gone_within(grandchild, 5)


def test_a_server_that_ignores_sigterm_is_killed_after_its_grace(tmp_path: Path) -> None:
    """Five seconds for everything leave no time to wait for one."""
    process = a_process(tmp_path, "trap '' TERM; echo $$ > pid; while :; do sleep 0.1; done")
    pid = int(wait_for(tmp_path / "pid"))
    started = time.monotonic()
    process.stop()

    assert gone_within(pid, 1)
    assert time.monotonic() - started < 3


def test_a_server_that_dies_is_named_with_its_last_lines(tmp_path: Path) -> None:
    """Name, exit code and what it said."""
    process = a_process(tmp_path, "echo no space left; exit 7")
    deadline = time.monotonic() + 5
    while process.exit_code() is None and time.monotonic() < deadline:
        time.sleep(0.01)

    with pytest.raises(ServerDiedError, match="no space left") as caught:
        process.check()
    assert caught.value.name == "a server"
    assert caught.value.exit_code == 7


def test_a_tool_that_takes_too_long_is_ended(tmp_path: Path) -> None:
    """A deploy that hangs must not hang the demo."""
    process = a_process(tmp_path, "echo waiting for CloudFormation; sleep 60")
    started = time.monotonic()

    with pytest.raises(CommandFailedError, match="not finished within 1 s") as caught:
        run(process, seconds=1, remedy="Try again.")
    assert "waiting for CloudFormation" in str(caught.value)
    assert time.monotonic() - started < 5


def test_a_persons_own_account_is_not_handed_down(monkeypatch: pytest.MonkeyPatch) -> None:
    """The local cloud must never talk to a real one."""
    monkeypatch.setenv("AWS_PROFILE", "work")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "a real one")
    environment = clean_environment(AWS_REGION="us-east-1")

    assert {name for name in environment if name.startswith("AWS_")} == {"AWS_REGION"}
    assert environment["PATH"] == os.environ["PATH"]
