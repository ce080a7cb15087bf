"""How Markdown files become the pages of the site, and what Python its page packs."""

import asyncio
import sys
import zipfile
from pathlib import Path

import pytest

from services.tools.docs_site.build import SiteError, repository_address, run_zensical
from services.tools.docs_site.links import BrokenLinkError, LinkRewriter
from services.tools.docs_site.lists import indent_list_items
from services.tools.docs_site.pages import gather_pages
from services.tools.docs_site.python_archive import (
    find_foreign_imports,
    find_modules,
    write_archive,
)
from services.tools.replay.deployed import DEPLOYED, silence
from services.tools.replay.faults import ALL
from services.tools.replay.generate import make_scenario
from services.tools.replay.outcome import ReplayResult
from services.tools.replay.rules_only import RULES_ONLY
from services.tools.replay.simulation import Replay
from services.tools.replay.stores import MemoryEngine
from services.tools.replay.system import System

ROOT = Path(__file__).parents[2]
CODE = "https://example.com/blob/1"


def rewriter(repository: str = CODE) -> LinkRewriter:
    """The pages that the README and the docs become."""
    pages = {
        "README.md": "index.md",
        "docs/adr/README.md": "adr/index.md",
        "docs/alarms.md": "alarms.md",
    }
    return LinkRewriter(root=ROOT, pages=pages, repository=repository)


@pytest.mark.parametrize(
    ("source", "written", "shown"),
    [
        ("README.md", "[a](docs/alarms.md#b)", "[a](alarms.md#b)"),
        ("docs/adr/README.md", "[a](../../README.md)", "[a](../index.md)"),
        ("docs/alarms.md", "[a](../infra/stack.py)", f"[a]({CODE}/infra/stack.py)"),
        ("README.md", '<img src="docs/alarms.md">', '<img src="alarms.md">'),
        ("docs/alarms.md", "[a](#b) [c](https://d.e)", "[a](#b) [c](https://d.e)"),
        ("docs/alarms.md", "`[a](b)`\n```\n[c](d)\n```\n", "`[a](b)`\n```\n[c](d)\n```\n"),
    ],
)
def test_a_link_leads_where_its_file_is_shown(source: str, written: str, shown: str) -> None:
    """A page of the site, or the file in the repository; code is no link."""
    assert rewriter().rewrite(source, written) == shown


def test_without_an_address_of_the_repository_a_file_is_named_without_a_link() -> None:
    """Also around a picture."""
    text = "[the stack](infra/stack.py) [![x](docs/alarms.md)](LICENSE)"
    shown = rewriter(repository="").rewrite("README.md", text)

    assert shown == "the stack ![x](alarms.md)"


def test_a_link_to_no_file_stops_the_build() -> None:
    """With the file that has it."""
    with pytest.raises(BrokenLinkError, match=r"README\.md.*docs/missing\.md"):
        rewriter().rewrite("README.md", "[a](docs/missing.md)")


def test_what_belongs_to_a_list_item_is_indented_by_four_columns() -> None:
    """Whatever width the item's marker has; nothing else moves."""
    text = "1. a\n\n   b\n- c\n  d\n\nend\n    code\n```\n- e\n  f\n```\n"
    indented = "1. a\n\n    b\n- c\n    d\n\nend\n    code\n```\n- e\n  f\n```\n"

    assert indent_list_items(text) == indented


def test_a_page_that_is_not_there_yet_is_left_out_of_the_navigation(tmp_path: Path) -> None:
    """Whoever writes it has nothing else to do."""
    gather_pages(ROOT, tmp_path, repository="", site_url="https://example.com/")
    shown = (tmp_path / "zensical.toml").read_text(encoding="utf-8")
    entries = [line for line in shown.splitlines() if '.md"}' in line]

    assert '"deploy.md"' in shown
    assert 'site_url = "https://example.com/"' in shown
    assert all((tmp_path / "docs" / line.split('"')[3]).exists() for line in entries)


@pytest.mark.parametrize("wrong", ["[a](#nowhere)", "[a](other.md#nowhere)", "[a](missing.md)"])
def test_a_wrong_link_or_anchor_fails_the_build(wrong: str, tmp_path: Path) -> None:
    """As the site's configuration is."""
    gather_pages(ROOT, tmp_path, repository="", site_url="")
    config = (tmp_path / "zensical.toml").read_text(encoding="utf-8")
    start, end = config.index("nav = ["), config.index("[project.theme]")
    (tmp_path / "zensical.toml").write_text(config[:start] + config[end:], encoding="utf-8")
    for page in (tmp_path / "docs").rglob("*.md"):
        page.unlink()
    (tmp_path / "docs/index.md").write_text(f"# One\n\n{wrong}\n", encoding="utf-8")
    (tmp_path / "docs/other.md").write_text("# Two\n", encoding="utf-8")

    with pytest.raises(SiteError, match="does not exist"):
        run_zensical(tmp_path)


def test_a_workflow_links_to_the_files_of_its_commit() -> None:
    """Elsewhere no address is known."""
    workflow = {
        "GITHUB_SERVER_URL": "https://github.com",
        "GITHUB_REPOSITORY": "owner/name",
        "GITHUB_SHA": "abc",
    }

    assert repository_address(workflow) == "https://github.com/owner/name/blob/abc"
    assert repository_address({}) == ""


def test_the_packed_python_is_ours_as_it_is_and_imports_nothing_else(tmp_path: Path) -> None:
    """The rules and the aggregator, byte for byte, on the standard library alone."""
    write_archive(ROOT, tmp_path / "voteapp.zip")
    with zipfile.ZipFile(tmp_path / "voteapp.zip") as packed:
        held = {name: packed.read(name) for name in packed.namelist()}
    foreign = find_foreign_imports(find_modules(ROOT))

    assert foreign <= set(sys.stdlib_module_names)
    assert {
        "lambdas/aggregator/batch.py", "lambdas/aggregator/records.py", "services/voting/fold.py",
        "services/voting/intake.py", "services/voting/ballot.py", "services/voting/tally.py",
    } <= set(held)  # fmt: skip
    assert all(content == (ROOT / name).read_bytes() for name, content in held.items())


def test_the_rules_alone_count_as_what_is_deployed_does() -> None:
    """Every fault, the same seed: the webhook and the metrics change no count."""

    def replayed(system: System) -> ReplayResult:
        scenario = make_scenario(voters=60, minutes=5, seed=3)
        replay = Replay(scenario, MemoryEngine(), system, faults=ALL, seed=3)
        with silence():
            return asyncio.run(replay.run())

    alone, deployed = replayed(RULES_ONLY), replayed(DEPLOYED)

    assert alone.exact
    assert (alone.ours, alone.truth) == (deployed.ours, deployed.truth)
    assert (alone.counters_2015, alone.differences) == (
        deployed.counters_2015,
        deployed.differences,
    )
    assert alone.injected == deployed.injected
