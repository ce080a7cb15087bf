"""Runs the webhook under uvicorn: the emulator's HTTP API takes 60 ms a text."""

import sys
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from services.settings import WebhookSettings
from services.tools.local.aws import LocalAws
from services.tools.local.deployment import Outputs
from services.tools.local.folders import ROOT
from services.tools.local.ports import HOST, free_port
from services.tools.local.processes import Process, clean_environment, wait_until
from services.tools.local.runs import LAST_FAILURE


@contextmanager
def webhook(
    aws: LocalAws,
    outputs: Outputs,
    folder: Path,
    *,
    name: str = "webhook",
    port: int | None = None,
    dynamodb: str | None = None,
) -> Iterator[tuple[Process, str]]:
    """Start the webhook; yield its process and the URL to post texts to.

    Without a `port` it takes a free one. `dynamodb` is the endpoint of DynamoDB, if it is not the
    emulator's.

    Raises:
        ServerDiedError, CommandFailedError: it did not start.
    """
    base = f"http://{HOST}:{(port := port or free_port())}"
    settings = WebhookSettings(
        votes_table=outputs.votes_table,
        polls_table=outputs.polls_table,
        secret_arn=outputs.secret_arn,
        public_base_url=base,
    )
    command = [
        sys.executable, "-m", "uvicorn", "services.webhook.entry:app",
        "--host", HOST, "--port", str(port), "--no-access-log", "--log-level", "warning",
        "--timeout-graceful-shutdown", "1",
    ]  # fmt: skip
    store = {"AWS_ENDPOINT_URL_DYNAMODB": dynamodb} if dynamodb else {}
    process = Process(
        name, command,
        env=clean_environment(**aws.environment(), **store, **settings.to_env()),
        log=folder / f"{name}.log", cwd=ROOT,
    )  # fmt: skip
    with process:
        wait_until(
            lambda: _healthy(base), process,
            seconds=20, remedy=f"The full log: .local/{LAST_FAILURE}/{name}.log",
        )  # fmt: skip
        yield process, f"{base}/sms"


def _healthy(base: str) -> bool:
    try:
        with urllib.request.urlopen(f"{base}/health", timeout=5) as response:  # noqa: S310 - our own loopback address
            return bool(response.status == 200)  # noqa: PLR2004 - OK
    except OSError:
        return False
