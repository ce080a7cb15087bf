"""The operator's command line: what it shares, what it refuses, how it fails."""

import json
import os
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import boto3
import pytest
import typer.main
from botocore.exceptions import ClientError, NoCredentialsError
from botocore.stub import Stubber
from rich.console import Console
from typer.testing import CliRunner, Result

from services.cli import deployment, poll_files, results
from services.cli.app import app
from services.cli.aws_session import DeploymentError
from services.cli.deployment import find
from services.cli.output import exit_on_error
from services.tools.local import runs
from services.tools.local.runs import CloudFile
from services.tools.phones.delivery import message_in
from services.voting.tally import Totals
from tests.support.polls import COLORS_TOML, NOON, a_round

ROOT = Path(__file__).parents[2]
EXAMPLES = ROOT / "docs" / "examples"
INTERACTIVE = {"demo", "smoke"}
"""The demo is for a person; smoke ends with a line of JSON anyway."""
FILES_ONLY = {"poll check", "version"}
DESTROYING = {"poll reset", "poll archive", "poll apply", "poll expire", "forget"}
PALE = COLORS_TOML.replace('light = "#c8371b"', 'light = "#ffee00"')


def run(*arguments: str) -> Result:
    """Run a command as a shell would."""
    return CliRunner().invoke(app, list(arguments))


def commands() -> Iterator[tuple[str, set[str]]]:
    """Every command that is shown, with its options."""
    root: Any = typer.main.get_command(app)
    for name, command in root.commands.items():
        inner = getattr(command, "commands", {"": command})
        for sub, leaf in inner.items():
            if not leaf.hidden:
                options = {option for param in leaf.params for option in param.opts}
                yield f"{name} {sub}".strip(), options


@pytest.fixture
def nowhere(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """A machine without an account and without a demo."""
    for name in [name for name in os.environ if name.startswith("AWS_")]:
        monkeypatch.delenv(name)
    for name in ("AWS_CONFIG_FILE", "AWS_SHARED_CREDENTIALS_FILE"):
        monkeypatch.setenv(name, str(tmp_path / "none"))
    monkeypatch.setattr(runs, "find_running", list)


OURS = [
    (name, options)
    for name, options in commands()
    if name.startswith("poll ") or name in {"results", "text", "forget", "version"}
]


def test_the_commands_are_those_that_are_documented() -> None:
    """In docs/operating.md, each by its name."""
    page = (ROOT / "docs" / "operating.md").read_text(encoding="utf-8")

    assert len(OURS) == 15
    assert [name for name, _ in OURS if f"voteapp {name}" not in page] == []


@pytest.mark.parametrize(("name", "options"), OURS, ids=[name for name, _ in OURS])
def test_every_command_prints_json_and_works_here_and_there(name: str, options: set[str]) -> None:
    """On a demo, on a stack; and who destroys asks first."""
    assert "--json" in options
    assert ({"--local", "--stage"} <= options) is (name not in FILES_ONLY)
    assert ("--yes" in options) is (name in DESTROYING)


@pytest.mark.usefixtures("nowhere")
@pytest.mark.parametrize(
    ("arguments", "problem"),
    [
        (["poll", "list"], "no AWS region is set"),
        (["poll", "list", "--local"], "no demo is running"),
        (["results", "colors", "--local"], "no demo is running"),
        (["text", "red", "--local"], "no demo is running"),
        (["forget", "+15550100199", "--local", "--yes"], "no demo is running"),
        (["poll", "apply", str(ROOT / "polls"), "--local"], "no demo is running"),
    ],
)
def test_without_anything_to_work_on_the_exit_code_is_3(arguments: list[str], problem: str) -> None:
    """And the remedy is told, without a traceback."""
    done = run(*arguments)

    assert done.exit_code == 3
    assert problem in done.stderr
    assert "→" in done.stderr


def test_used_wrongly_the_exit_code_is_2() -> None:
    """As with every command of this kind."""
    assert run("forget", "+0177").exit_code == 2
    assert run("poll", "open").exit_code == 2


def test_of_several_demos_the_newest_or_the_one_that_is_named(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """By the endpoint that the demo shows."""
    demos = [
        CloudFile(
            pids={}, endpoint=f"http://127.0.0.1:{port}", region="us-east-1", dashboard_url="d",
            webhook_url="w", stack="VoteApp-local", started_at_ms=1, outputs={"VotesTable": port},
        )
        for port in ("2", "1")
    ]  # fmt: skip
    monkeypatch.setattr(runs, "find_running", lambda: demos)
    newest = find(local=True, stage="dev")
    monkeypatch.setenv(deployment.ENDPOINT_VARIABLE, "http://127.0.0.1:1")
    named = find(local=True, stage="dev")

    assert (newest.votes_table, named.votes_table) == ("2", "1")


def cloudformation() -> tuple[Any, Stubber]:
    """A client of CloudFormation that answers as it is told to."""
    client = boto3.client(
        "cloudformation", region_name="us-east-1",
        aws_access_key_id="x", aws_secret_access_key="x",
    )  # fmt: skip
    return client, Stubber(client)


def test_a_stack_is_found_by_its_name(monkeypatch: pytest.MonkeyPatch) -> None:
    """Its outputs say the rest."""
    client, stub = cloudformation()
    outputs = {"VotesTable": "V", "AggregatesTable": "A", "WebhookUrl": "https://w/sms"}
    stub.add_response(
        "describe_stacks",
        {
            "Stacks": [
                {
                    "StackName": "VoteApp-prod", "CreationTime": 1, "StackStatus": "CREATE_COMPLETE",
                    "Outputs": [{"OutputKey": k, "OutputValue": v} for k, v in outputs.items()],
                }
            ]
        },
        {"StackName": "VoteApp-prod"},
    )  # fmt: skip
    session = SimpleNamespace(region_name="eu-west-1", client=lambda *_, **__: client)
    monkeypatch.setattr(boto3, "Session", lambda **_: session)
    with stub:
        found = find(local=False, stage="prod")

    assert (found.name, found.region, found.webhook_url) == (
        "VoteApp-prod", "eu-west-1", "https://w/sms",
    )  # fmt: skip
    assert (found.votes_table, found.aggregates_table, found.dashboard_url) == ("V", "A", None)


@pytest.mark.parametrize(
    ("code", "problem"),
    [("ValidationError", "no stack VoteApp-dev in eu-west-1"), ("AccessDenied", "AWS refused: AccessDenied")],
)  # fmt: skip
def test_a_missing_and_a_refused_stack_are_told_apart(
    code: str, problem: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One is deployed, for the other one needs permission."""
    client, stub = cloudformation()
    stub.add_client_error("describe_stacks", code, "not for you")
    session = SimpleNamespace(region_name="eu-west-1", client=lambda *_, **__: client)
    monkeypatch.setattr(boto3, "Session", lambda **_: session)

    with stub, pytest.raises(DeploymentError, match=problem):
        find(local=False, stage="dev")


@pytest.mark.parametrize(
    ("error", "problem"),
    [
        (NoCredentialsError(), "AWS cannot be reached"),
        (ClientError({"Error": {"Code": "Throttled", "Message": "m"}}, "Query"), "Throttled"),
    ],
)
def test_what_awss_library_raises_is_told_in_words(
    error: Exception, problem: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """At any point of a command."""
    with pytest.raises(typer.Exit) as caught, exit_on_error():
        raise error

    assert caught.value.exit_code == 3
    assert problem in capsys.readouterr().err


def test_a_warning_is_told_and_does_not_fail_the_check(tmp_path: Path) -> None:
    """The deploy would take the file."""
    (source := tmp_path / "pale.toml").write_text(PALE)
    done = run("poll", "check", str(source))
    document = json.loads(run("poll", "check", str(source), "--json").stdout)

    assert done.exit_code == 0
    assert "(warning)" in done.stdout
    assert (
        poll_files.read([source]).warnings[0].startswith("pale: choices[0].colour: '#ffee00': on")
    )
    assert document["ok"] is True
    assert document["files"][str(source)][0]["severity"] == "warning"


def test_polls_that_clash_are_found_side_by_side(tmp_path: Path) -> None:
    """Each alone is fine."""
    for name in ("one", "two"):
        (tmp_path / f"{name}.toml").write_text(COLORS_TOML)
    done = run("poll", "check", *map(str, sorted(tmp_path.glob("*.toml"))))

    assert done.exit_code == 1
    assert "one.toml: fine" in done.stdout
    assert "two.toml:5: choices[0].key: 'RED': poll 'one', open on the same number" in done.stdout


@pytest.mark.parametrize(
    ("phones", "complaint"),
    [
        (None, "the list cannot be read"),
        ("# nobody yet\n", "the list is empty"),
        ("+15550100101\n0199\n", "phones: '0199': guests.txt:2: write it as +15550100199"),
    ],
)
def test_a_list_of_phones_is_checked_with_its_poll(
    phones: str | None, complaint: str, tmp_path: Path
) -> None:
    """It lies beside the poll file."""
    (source := tmp_path / "vip.toml").write_text(f'phones = "guests.txt"\n{COLORS_TOML}')
    if phones is not None:
        (tmp_path / "guests.txt").write_text(phones)
    done = run("poll", "check", str(source))

    assert done.exit_code == 1
    assert f"{source}:1: " in done.stdout
    assert complaint in done.stdout


def test_apply_refuses_what_check_refuses(tmp_path: Path) -> None:
    """Before it looks for a stack."""
    (tmp_path / "bad.toml").write_text('question = "?"')
    done = run("poll", "apply", str(tmp_path))

    assert done.exit_code == 1
    assert "bad.toml" in done.stdout
    assert "choices" in done.stdout


def test_the_examples_are_sound_beside_the_polls_of_the_project() -> None:
    """Anybody may copy them into polls/."""
    paths = [*(ROOT / "polls").glob("*.toml"), *EXAMPLES.glob("*.toml")]

    assert len(paths) == 4
    assert run("poll", "check", *map(str, paths)).exit_code == 0


@pytest.mark.parametrize(
    ("twiml", "reply"),
    [
        ("<Response />", None),
        ("<Response><Message>A &amp; B</Message></Response>", "A & B"),
        ("<Response><Message><Body>C</Body></Message></Response>", "C"),
    ],
)
def test_the_reply_is_read_from_the_answer(twiml: str, reply: str | None) -> None:
    """Or its absence."""
    assert message_in(twiml) == reply


def test_results_show_votes_voters_rate_and_freshness() -> None:
    """What an operator looks at; a sealed poll says that only they see it."""
    totals = Totals(picks={"RED": 3, "BLUE": 1}, voters=4, folded=5, as_of_ms=NOON - 2_000)
    reading = results.CountReading(
        round=a_round(number=2, visibility="sealed"), totals=totals, at_ms=NOON, per_second=1.5
    )
    (console := Console(width=100, record=True, file=open(os.devnull, "w"))).print(  # noqa: PTH123, SIM115
        results._render(reading)
    )
    shown = console.export_text()

    assert "4 votes from 4 voters   1.5 texts/s   newest vote 2 s ago" in shown
    assert "75.0%" in shown
    assert "round 2, open  sealed: hidden from guests" in shown
    assert reading.document["choices"] == {"RED": 3, "GREEN": 0, "BLUE": 1}


def test_the_shell_completes_polls_by_their_files(monkeypatch: pytest.MonkeyPatch) -> None:
    """Those of the folder one stands in."""
    monkeypatch.chdir(ROOT)
    asked = {
        "_VOTEAPP_COMPLETE": "complete_bash",
        "COMP_WORDS": "voteapp poll open c",
        "COMP_CWORD": "3",
    }
    done = CliRunner().invoke(app, [], env=asked, prog_name="voteapp")

    assert done.stdout.strip() == "colors"
