"""Synthesised templates: a combination of stage and options once, until what it is made of changes."""

import hashlib
import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from functools import cache, cached_property
from importlib.metadata import version
from pathlib import Path
from typing import Any

import pytest
from aws_cdk import App
from aws_cdk.assertions import Template

from infra import packaging
from infra.config import StageConfig
from infra.options import Options
from infra.packaging import Packager
from infra.stack import VotingStack
from infra.stage_options import StageOptions
from services.tools.local.cloud_assembly_cache import cached_assembly
from services.tools.local.runs import STATE

POLLS = {"colors.toml": 'question = "Which?"'}
"""The template carries the text of a poll and does not read it."""

Synthesise = Callable[..., dict[str, Any]]


class Resources:
    """Finds the resources of a template by type and purpose, never by logical id."""

    def __init__(self, template: dict[str, Any]) -> None:
        self.all: dict[str, dict[str, Any]] = template["Resources"]

    def of(self, kind: str) -> dict[str, dict[str, Any]]:
        """Resources of a type, by logical id."""
        return {name: r for name, r in self.all.items() if r["Type"] == kind}

    def only(self, kind: str) -> dict[str, Any]:
        """The properties of the one resource of a type."""
        (resource,) = self.of(kind).values()
        return dict(resource["Properties"])

    def table(self, name: str) -> dict[str, Any]:
        """The table of votes (it has a TTL), aggregates (it has a stream) or polls."""
        (found,) = (
            table
            for table in self.of("AWS::DynamoDB::Table").values()
            if name
            == (
                "votes"
                if "TimeToLiveSpecification" in table["Properties"]
                else "aggregates"
                if "StreamSpecification" in table["Properties"]
                else "polls"
            )
        )
        return found

    def mapping(self, name: str) -> dict[str, Any]:
        """The properties of the event source mapping of `lambdas.<name>`."""
        (found,) = (
            mapping["Properties"]
            for mapping in self.of("AWS::Lambda::EventSourceMapping").values()
            if self.readable(mapping["Properties"]["FunctionName"]) == name
        )
        return dict(found)

    def queues(self) -> dict[str, dict[str, Any]]:
        """The fallback's `queue` and its `dead letters`, if there are any."""
        found = self.of("AWS::SQS::Queue").values()
        names = {True: "queue", False: "dead letters"}
        return {names["RedrivePolicy" in queue["Properties"]]: queue for queue in found}

    def function(self, name: str) -> dict[str, Any]:
        """The properties of the function that runs `lambdas.<name>`."""
        handler = f"lambdas.{name}.handler.handler"
        (found,) = (
            function["Properties"]
            for function in self.of("AWS::Lambda::Function").values()
            if function["Properties"].get("Handler") == handler
        )
        return dict(found)

    def rules(self) -> dict[str, tuple[str, dict[str, Any]]]:
        """Logical id and properties of the rule that calls each `lambdas.<name>`."""
        found = {}
        for logical, rule in self.of("AWS::Events::Rule").items():
            (target,) = rule["Properties"]["Targets"]
            name = str(self.readable(target["Arn"])).removesuffix(".Arn")
            found[name] = (logical, dict(rule["Properties"]))
        return found

    def readable(self, value: Any) -> Any:
        """Replace logical ids in a value by what they are for, as in `votes.Arn`."""
        match value:
            case {"Ref": str(name)}:
                return self._known.get(name, name)
            case {"Fn::GetAtt": [str(name), str(attribute)]}:
                return f"{self._known.get(name, name)}.{attribute}"
            case dict():
                return {key: self.readable(held) for key, held in value.items()}
            case list():
                return [self.readable(held) for held in value]
        return value

    @cached_property
    def _known(self) -> dict[str, str]:
        """Readable names of resources by logical id."""
        known = {
            **{id(self.table(name)): name for name in ("votes", "aggregates", "polls")},
            **{id(queue): name for name, queue in self.queues().items()},
            **{id(held): "secret" for held in self.of("AWS::SecretsManager::Secret").values()},
        }
        names = {name: known[id(held)] for name, held in self.all.items() if id(held) in known}
        for name, function in self.of("AWS::Lambda::Function").items():
            handler = str(function["Properties"].get("Handler", "")).split(".")
            if handler[0] == "lambdas":
                names[name] = f"{handler[1]} function" if handler[1] == "polls" else handler[1]
                names[function["Properties"]["LoggingConfig"]["LogGroup"]["Ref"]] = (
                    f"{handler[1]} log"
                )
        return names

    def statements(self) -> Iterator[tuple[str, dict[str, Any]]]:
        """Every statement of a policy for a role: logical id of the role, statement."""
        for policy in self.of("AWS::IAM::Policy").values():
            for role in policy["Properties"]["Roles"]:
                for statement in policy["Properties"]["PolicyDocument"]["Statement"]:
                    yield role["Ref"], statement


@pytest.fixture(scope="session")
def synthesise(tmp_path_factory: pytest.TempPathFactory) -> Synthesise:
    """Synthesise a stage with options, without wheels; templates are kept."""
    bundles = tmp_path_factory.mktemp("bundles")

    def made(stage: str, **options: Any) -> dict[str, Any]:
        what = json.dumps([stage, options], sort_keys=True)
        template = kept(
            what, lambda: Template.from_stack(build(stage, bundles, **options)).to_json()
        )
        return dict(template)

    return made


def kept(what: str, make: Callable[[], Any]) -> Any:
    """What `make` returned, in this run or in an earlier one with the same sources."""
    file = _folder() / f"{hashlib.sha256(what.encode()).hexdigest()}.json"
    if not file.exists():
        draft = file.with_suffix(f".{os.getpid()}")
        draft.write_text(json.dumps(make()))
        draft.rename(file)
    return json.loads(file.read_text())


@cache
def _folder() -> Path:
    """For what is made of these sources, by these versions and these tests."""
    state = STATE / "templates"
    state.mkdir(parents=True, exist_ok=True)
    tests = [file.read_text() for file in sorted(Path(__file__).parent.glob("*.py"))]
    versions = [version(name) for name in ("aws-cdk-lib", "cdk-nag", "cfn-lint")]
    return cached_assembly(Path.mkdir, sys.version, *versions, *tests, state=state)


def build(stage: str, bundles: Path, **options: Any) -> VotingStack:
    """The stack of a stage, in an app of its own."""
    given = StageOptions.of(stage, options)
    config = StageConfig.of(stage, Options.parse(given.all))
    packager = Packager(config=config, complete=False, folder=bundles)
    return VotingStack(
        App(), config.stack_name, config=config, bundles=packager, polls=POLLS, given=given
    )


@pytest.fixture(params=["local", "dev", "prod"])
def stage(request: pytest.FixtureRequest) -> str:
    """Each stage in turn."""
    return str(request.param)


@pytest.fixture
def resources(synthesise: Synthesise, stage: str) -> Resources:
    """The resources of a stage without options."""
    return Resources(synthesise(stage))


def packager(folder: Path, stage: str = "prod", *, complete: bool = False) -> Packager:
    """A packager of a stage, in a folder of its own."""
    return Packager(config=StageConfig.of(stage, Options()), complete=complete, folder=folder)


@pytest.fixture
def pip(monkeypatch: pytest.MonkeyPatch) -> list[list[str]]:
    """The commands that pip would have run; each creates one module in its target."""
    commands: list[list[str]] = []

    def run(command: list[str], **_: Any) -> subprocess.CompletedProcess[str]:
        commands.append(command)
        target = Path(command[command.index("--target") + 1])
        (target / "wheel.py").write_text("")
        return subprocess.CompletedProcess(command, 0, "", "")

    monkeypatch.setattr(subprocess, "run", run)
    monkeypatch.setattr(packaging, "_python", lambda _: None)  # nothing is compiled
    return commands
