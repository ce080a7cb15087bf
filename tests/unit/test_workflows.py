"""Workflows and the container: what no check here can run is at least read in full."""

import re
from pathlib import Path
from typing import Any

import pytest
import yaml  # type: ignore[import-untyped]

from tests.locks.lockfiles import LOCKS, NPM_FOLDERS

ROOT = Path(__file__).parents[2]
WORKFLOWS = sorted((ROOT / ".github" / "workflows").glob("*.yml"))


def parsed(file: Path) -> dict[Any, Any]:
    """A YAML file. In YAML 1.1 the key `on` is the value true."""
    document: dict[Any, Any] = yaml.safe_load(file.read_text(encoding="utf-8"))
    return document


def steps(workflow: Path) -> list[dict[str, Any]]:
    """All steps of all jobs."""
    return [step for job in parsed(workflow)["jobs"].values() for step in job["steps"]]


def test_the_checks_are_those_of_the_project() -> None:
    """The script that everybody runs, and nothing of its own."""
    ran = [step["run"] for step in steps(ROOT / ".github/workflows/checks.yml") if "run" in step]

    assert ran == [".ci/run"]
    assert (ROOT / ".ci/run").exists()


@pytest.mark.parametrize("workflow", WORKFLOWS, ids=lambda file: file.name)
def test_a_job_may_do_no_more_than_it_says(workflow: Path) -> None:
    """A workflow reads the sources; a job says itself what else it needs."""
    document = parsed(workflow)
    allowed = {
        "checks": {"contents": "read"},
        "deploy": {"contents": "read", "id-token": "write"},
        "build": {"contents": "read"},
        "attest": {"id-token": "write", "attestations": "write"},
        "publish": {"contents": "write"},
        "site": {"contents": "read"},
        "pages": {"pages": "write", "id-token": "write"},
    }

    assert document["permissions"] == {"contents": "read"}
    assert True in document
    for name, job in document["jobs"].items():
        assert job["permissions"] == allowed[name]
        assert "timeout-minutes" in job


@pytest.mark.parametrize("workflow", WORKFLOWS, ids=lambda file: file.name)
def test_no_workflow_holds_or_asks_for_a_stored_key(workflow: Path) -> None:
    """A deploy is lent a role; there is no secret to steal."""
    text = workflow.read_text(encoding="utf-8")

    assert "secrets." not in text
    assert not re.search("aws-(access|secret)|AKIA", text, re.IGNORECASE)


def test_a_deploy_takes_its_role_by_openid_connect() -> None:
    """With the region, and only after the checks."""
    (taken,) = [
        s
        for s in steps(ROOT / ".github/workflows/deploy.yml")
        if "role-to-assume" in s.get("with", {})
    ]
    names = [
        str(s.get("uses") or s.get("run")) for s in steps(ROOT / ".github/workflows/deploy.yml")
    ]

    assert taken["uses"].startswith("aws-actions/configure-aws-credentials@")
    assert set(taken["with"]) == {"role-to-assume", "aws-region", "role-session-name"}
    assert names.index("make check") < names.index(taken["uses"])
    assert names.index("make synth-check") < names.index(taken["uses"])


@pytest.mark.parametrize("workflow", WORKFLOWS, ids=lambda file: file.name)
def test_no_expression_is_written_into_a_script(workflow: Path) -> None:
    """What somebody types into a form could be a command there; it comes by the environment."""
    assert not [step["run"] for step in steps(workflow) if "${{" in step.get("run", "")]


@pytest.mark.parametrize("workflow", WORKFLOWS, ids=lambda file: file.name)
def test_every_action_is_pinned_to_a_commit(workflow: Path) -> None:
    """A tag can be moved to other code; the version stands beside it for people and Dependabot."""
    lines = [line for line in workflow.read_text().splitlines() if "uses:" in line]

    assert lines
    for line in lines:
        assert re.search(r"uses: [\w-]+/[\w-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+$", line)


def test_an_action_has_one_commit_everywhere() -> None:
    """One that was renewed in one workflow is renewed in all."""
    used = {
        line.partition("uses: ")[2]
        for workflow in WORKFLOWS
        for line in workflow.read_text().splitlines()
        if "uses:" in line
    }
    names = [use.partition("@")[0] for use in used]

    assert sorted(names) == sorted(set(names))


def test_a_release_is_checked_before_it_is_attested_and_attested_before_it_is_published() -> None:
    """With a bill of materials of its own."""
    jobs = parsed(ROOT / ".github/workflows/release.yml")["jobs"]
    ran = [step["run"] for step in jobs["build"]["steps"] if "run" in step]
    attested = [step["with"] for step in jobs["attest"]["steps"] if "attest@" in step["uses"]]

    assert ran == ["make audit", "make check", 'python -m tests.locks.release "$TAG" dist']
    assert jobs["attest"]["needs"] == "build"
    assert jobs["publish"]["needs"] == "attest"
    assert attested == [
        {"subject-path": "dist/*.tar.gz"},
        {"subject-path": "dist/*.tar.gz", "sbom-path": "dist/voteapp.cdx.json"},
    ]


def test_the_site_that_is_published_is_the_one_that_make_docs_builds() -> None:
    """Where the workflow uploads it from, the target puts it; wrong links stop both."""
    jobs = parsed(ROOT / ".github/workflows/docs.yml")["jobs"]
    ran = [step["run"] for step in jobs["site"]["steps"] if "run" in step]
    (upload,) = [step for step in jobs["site"]["steps"] if "pages-artifact@" in str(step)]
    target = (ROOT / "Makefile").read_text(encoding="utf-8").partition("\ndocs:")[2]

    assert ran == ["make docs"]
    assert jobs["pages"]["needs"] == "site"
    assert f"docs_site.build {upload['with']['path']} " in target.partition("\n\n")[0]


def test_dependabot_looks_into_every_folder_that_has_dependencies() -> None:
    """Python's .in files, npm's package.json files, the actions, and the image."""
    updates = parsed(ROOT / ".github/dependabot.yml")["updates"]
    watched = {
        update["package-ecosystem"]: {
            folder
            for pattern in update.get("directories") or [update["directory"]]
            for folder in ROOT.parent.glob(f"{ROOT.name}{pattern}")
        }
        for update in updates
    }
    python = {(ROOT / lock).parent for lock in LOCKS} | {ROOT / "tests"}

    assert set(watched) == {"pip", "npm", "github-actions", "docker"}
    assert python <= watched["pip"]
    assert {ROOT / folder for folder in NPM_FOLDERS} == watched["npm"]
    assert all((folder / "Dockerfile").exists() for folder in watched["docker"])
    assert all(update["cooldown"] == {"default-days": 7} for update in updates)


def test_the_webhooks_image_does_not_run_as_root() -> None:
    """What is started has a user of its own, and copies only what is here."""
    text = (ROOT / "services/webhook/Dockerfile").read_text(encoding="utf-8")
    stages = re.split(r"^FROM ", text, flags=re.MULTILINE)
    images = [stage for stage in stages if "\nCMD " in stage]
    copied = re.findall(r"^COPY (?!--from)(.+) \S+$", text, re.MULTILINE)

    assert images
    assert all(re.search(r"^USER (?!root)\w+$", image, re.MULTILINE) for image in images)
    assert all((ROOT / source).exists() for sources in copied for source in sources.split())
