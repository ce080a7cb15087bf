"""Every command that the pages about deploying show exists, and so does every option."""

import json
import re
from typing import Any

import botocore.session
import pytest
from botocore import xform_name
from typer.main import get_command

from infra.options import Options
from services.cli.app import app
from tests.support.page import ROOT, commands, mentioned

PAGES = ("deploy.md", "not-proven-here.md")
SHELL = {"export"}
"""What is not ours to check."""


def shown(program: str) -> list[list[str]]:
    """All commands of a program on both pages, in blocks and in the text."""
    blocks = [c for page in PAGES for c in commands(page) if c[0] == program]
    return blocks + [c for page in PAGES for c in mentioned(page, program)]


def options(words: list[str]) -> list[str]:
    """The options among the words of a command, without their values."""
    return [word.partition("=")[0] for word in words if word.startswith("-")]


def test_the_pages_show_commands_of_programs_that_are_known() -> None:
    """One that nobody checks would be one that nobody tried."""
    programs = {command[0] for page in PAGES for command in commands(page)}

    assert programs == {"voteapp", "cdk", "make", "aws", *SHELL}


@pytest.mark.parametrize("command", shown("voteapp"), ids=" ".join)
def test_a_command_of_ours_exists_with_its_options(command: list[str]) -> None:
    """By the command line itself."""
    found: Any = get_command(app)
    words = command[1:]
    while words and words[0] in getattr(found, "commands", {}):
        found = found.commands[words.pop(0)]

    assert found is not get_command(app)
    known = {
        option for parameter in found.params for option in parameter.opts + parameter.secondary_opts
    }
    assert set(options(words)) <= known


@pytest.mark.parametrize("command", shown("make"), ids=" ".join)
def test_a_target_exists(command: list[str]) -> None:
    """In the Makefile."""
    assert re.search(
        rf"^{command[1]}:", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE
    )


@pytest.mark.parametrize("command", shown("cdk"), ids=" ".join)
def test_a_command_of_the_pinned_cdk_exists_with_its_options(command: list[str]) -> None:
    """By its own registry; and what follows -c is an option of this stack."""
    registry = json.loads(
        (ROOT / "infra/node_modules/aws-cdk/lib/cli/cli-type-registry.json").read_text()
    )
    known = registry["globalOptions"] | registry["commands"][command[1]].get("options", {})
    names = {f"--{name}" for name in known}
    aliases = {f"-{alias}" for held in known.values() for alias in _listed(held.get("alias"))}
    chosen = [command[i + 1].partition("=")[0] for i, word in enumerate(command) if word == "-c"]

    assert set(options(command)) <= names | aliases
    assert set(chosen) <= {"stage", "drop", *Options.__dataclass_fields__}


def _listed(alias: str | list[str] | None) -> list[str]:
    return [alias] if isinstance(alias, str) else alias or []


@pytest.mark.parametrize("command", shown("aws"), ids=" ".join)
def test_a_call_of_aws_exists_with_its_options(command: list[str]) -> None:
    """By the service's own model; `configure` is the command line's own."""
    _, service, call, *words = command
    if service == "configure":
        return
    model = botocore.session.get_session().get_service_model(service)
    (operation,) = [name for name in model.operation_names if xform_name(name, "-") == call]
    members = getattr(model.operation_model(operation).input_shape, "members", {})
    known = {xform_name(name, "-") for name in members}
    given = {option.removeprefix("--") for option in options(words)}

    assert {name if name in known else name.removeprefix("no-") for name in given} <= known


def test_every_option_of_a_deploy_is_on_the_page() -> None:
    """And none that there is not."""
    page = (ROOT / "docs/deploy.md").read_text(encoding="utf-8")
    table = page[page.index("| option |") : page.index("## What it costs")]

    assert set(re.findall(r"^\| `(\w+)` \|", table, re.MULTILINE)) == {
        "stage",
        "drop",
        *Options.__dataclass_fields__,
    }


@pytest.mark.parametrize("page", PAGES)
def test_every_link_leads_somewhere(page: str) -> None:
    """To a file of the project."""
    text = (ROOT / "docs" / page).read_text(encoding="utf-8")
    links = re.findall(r"\]\(([^)#]+)\)", text)

    assert [link for link in links if not (ROOT / "docs" / link).exists()] == []
