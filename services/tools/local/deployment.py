"""Deploys the real stack into the emulator, with the CDK command line."""

import json
import os
import re
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from services.tools.local.aws import LocalAws
from services.tools.local.cloud_assembly_cache import cached_assembly
from services.tools.local.errors import LocalCloudError
from services.tools.local.folders import ROOT, VENV
from services.tools.local.processes import Process, clean_environment, run
from services.tools.local.runs import LAST_FAILURE

STACK: Final = "VoteApp-local"
NUMBER: Final = "+15550100100"
"""Phone number that the dashboard shows for polls that name no number of their own."""
SYNTH_SECONDS: Final = 300
"""The first synthesis downloads and bundles the libraries of the Lambdas."""
BOOTSTRAP_SECONDS: Final = 60
DEPLOY_SECONDS: Final = 180
"""In the emulator, a custom resource that fails makes the deploy hang."""
NO_OPTIONS: Final[Mapping[str, str]] = {}
_EVENT: Final = re.compile(r"\|\s*(\d+)/(\d+)\s*\|[^|]*\|\s*(\w+)\s*\|\s*(\S+)\s*\|\s*(.*?)\s*$")


@dataclass(frozen=True, slots=True, kw_only=True)
class Outputs:
    """The outputs of the stack."""

    webhook_url: str
    votes_table: str
    aggregates_table: str
    polls_table: str
    site_bucket: str
    identity_pool_id: str
    secret_arn: str
    guest_identity_id: str | None = None
    reader_function: str | None = None
    """Only for a large audience."""
    all: Mapping[str, str]

    @classmethod
    def read(cls, file: Path) -> "Outputs":
        """Read the file that `cdk deploy --outputs-file` wrote.

        Raises:
            LocalCloudError: an output is missing.
        """
        found: dict[str, str] = json.loads(file.read_text()).get(STACK, {})
        try:
            return cls(
                webhook_url=found["WebhookUrl"],
                votes_table=found["VotesTable"],
                aggregates_table=found["AggregatesTable"],
                polls_table=found["PollsTable"],
                site_bucket=found["SiteBucket"],
                identity_pool_id=found["IdentityPoolId"],
                secret_arn=found["SecretArn"],
                guest_identity_id=found.get("GuestIdentityId"),
                reader_function=found.get("ReaderFunction"),
                all=found,
            )
        except KeyError as missing:
            raise LocalCloudError(
                f"the stack has no output {missing}", "Add it to the outputs of infra/stack.py."
            ) from None


class LocalDeployment:
    """Runs CDK commands against one emulator and writes their logs into one folder."""

    def __init__(
        self, aws: LocalAws, folder: Path, options: Mapping[str, str] = NO_OPTIONS
    ) -> None:
        """`options` are those of the stack, as a deploy gives them with `-c`."""
        self._folder = folder
        self._options = options
        self._env = clean_environment(
            **aws.environment(),
            # CDK caches account ids here; each emulator needs a cache of its own.
            CDK_HOME=str(folder / "cdk-home"),
            CDK_DEFAULT_ACCOUNT=aws.account,
            CDK_DEFAULT_REGION=aws.region,
            CDK_DISABLE_CLI_TELEMETRY="true",
            # It would double the time of a synthesis. A test asserts that it finds nothing.
            CDK_VALIDATION="false",
            # Node 20 works; its warning would hide the last lines of an error.
            JSII_SILENCE_WARNING_END_OF_LIFE_NODE_VERSION="20",
            PATH=f"{VENV / 'bin'}{os.pathsep}{os.environ['PATH']}",
        )
        self._running: set[Process] = set()
        self._target = f"aws://{aws.account}/{aws.region}"

    def synthesise(self) -> Path:
        """Return a folder with the templates and the Lambda bundles. Needs no emulator."""
        given = {"stage": "local", "number": NUMBER, **self._options}
        options = [part for name, value in given.items() for part in ("-c", f"{name}={value}")]

        def synthesise(folder: Path) -> None:
            arguments = ["synth", "--quiet", *options, "--output", str(folder)]
            self._cdk(arguments, seconds=SYNTH_SECONDS)

        return cached_assembly(synthesise, *options, sys.version)

    def bootstrap(self) -> None:
        """Create the bucket and the roles that every CDK deploy needs."""
        # In a folder without cdk.json, or it would synthesise the application first.
        self._cdk(["bootstrap", self._target], seconds=BOOTSTRAP_SECONDS, cwd=self._folder)

    def deploy(self, assembly: Path, on_progress: Callable[[str], None]) -> Outputs:
        """Deploy a synthesised folder; call `on_progress` with the resource being created."""
        outputs = self._folder / "outputs.json"
        self._cdk(
            ["deploy", STACK, "--app", str(assembly), "--require-approval", "never",
             "--progress", "events", "--outputs-file", str(outputs)],
            seconds=DEPLOY_SECONDS, on_progress=on_progress,
        )  # fmt: skip
        return Outputs.read(outputs)

    def abort(self) -> None:
        """Stop the running CDK commands; may be called from any thread."""
        for process in tuple(self._running):
            process.begin_stop()

    def _cdk(
        self,
        arguments: Sequence[str],
        *,
        seconds: float,
        on_progress: Callable[[str], None] | None = None,
        cwd: Path = ROOT,
    ) -> None:
        verb = arguments[0]
        log = self._folder / f"cdk-{verb}.log"
        command = [
            str(ROOT / "infra/node_modules/.bin/cdk"),
            *arguments,
            "--no-color",
            "--no-notices",
        ]
        process = Process(f"cdk {verb}", command, env=self._env, log=log, cwd=cwd)
        self._running.add(process)
        run(
            process,
            seconds=seconds,
            remedy=f"The full log: .local/{LAST_FAILURE}/{log.name}",
            on_tick=(lambda: on_progress(_latest_event(log))) if on_progress else None,
        )
        self._running.discard(process)


def _latest_event(log: Path) -> str:
    """Return the last resource event as `12/31 DynamoDB Table`, or "" before the first."""
    for line in reversed(log.read_text(errors="replace").splitlines()):
        if event := _EVENT.search(line):
            done, total, _, kind, _ = event.groups()
            return f"{done}/{total} {kind.removeprefix('AWS::').replace('::', ' ')}"
    return ""
