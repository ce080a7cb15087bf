"""The console as a process of its own: it serves, waits for what it is doing, and leaves nothing."""

import json
import signal
import socket
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

import pytest
from typer.testing import CliRunner

from services.cli import console
from services.cli.app import app
from services.tools.console import server
from services.tools.console.desk import DeskError
from services.tools.console.server import run_console
from tests.support.moto_system import MotoSystem

PROGRAM = """
import sys, time
from services.tools.console.desk import PollReadings, StackLabel
from services.tools.console.server import run_console

class Desk:
    stack = StackLabel(name="VoteApp-dev", stage="dev", region="r", operator="o", dashboard_url=None)
    def read_polls(self):
        return PollReadings(polls=())
    def check_health(self):
        return ()
    def act(self, request, dialogue):
        print("acting", flush=True)
        time.sleep(1)
        print("acted", flush=True)
        return "done"

say = lambda text: print(text, flush=True)
run_console(Desk(), port=0, read_only=False, on_start=say, on_wait=lambda action: say(f"waits for {action}"))
print("ended", flush=True)
"""
CLOSE = {"id": "00000001", "action": "close", "poll": "colors", "round": 1, "revision": 1}


class Process:
    """A console that runs, and requests as its page sends them."""

    def __init__(self) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-c", PROGRAM], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        )  # fmt: skip
        self.address = urlsplit(self.read_line())
        self.url = f"http://{self.address.netloc}"
        self.headers = {"Origin": self.url, "Content-Type": "application/json"}

    def read_line(self) -> str:
        """What it prints next."""
        assert self.process.stdout
        return self.process.stdout.readline().strip()

    def post(self, path: str, body: object) -> Any:
        """The answer, and the cookie that came with it."""
        data = json.dumps(body).encode()
        request = urllib.request.Request(f"{self.url}{path}", data, self.headers)  # noqa: S310 - of this test
        with urllib.request.urlopen(request, timeout=10) as answer:  # noqa: S310 - the same
            return json.loads(answer.read()), answer.headers.get("Set-Cookie", "")

    def sign_in(self) -> None:
        """Exchange the token of the address."""
        token = self.address.fragment.removeprefix("token=")
        said, cookie = self.post("/api/session", {"token": token})
        self.headers |= {"X-Console-Key": said["key"], "Cookie": cookie.partition(";")[0]}

    def end(self, number: signal.Signals) -> tuple[str, str]:
        """Send a signal, and return what it still printed."""
        self.process.send_signal(number)
        return self.process.communicate(timeout=30)


@pytest.fixture
def served() -> Iterator[Process]:
    """Running; killed at the end if the test did not end it."""
    made = Process()
    yield made
    made.process.kill()
    made.process.wait()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGHUP])
def test_it_ends_in_order_and_waits_for_what_it_is_doing(
    served: Process, number: signal.Signals
) -> None:
    """However it is ended; no token is in what it prints but the first line."""
    served.sign_in()
    served.post("/api/actions", CLOSE)
    acting = served.read_line()
    out, errors = served.end(number)

    assert served.address.hostname == "127.0.0.1"
    assert acting == "acting"
    assert out.split("\n") == ["waits for close colors", "acted", "ended", ""]
    assert errors == ""
    assert served.process.returncode == 0
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection((served.address.hostname or "", served.address.port or 0))


def test_a_port_in_use_is_told(system: MotoSystem) -> None:
    """With what to do."""
    del system
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with pytest.raises(DeskError, match=f"port {port} is in use: choose another"):
            run_console(
                None, port=port, read_only=True, on_start=print, on_wait=print  # type: ignore[arg-type]
            )  # fmt: skip


@pytest.mark.parametrize(
    ("option", "opened"), [("--open", ["http://127.0.0.1:8765/#token=t"]), ("--no-open", [])]
)
def test_the_command_names_its_stack_prints_the_address_and_opens_it(
    option: str, opened: list[str], system: MotoSystem, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Unless it is told not to."""
    browsed: list[str] = []
    asked: dict[str, Any] = {}

    def run(desk: Any, **settings: Any) -> None:
        asked.update(settings, stack=desk.stack)
        settings["on_start"]("http://127.0.0.1:8765/#token=t")

    monkeypatch.setattr(console, "find", lambda **_: system.deployment)
    monkeypatch.setattr(server, "run_console", run)
    monkeypatch.setattr(console, "open_in_browser", browsed.append)
    done = CliRunner().invoke(app, ["console", option, "--read-only", "--stage", "prod"])

    assert done.exit_code == 0, done.output
    assert "VoteApp-test (prod, us-east-1)" in done.stdout
    assert "http://127.0.0.1:8765/#token=t" in done.stdout
    assert "on VoteApp-test" in done.stderr
    assert browsed == opened
    assert (asked["read_only"], asked["port"], asked["stack"].stage) == (True, 0, "prod")
