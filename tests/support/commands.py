"""The operator's commands, run on the ledger."""

import importlib
import json
from dataclasses import replace
from typing import Any

import pytest
from typer.testing import CliRunner

from services.cli.app import app
from services.cli.rounds import create_unfolded_records
from tests.support.moto_system import MotoSystem

_COMMANDS = (
    "audit",
    "certify",
    "reconcile",
    "poll_lifecycle",
    "expire",
    "export",
    "forget",
    "poll",
    "poll_log",
    "results",
    "text",
)


def wire(monkeypatch: pytest.MonkeyPatch, system: MotoSystem) -> None:
    """Let the commands find this deployment, and wait for no stream."""
    rest = replace(create_unfolded_records(system.deployment), sleep=lambda _: None)
    monkeypatch.setattr("services.cli.audit.create_unfolded_records", lambda _: rest)
    for name in _COMMANDS:
        command = importlib.import_module(f"services.cli.{name}")
        monkeypatch.setattr(command, "find", lambda **_: system.deployment)


def voteapp(*arguments: str, answer: str = "y") -> Any:
    """Run a command that waits for nothing, and answers what it is asked."""
    waits = arguments[0] in {"audit", "certify"} and "--settle" not in arguments
    more = ("--settle", "0") if waits else ()
    return CliRunner().invoke(app, [*arguments, *more], input=f"{answer}\n")


def document(*arguments: str) -> dict[str, Any]:
    """What a command says with --json, whatever its exit code."""
    # The runner writes what was answered to a question before it.
    told = voteapp(*arguments, "--json").stdout.splitlines()[-1]
    held: dict[str, Any] = json.loads(told)
    return held
