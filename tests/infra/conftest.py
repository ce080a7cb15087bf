"""Templates to ask questions of: each stage and choice is synthesised once a session."""

from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from aws_cdk import App
from aws_cdk.assertions import Template

from infra.config import Options, StageConfig
from infra.packaging import Packager
from infra.stack import VotingStack
from tests.support.mailbox import aggregates, mailbox

__all__ = ["aggregates", "mailbox"]

POLLS = {"colors.toml": 'question = "Which?"'}
"""The template carries the text of a poll and does not read it."""

Synthesise = Callable[..., Template]


class Resources:
    """The resources of a template, by type and by what they are for, never by logical id."""

    def __init__(self, template: Template) -> None:
        self.all: dict[str, dict[str, Any]] = template.to_json()["Resources"]

    def of(self, kind: str) -> dict[str, dict[str, Any]]:
        """Resources of a type, by logical id."""
        return {name: r for name, r in self.all.items() if r["Type"] == kind}

    def only(self, kind: str) -> dict[str, Any]:
        """The properties of the one resource of a type."""
        (resource,) = self.of(kind).values()
        return dict(resource["Properties"])

    def table(self, ttl: str | None) -> dict[str, Any]:
        """The table with this TTL attribute: the votes have one, the aggregates do not."""
        (found,) = (
            table
            for table in self.of("AWS::DynamoDB::Table").values()
            if table["Properties"].get("TimeToLiveSpecification", {}).get("AttributeName") == ttl
        )
        return found

    def function(self, name: str) -> dict[str, Any]:
        """The properties of the function that runs `lambdas.<name>`."""
        handler = f"lambdas.{name}.handler.handler"
        (found,) = (
            function["Properties"]
            for function in self.of("AWS::Lambda::Function").values()
            if function["Properties"].get("Handler") == handler
        )
        return dict(found)

    def statements(self) -> Iterator[tuple[str, dict[str, Any]]]:
        """Every statement of a policy for a role: logical id of the role, statement."""
        for policy in self.of("AWS::IAM::Policy").values():
            for role in policy["Properties"]["Roles"]:
                for statement in policy["Properties"]["PolicyDocument"]["Statement"]:
                    yield role["Ref"], statement


@pytest.fixture(scope="session")
def synthesise(tmp_path_factory: pytest.TempPathFactory) -> Synthesise:
    """Template of a stage with options, without its wheels; the same one when asked again."""
    bundles = tmp_path_factory.mktemp("bundles")

    @cache
    def made(stage: str, **options: Any) -> Template:
        return Template.from_stack(build(stage, bundles, **options))

    return made


def build(stage: str, bundles: Path, **options: Any) -> VotingStack:
    """The stack of a stage, in an app of its own."""
    config = StageConfig.of(stage, Options.parse(options))
    packager = Packager(config=config, complete=False, folder=bundles)
    return VotingStack(App(), config.stack_name, config=config, bundles=packager, polls=POLLS)


@pytest.fixture(params=["local", "dev", "prod"])
def stage(request: pytest.FixtureRequest) -> str:
    """Each stage in turn."""
    return str(request.param)


@pytest.fixture
def resources(synthesise: Synthesise, stage: str) -> Resources:
    """The resources of a stage without options."""
    return Resources(synthesise(stage))
