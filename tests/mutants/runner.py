"""Runs tests in a copy of the checkout: pytest's in forks of one process, and Node's."""

import json
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

FORKING: Final = Path(__file__).with_name("forking.py")
LIBRARIES: Final = (
    "aiohttp.web", "boto3", "fastapi", "httpx", "hypothesis",
    "moto.dynamodb.responses", "pytest", "pytest_asyncio", "pytest_socket", "rapidfuzz.distance",
    "rich.markdown", "typer", "uvicorn",
)  # fmt: skip
CDK_MODULES: Final = (
    "apigatewayv2", "apigatewayv2_integrations", "budgets", "cloudfront", "cloudfront_origins",
    "cloudwatch", "cloudwatch_actions", "cognito", "dynamodb", "ec2", "ecr_assets", "ecs",
    "elasticloadbalancingv2", "iam", "lambda", "logs", "s3", "s3_deployment", "secretsmanager",
    "sns", "sns_subscriptions",
)  # fmt: skip
CDK: Final = ("aws_cdk.assertions", "cdk_nag", *(f"aws_cdk.aws_{name}" for name in CDK_MODULES))
RUNS: Final = 20
"""Of one process: the Node process of the CDK keeps every stack that was ever built."""

FAILED: Final = 1
LAST_LINES: Final = 12


class RunnerError(Exception):
    """No answer came: the process has ended, or was stopped."""


@dataclass(slots=True)
class Runner:
    """Runs tests in `root`, one run at a time. Its temporary files are beside it."""

    root: Path
    libraries: tuple[str, ...] = LIBRARIES
    _process: subprocess.Popen[str] | None = field(init=False, default=None)
    _imported: tuple[str, ...] = field(init=False, default=())
    _runs: int = field(init=False, default=0)

    def run(self, tests: Sequence[str], timeout_seconds: float) -> int:
        """The exit code of pytest or Node; that of a failure where a test hangs.

        Raises: RunnerError where it is stopped meanwhile.
        """
        if all(name.endswith(".js") for name in tests):
            return self._run_node(tests, timeout_seconds)
        process = self._forking(tests)
        assert process.stdin
        assert process.stdout
        asked = {
            "tests": tests, "timeout_seconds": timeout_seconds, "output_file": str(self._output),
        }  # fmt: skip
        process.stdin.write(json.dumps(asked) + "\n")
        process.stdin.flush()
        self._runs += 1
        answer = process.stdout.readline()
        if not answer:
            raise RunnerError(f"the process that runs the tests ended: {' '.join(tests)}")
        code = int(answer)
        if code < 0:
            self.stop()  # cut off, maybe in the middle of a question to Node
        return FAILED if code < 0 else code

    def last_lines(self) -> str:
        """How the output of the last run ends."""
        return "\n".join(self._output.read_text(encoding="utf-8").splitlines()[-LAST_LINES:])

    def stop(self) -> None:
        """Kill the process that forks, its forks, Node, and what tests have left running."""
        process, self._process = self._process, None
        if process is not None:
            with process, suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)

    def _forking(self, tests: Sequence[str]) -> subprocess.Popen[str]:
        """The process that forks for tests; a new one for other libraries or after many runs."""
        in_cdk = any(name.startswith("tests/infra") for name in tests)
        libraries = self.libraries + (CDK if in_cdk else ())
        process = self._process
        usable = self._runs < RUNS and libraries == self._imported
        if process and usable and process.poll() is None:
            return process
        return self._start(libraries)

    def _start(self, libraries: tuple[str, ...]) -> subprocess.Popen[str]:
        self.stop()
        temporary = self.root.with_name(f"{self.root.name}.tmp")
        shutil.rmtree(temporary, ignore_errors=True)
        temporary.mkdir()
        environment = {**os.environ, "PYTHONPATH": str(self.root), "TMPDIR": str(temporary)}
        environment.pop("PYTEST_ADDOPTS", None)
        self._process = subprocess.Popen(
            [sys.executable, "-P", str(FORKING), *libraries], cwd=self.root, env=environment,
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True,
            start_new_session=True,
        )  # fmt: skip
        self._imported, self._runs = libraries, 0
        return self._process

    @property
    def _output(self) -> Path:
        return self.root.with_name(f"{self.root.name}.txt")

    def _run_node(self, tests: Sequence[str], timeout_seconds: float) -> int:
        try:
            with self._output.open("w", encoding="utf-8") as output:
                return subprocess.run(
                    ["node", "--test", *tests], cwd=self.root, stdin=subprocess.DEVNULL,
                    stdout=output, stderr=output, check=False, timeout=timeout_seconds,
                ).returncode  # fmt: skip
        except subprocess.TimeoutExpired:
            return FAILED
