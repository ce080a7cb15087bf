"""The real stack into the emulator, by the same CDK command line as into an account."""

import json
import os
import re
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from services.tools.local.aws import LocalAws
from services.tools.local.cloud_assembly_cache import assembly
from services.tools.local.errors import LocalCloudError
from services.tools.local.processes import Process, clean_environment, run
from services.tools.local.runs import LAST_FAILURE
from services.tools.local.toolchain import ROOT, VENV

STACK: Final = "VoteApp-local"
NUMBER: Final = "+15550100100"
"""What the screen tells people to text to, where a poll names no number of its own."""
SYNTH_SECONDS: Final = 300
"""The first time, the libraries of the Lambdas are fetched and bundled."""
BOOTSTRAP_SECONDS: Final = 60
DEPLOY_SECONDS: Final = 180
"""A failing custom resource hangs in the emulator instead of failing."""
_EVENT: Final = re.compile(r"\|\s*(\d+)/(\d+)\s*\|[^|]*\|\s*(\w+)\s*\|\s*(\S+)\s*\|\s*(.*?)\s*$")


@dataclass(frozen=True, slots=True, kw_only=True)
class Outputs:
    """What the stack says about itself, by the names of its outputs."""

    webhook_url: str
    votes_table: str
    aggregates_table: str
    site_bucket: str
    identity_pool_id: str
    secret_arn: str
    guest_identity_id: str | None = None
    all: Mapping[str, str]

    @classmethod
    def read(cls, file: Path) -> "Outputs":
        """From the file that `cdk deploy --outputs-file` wrote.

        Raises:
            LocalCloudError: an output is missing.
        """
        found: dict[str, str] = json.loads(file.read_text()).get(STACK, {})
        try:
            return cls(
                webhook_url=found["WebhookUrl"],
                votes_table=found["VotesTable"],
                aggregates_table=found["AggregatesTable"],
                site_bucket=found["SiteBucket"],
                identity_pool_id=found["IdentityPoolId"],
                secret_arn=found["SecretArn"],
                guest_identity_id=found.get("GuestIdentityId"),
                all=found,
            )
        except KeyError as missing:
            raise LocalCloudError(
                f"the stack has no output {missing}", "Add it to the outputs of infra/stack.py."
            ) from None


class Deployment:
    """CDK runs against one emulator, with their log in one folder."""

    def __init__(self, aws: LocalAws, folder: Path) -> None:
        self._folder = folder
        self._env = clean_environment(
            **aws.environment(),
            # Its cache of access key to account lives there: another emulator, another answer.
            CDK_HOME=str(folder / "cdk-home"),
            CDK_DEFAULT_ACCOUNT=aws.account,
            CDK_DEFAULT_REGION=aws.region,
            CDK_DISABLE_CLI_TELEMETRY="true",
            # Node 20 still does; its warning would be all that is seen of an error.
            JSII_SILENCE_WARNING_END_OF_LIFE_NODE_VERSION="20",
            PATH=f"{ROOT / VENV / 'bin'}{os.pathsep}{os.environ['PATH']}",
        )
        self._running: set[Process] = set()
        self._where = f"aws://{aws.account}/{aws.region}"

    def synthesise(self) -> Path:
        """The templates and the Lambdas' bundles, in a folder. Needs no emulator."""
        options = ["-c", "stage=local", "-c", f"number={NUMBER}"]

        def synthesise(folder: Path) -> None:
            arguments = ["synth", "--quiet", *options, "--output", str(folder)]
            self._cdk(arguments, seconds=SYNTH_SECONDS)

        return assembly(synthesise, *options, sys.version)

    def bootstrap(self) -> None:
        """Make the bucket and the roles that every CDK deploy needs."""
        # Away from cdk.json, or it would synthesise the application for nothing.
        self._cdk(["bootstrap", self._where], seconds=BOOTSTRAP_SECONDS, cwd=self._folder)

    def deploy(self, assembled: Path, progress: Callable[[str], None]) -> Outputs:
        """Deploy what was synthesised; `progress` is told which resource is being made."""
        outputs = self._folder / "outputs.json"
        self._cdk(
            ["deploy", STACK, "--app", str(assembled), "--require-approval", "never",
             "--progress", "events", "--outputs-file", str(outputs)],
            seconds=DEPLOY_SECONDS, progress=progress,
        )  # fmt: skip
        return Outputs.read(outputs)

    def abort(self) -> None:
        """End what runs now, from another thread than the one that waits for it."""
        for process in tuple(self._running):
            process.let_go()

    def _cdk(
        self,
        arguments: Sequence[str],
        *,
        seconds: float,
        progress: Callable[[str], None] | None = None,
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
            remedy=f"The whole log: .local/{LAST_FAILURE}/{log.name}",
            on_tick=(lambda: progress(_latest(log))) if progress else None,
        )
        self._running.discard(process)


def _latest(log: Path) -> str:
    """The last resource event of a deploy as `12/31 DynamoDB Table`; empty before the first."""
    for line in reversed(log.read_text(errors="replace").splitlines()):
        if event := _EVENT.search(line):
            done, among, _, kind, _ = event.groups()
            return f"{done}/{among} {kind.removeprefix('AWS::').replace('::', ' ')}"
    return ""
