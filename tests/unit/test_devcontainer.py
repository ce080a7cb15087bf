"""The development container ends in a running demo, whose port is forwarded."""

import json
import re
import shlex
from pathlib import Path
from typing import Any

from typer.main import get_command

from services.cli.app import app

ROOT = Path(__file__).parents[2]


def settings() -> dict[str, Any]:
    """The file is plain JSON, without comments."""
    document: dict[str, Any] = json.loads((ROOT / ".devcontainer/devcontainer.json").read_text())
    return document


def test_the_container_starts_a_target_that_exists() -> None:
    """The demo sets up what it needs first."""
    make, target, options = shlex.split(settings()["postAttachCommand"])
    targets = re.findall(r"^([a-z-]+):.*## ", (ROOT / "Makefile").read_text(), re.MULTILINE)

    assert (make, target) == ("make", "demo")
    assert target in targets
    assert options.startswith("ARGS=")


def test_the_container_gives_the_demo_options_that_it_has() -> None:
    """And opens no browser of its own: the editor does, on the person's machine."""
    _, _, assignment = shlex.split(settings()["postAttachCommand"])
    given = shlex.split(assignment.removeprefix("ARGS="))
    demo = get_command(app).commands["demo"]  # type: ignore[attr-defined]
    known = {name for option in demo.params for name in (*option.opts, *option.secondary_opts)}

    assert {word for word in given if word.startswith("--")} <= known
    assert "--no-browser" in given


def test_the_port_of_the_demo_is_forwarded_under_its_own_number() -> None:
    """The page names the emulator's port, so numbers must be the same on both sides."""
    document = settings()
    _, _, assignment = shlex.split(document["postAttachCommand"])
    port = int(re.findall(r"--port (\d+)", assignment)[0])

    assert document["forwardPorts"] == [port]
    assert document["portsAttributes"][str(port)]["requireLocalPort"] is True
    assert document["otherPortsAttributes"]["onAutoForward"] == "silent"
