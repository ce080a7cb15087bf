"""Workflows and the container: what no check here can run is at least read in full."""

import re
from pathlib import Path
from typing import Any

import pytest
import yaml  # type: ignore[import-untyped]

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
def test_a_workflow_may_do_no_more_than_it_says(workflow: Path) -> None:
    """Read the sources; a deploy may also ask for a token that proves who it is."""
    document = parsed(workflow)
    allowed = {"contents": "read"}
    if workflow.name == "deploy.yml":
        allowed["id-token"] = "write"

    assert document["permissions"] == allowed
    assert True in document
    assert all("timeout-minutes" in job for job in document["jobs"].values())


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
def test_every_action_names_its_version(workflow: Path) -> None:
    """A branch would change under us."""
    for step in steps(workflow):
        if "uses" in step:
            assert re.fullmatch(r"[\w-]+/[\w-]+@v\d+", step["uses"])


def test_the_webhooks_image_does_not_run_as_root() -> None:
    """What is started has a user of its own, and copies only what is here."""
    text = (ROOT / "services/webhook/Dockerfile").read_text(encoding="utf-8")
    stages = re.split(r"^FROM ", text, flags=re.MULTILINE)
    images = [stage for stage in stages if "\nCMD " in stage]
    copied = re.findall(r"^COPY (?!--from)(.+) \S+$", text, re.MULTILINE)

    assert images
    assert all(re.search(r"^USER (?!root)\w+$", image, re.MULTILINE) for image in images)
    assert all((ROOT / source).exists() for sources in copied for source in sources.split())
