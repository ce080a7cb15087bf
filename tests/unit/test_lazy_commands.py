"""The list of commands: shown without importing them, and each found when it is used."""

import shlex
import subprocess
import sys
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import typer.main
from typer.testing import CliRunner

from services.cli import deployment
from services.cli.app import COMMANDS, app
from services.cli.lazy import LazyCommand, LazySubgroup
from services.polls.entry import DirectoryEntry
from services.voting.poll import Round
from tests.support.polls import a_poll

ROOT = Path(__file__).parents[2]
HEAVY = {"boto3", "botocore", "fastapi", "aiohttp", "aws_cdk", "moto"}
READS_A_DEPLOYMENT: Mapping[tuple[str, ...], set[str]] = {("text", "-h"): {"boto3", "botocore"}}
"""The commands that cannot do without AWS's library."""


def entries() -> Iterator[tuple[str, LazyCommand, Any]]:
    """Every command's name, entry in the table, and the imported command."""
    root: Any = typer.main.get_command(app)
    for name, entry in COMMANDS.items():
        if isinstance(entry, LazySubgroup):
            for sub, leaf in entry.commands.items():
                yield f"{name} {sub}", leaf, root.commands[name].commands[sub]
        else:
            yield name, entry, root.commands[name]


@pytest.mark.parametrize(
    ("arguments", "shown"),
    [
        (("--help",), "Usage: voteapp"),
        (("poll", "--help"), "Usage: voteapp"),
        (("cost", "-h"), "Usage: voteapp"),
        (("demo", "-h"), "Usage: voteapp"),
        (("text", "-h"), "Usage: voteapp"),
        (("poll", "check"), "polls/colors.toml: fine"),
    ],
)
def test_what_needs_no_aws_imports_no_large_library(arguments: tuple[str, ...], shown: str) -> None:
    """Neither AWS's library nor a web framework, but for commands that read a deployment."""
    program = (
        "import atexit, sys\nsys.argv = ['voteapp', *sys.argv[1:]]\n"
        "atexit.register(lambda: print(*sys.modules, file=sys.stderr))\n"
        "from services.cli import main\nmain()"
    )
    done = subprocess.run(
        [sys.executable, "-c", program, *arguments],
        cwd=ROOT, capture_output=True, text=True, check=True,
    )  # fmt: skip
    imported = {name.partition(".")[0] for name in done.stderr.split()}

    assert shown in done.stdout
    assert "typer" in imported
    assert imported & (HEAVY - READS_A_DEPLOYMENT.get(arguments, set())) == set()


@pytest.mark.parametrize(
    ("entry", "command"),
    [(entry, command) for _, entry, command in entries()],
    ids=[name for name, _, _ in entries()],
)
def test_the_line_in_the_list_is_the_first_sentence_of_the_command(
    entry: LazyCommand, command: Any
) -> None:
    """The table repeats the docstring, as that cannot be read without an import."""
    assert command.help.partition("\n\n")[0] == entry.help
    assert command.hidden is entry.hidden


def test_a_mistyped_command_is_answered_with_the_nearest() -> None:
    """The table knows the names."""
    done = CliRunner().invoke(app, ["certfy"])

    assert done.exit_code == 2
    assert "certify" in done.stderr


@pytest.mark.parametrize(
    ("words", "number", "expected"),
    [
        ("voteapp re", "1", {"results", "rehearse", "replay", "reconcile"}),
        ("voteapp poll re", "2", {"reset"}),
        ("voteapp certify --se", "2", {"--settle"}),
        ("voteapp replay q", "2", {"quiet"}),
        ("voteapp export colors --format j", "4", {"jsonl"}),
    ],
)
def test_the_shell_completes_commands_and_options(
    words: str, number: str, expected: set[str]
) -> None:
    """Of the root, of a group, and of a command."""
    asked = {"_VOTEAPP_COMPLETE": "complete_bash", "COMP_WORDS": words, "COMP_CWORD": number}
    done = CliRunner().invoke(app, [], env=asked, prog_name="voteapp")

    assert set(done.stdout.split()) == expected


def deployed(*polls: str) -> Any:
    """A deployment with these polls."""
    entries = [DirectoryEntry(round=Round(poll=replace(a_poll(), id=poll))) for poll in polls]
    return SimpleNamespace(directory=SimpleNamespace(entries=lambda: entries))


def completed(words: str, number: str) -> set[str]:
    """What the shell offers."""
    asked = {"_VOTEAPP_COMPLETE": "complete_bash", "COMP_WORDS": words, "COMP_CWORD": number}
    return set(CliRunner().invoke(app, [], env=asked, prog_name="voteapp").stdout.split())


def test_the_shell_completes_the_polls_of_the_deployment(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Of the one that the options name; without those of checks."""
    monkeypatch.chdir(tmp_path)
    stacks = {
        (False, "prod"): deployed("finale", "encore", "doctor-selftest"),
        (True, "dev"): deployed("trial"),
    }
    monkeypatch.setattr(deployment, "find", lambda *, local, stage: stacks[local, stage])

    assert completed("voteapp poll close --stage prod ", "5") == {"finale", "encore"}
    assert completed("voteapp certify --local ", "3") == {"trial"}
    assert completed("voteapp text --local --poll t", "4") == {"trial"}


def test_without_a_deployment_the_shell_completes_poll_files(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """And shows no error."""
    (tmp_path / "polls").mkdir()
    (tmp_path / "polls" / "song.toml").touch()
    monkeypatch.chdir(tmp_path)

    def find(**_: object) -> None:
        raise OSError

    monkeypatch.setattr(deployment, "find", find)

    assert completed("voteapp poll open ", "3") == {"song"}


@pytest.mark.parametrize(
    ("name", "command"),
    [
        ("a b.jsonl.gz", "voteapp replay 'a b.jsonl.gz' --faults all"),
        ("tonight", "voteapp replay tonight --faults all"),
    ],
)
def test_the_hint_after_an_evening_was_made_can_be_pasted(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, name: str, command: str
) -> None:
    """It names the file as a shell reads it, and the file can be replayed."""
    monkeypatch.chdir(tmp_path)
    made = CliRunner().invoke(app, ["evening", "make", name, "--voters", "3", "--minutes", "1"])
    words = shlex.split(command)[1:]
    played = CliRunner().invoke(app, [*words, "--engine", "memory"])

    assert f"Replay it: {command}\n" in made.stdout
    assert played.exit_code == 0, played.output


@pytest.mark.parametrize("arguments", [("-h",), ("poll", "-h"), ("audit", "-h")])
def test_the_short_option_shows_the_help_too(arguments: tuple[str, ...]) -> None:
    """Of the whole, of a group and of a command; flags have no type beside them."""
    done = CliRunner().invoke(app, list(arguments))

    assert done.exit_code == 0
    assert "Usage:" in done.stdout
    assert "<bool>" not in done.stdout


def test_the_version_is_an_option_too() -> None:
    """Scripts ask every command line so."""
    done = CliRunner().invoke(app, ["--version"])
    command = CliRunner().invoke(app, ["version"])

    assert done.exit_code == 0
    assert done.stdout == command.stdout


def test_the_help_flows_at_any_width() -> None:
    """A line of the source is no line of the screen."""
    shown = CliRunner().invoke(app, ["certify", "--help"], env={"COLUMNS": "200"}).stdout
    first = next(line for line in shown.splitlines() if "Refuses, with the reason" in line)

    assert len(first.rstrip()) > 150


@pytest.mark.parametrize(
    ("command", "argument"),
    [("text", "WORDS"), ("forget", "PHONE"), ("replay", "FILE"), ("audit", "POLL")],
)
def test_arguments_are_written_in_capitals(command: str, argument: str) -> None:
    """In the usage line of every command alike."""
    usage = next(
        line for line in CliRunner().invoke(app, [command, "-h"]).stdout.splitlines()
        if "Usage:" in line
    )  # fmt: skip

    assert f"{argument}" in usage
