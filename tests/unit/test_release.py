"""A release holds what its tag says, and names everything that it is made of."""

import json
import re
import tarfile
import tomllib
from pathlib import Path

import pytest

from tests.locks import release
from tests.locks.bill import bill
from tests.locks.release import changes_of, check

ROOT = Path(__file__).parents[2]
CHANGELOG = "# Changelog\n\n## [Unreleased]\n\n## [1.2.3] - 2026-01-02\n\n### Added\n\n- A thing.\n\n## [1.2.2]\n\n- Old.\n"


def test_the_notes_are_the_section_of_the_version() -> None:
    """And of no other."""
    assert changes_of("1.2.3", CHANGELOG) == "### Added\n\n- A thing."
    assert changes_of("1.2.2", CHANGELOG) == "- Old."


@pytest.mark.parametrize(
    ("tag", "version", "problem"),
    [
        ("v1.2.3", "1.2.3", ""),
        ("v1.2.4", "1.2.3", "it must be v1.2.3"),
        ("1.2.3", "1.2.3", "it must be v1.2.3"),
        ("v1.2.5", "1.2.5", "no section"),
        ("v1x2.3", "1x2.3", "no section"),
    ],
)
def test_a_tag_is_released_only_with_its_version_and_its_changes(
    tag: str, version: str, problem: str
) -> None:
    """Otherwise an archive would call itself by another name than its tag."""
    said = check(tag, version, CHANGELOG)

    assert problem in said
    assert bool(problem) == bool(said)


def test_the_project_could_be_released_as_it_stands() -> None:
    """The version of the project has its changes, and each package of npm has the same version."""
    version = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]["version"]
    packages = [ROOT / "dashboard", ROOT / "docs/break-our-count", ROOT / "tests/mutants/page"]
    versions = {
        json.loads((package / file).read_text("utf-8"))["version"]
        for package in packages
        for file in ("package.json", "package-lock.json")
    }

    assert check(f"v{version}", version, (ROOT / "CHANGELOG.md").read_text("utf-8")) == ""
    assert versions == {version}


def test_the_bill_names_each_package_once_with_where_it_is_used() -> None:
    """What runs is required; what only checks or builds is excluded."""
    document = json.loads(json.dumps(bill()))
    scopes = {component["purl"]: component["scope"] for component in document["components"]}
    by_name = {re.sub(r"@[^@]*$", "", purl): scope for purl, scope in scopes.items()}

    assert (document["bomFormat"], document["specVersion"]) == ("CycloneDX", "1.6")
    assert document["metadata"]["component"]["name"] == "voteapp"
    assert len(scopes) == len(document["components"]) > 300
    assert by_name["pkg:pypi/fastapi"] == "required"
    assert by_name["pkg:pypi/aws-lambda-powertools"] == "required"
    assert by_name["pkg:pypi/pytest"] == "excluded"
    assert by_name["pkg:npm/aws4fetch"] == "required"
    assert by_name["pkg:npm/vite"] == "excluded"


def test_the_bill_has_the_hashes_of_npm_packages_in_hexadecimal() -> None:
    """The lock has them in base 64."""
    hashes = [entry for component in bill()["components"] for entry in component.get("hashes", [])]

    assert len(hashes) > 200
    assert all(re.fullmatch("[0-9a-f]{128}", entry["content"]) for entry in hashes)
    assert {entry["alg"] for entry in hashes} == {"SHA-512"}


@pytest.mark.skipif(not (ROOT / ".git").exists(), reason="the archive is made by git")
def test_a_release_has_an_archive_a_bill_and_its_notes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The archive unpacks into a folder of its name."""
    monkeypatch.setattr(release, "check", lambda *_: "")
    version = re.findall(r'^version = "(.*)"', (ROOT / "pyproject.toml").read_text(), re.MULTILINE)[
        0
    ]

    release.main(f"v{version}", tmp_path / "dist")

    assert sorted(file.name for file in (tmp_path / "dist").iterdir()) == [
        "notes.md", f"voteapp-{version}.tar.gz", "voteapp.cdx.json",
    ]  # fmt: skip
    with tarfile.open(tmp_path / "dist" / f"voteapp-{version}.tar.gz") as archive:
        assert f"voteapp-{version}/README.md" in archive.getnames()
