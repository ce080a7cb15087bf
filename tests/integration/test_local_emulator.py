"""The emulator comes up in a place of its own and leaves nothing behind."""

import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from services.tools.local.emulator import emulator
from services.tools.local.errors import LocalCloudError, ServerDiedError
from services.tools.local.ports import is_listening

ROOT = Path(__file__).parents[2]
OWNER = """
import sys, time
from pathlib import Path
from services.tools.local.emulator import emulator
with emulator(Path(sys.argv[1])) as (process, aws):
    print(aws.endpoint, flush=True)
    time.sleep(300)
"""


def port_of(endpoint: str) -> int:
    """The port of an address."""
    return urlsplit(endpoint).port or 0


def closed_within(port: int, seconds: float) -> bool:
    """Whether nothing listens there any more."""
    deadline = time.monotonic() + seconds
    while is_listening(port) and time.monotonic() < deadline:
        time.sleep(0.05)
    return not is_listening(port)


def test_it_answers_as_aws_and_frees_its_port(tmp_path: Path) -> None:
    """From start to stop."""
    with emulator(tmp_path) as (_, aws):
        identity = aws.client("sts").get_caller_identity()
        open_port = is_listening(port_of(aws.endpoint))

    assert identity["Account"] == aws.account
    assert open_port
    assert not is_listening(port_of(aws.endpoint))


def test_it_listens_on_one_loopback_address_only(tmp_path: Path) -> None:
    """Bound to all addresses, it would answer on another one too."""
    with emulator(tmp_path) as (_, aws), socket.socket() as probe:
        probe.settimeout(1)
        refused = probe.connect_ex(("127.0.0.2", port_of(aws.endpoint)))

    assert refused


def test_two_run_side_by_side(tmp_path: Path) -> None:
    """Each with its own tables."""
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
    with emulator(tmp_path / "one") as (_, one), emulator(tmp_path / "two") as (_, two):
        one.client("sqs").create_queue(QueueName="only-here")
        there = two.client("sqs").list_queues().get("QueueUrls", [])

    assert one.endpoint != two.endpoint
    assert there == []


@pytest.mark.parametrize("end", [signal.SIGINT, signal.SIGKILL])
def test_its_port_is_free_after_its_owner_is_killed(tmp_path: Path, end: signal.Signals) -> None:
    """SIGKILL leaves the owner no time to stop it."""
    owner = subprocess.Popen(
        [sys.executable, "-c", OWNER, str(tmp_path)],
        cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True,
    )  # fmt: skip
    assert owner.stdout
    port = port_of(owner.stdout.readline().strip())
    was_open = is_listening(port)
    owner.send_signal(end)
    owner.wait(timeout=5)

    assert was_open
    assert closed_within(port, 5)


def test_one_that_dies_is_told(tmp_path: Path) -> None:
    """With what it last said, and nothing hangs."""
    with emulator(tmp_path) as (process, _):
        children = Path(f"/proc/{process.pid}/task/{process.pid}/children")
        if not children.exists():
            pytest.skip("this kernel does not list children")
        os.kill(int(children.read_text().split()[0]), signal.SIGKILL)
        deadline = time.monotonic() + 5
        while process.exit_code() is None and time.monotonic() < deadline:
            time.sleep(0.02)

        with pytest.raises(ServerDiedError, match="AWS emulator: stopped unexpectedly"):
            process.check()


def test_one_that_is_not_installed_is_told_with_the_remedy(tmp_path: Path) -> None:
    """Which command sets it up."""
    with (
        pytest.raises(LocalCloudError, match="make demo"),
        emulator(tmp_path, venv=tmp_path / "nowhere"),
    ):
        pass
