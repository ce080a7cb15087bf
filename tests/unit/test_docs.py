"""The documents hold: every command, link and variable they name exists."""

import re
from collections.abc import Iterator
from dataclasses import fields
from pathlib import Path

import pytest
from typer.main import get_command

from services.cli.app import app
from services.settings import AggregatorSettings, PollsSettings, WebhookSettings

ROOT = Path(__file__).parents[2]
PAGES = sorted(
    page
    for page in (*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md"), ROOT / "dashboard/README.md")
    if page.exists() and "node_modules" not in page.parts
)
TARGETS = set(re.findall(r"^([a-z][a-z-]*):", (ROOT / "Makefile").read_text(), re.MULTILINE))
COMMANDS = get_command(app)


def code_of(page: Path) -> Iterator[str]:
    """Every piece of code in a page: indented blocks, fences and inline."""
    text = page.read_text(encoding="utf-8")
    yield from re.findall(r"`([^`\n]+)`", text)
    yield from re.findall(r"^(?: {4}|\t)(\S.*)$", text, re.MULTILINE)
    for block in re.findall(r"^```\w*\n(.*?)^```", text, re.MULTILINE | re.DOTALL):
        yield from block.splitlines()


def test_the_readme_names_the_two_commands() -> None:
    """What a newcomer types first."""
    lines = [code.partition("#")[0].strip() for code in code_of(ROOT / "README.md")]

    assert {"make demo", "make test"} <= set(lines)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_make_target_in_a_page_exists(page: Path) -> None:
    """A target that was renamed is renamed everywhere."""
    named = {
        target for code in code_of(page) for target in re.findall(r"\bmake ([a-z][a-z-]*)", code)
    }

    assert named <= TARGETS


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_voteapp_command_in_a_page_exists(page: Path) -> None:
    """With its subcommand, and every option it is given."""
    for code in code_of(page):
        for call in re.findall(r"\bvoteapp ([a-z].*)", code):
            words = re.sub(r"[\[\]`|]", " ", call.partition("#")[0]).split()
            command = COMMANDS
            while words and hasattr(command, "commands") and words[0] in command.commands:
                command = command.commands[words.pop(0)]

            assert command is not COMMANDS, f"{page.name}: voteapp {call}"
            known = {name for p in command.params for name in (*p.opts, *p.secondary_opts)}
            given = {word.partition("=")[0] for word in words if re.match(r"--[a-z]", word)}
            assert given - {"--help"} <= known, f"{page.name}: voteapp {call}"


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_link_to_a_file_leads_to_one(page: Path) -> None:
    """Pictures too."""
    links = re.findall(r"\]\(([^)#\s]+)", page.read_text(encoding="utf-8"))
    missing = [
        link
        for link in links
        if "://" not in link
        and not link.startswith("mailto:")
        and not (page.parent / link).exists()
    ]

    assert missing == []


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_path_in_a_page_exists(page: Path) -> None:
    """Files and folders of the code, in inline code."""
    folders = r"(?:services|lambdas|infra|dashboard/src|polls|tests)"
    named = {
        path
        for code in re.findall(r"`([^`\n]+)`", page.read_text(encoding="utf-8"))
        for path in re.findall(rf"^{folders}/[\w./-]+$", code)
    }

    assert [path for path in sorted(named) if not (ROOT / path).exists()] == []


def test_the_map_of_the_folders_names_where_to_begin() -> None:
    """The table of CONTRIBUTING.md: a path in every row."""
    text = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
    table = text[text.index("| to change | open |") :].partition("\n\n")[0]
    rows = [row.split("|")[2] for row in table.splitlines()[2:]]

    assert len(rows) >= 10
    assert all(re.search(r"`[a-z][\w]*/[\w./-]+`", row) for row in rows)


def test_the_environments_names_are_those_of_the_settings() -> None:
    """Fixed names: whoever renames one breaks somebody's deploy."""
    names = {
        field.name.upper()
        for settings in (WebhookSettings, AggregatorSettings, PollsSettings)
        for field in fields(settings)
    }

    assert {
        "VOTES_TABLE", "AGGREGATES_TABLE", "POLLS_TABLE", "SECRET_ARN", "TWILIO_AUTH_TOKEN", "VOTER_PEPPER",
        "PUBLIC_BASE_URL", "STREAM_SHARD_ID",
    } <= names  # fmt: skip


def test_no_page_holds_a_path_of_somebodys_machine() -> None:
    """Nor a number that could be somebody's."""
    for page in PAGES:
        text = page.read_text(encoding="utf-8")

        assert not re.search(r"/(?:home|Users|root|work|tmp/w)/", text), page.name
        numbers = re.findall(r"\+1[\s-]?\d{3}[\s-]?\d{3}[\s-]?\d{4}", text)
        assert [n for n in numbers if not re.sub(r"\D", "", n).startswith("155501")] == []
