"""The programs of compose.yaml, run without containers against the local cloud."""

import json
import os
import re
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from services.tools.demo.cloud import LocalCloud
from services.tools.local.folders import ROOT
from services.tools.local.ports import free_port
from services.tools.phones.load_generator import WebhookEndpoint
from tests.support.cloud import a_vote, send

pytestmark = pytest.mark.cloud


@contextmanager
def serving(told: Path, command: str, **environment: str) -> Iterator[None]:
    """A server as compose.yaml starts it: told its environment by the file."""
    process = subprocess.Popen(
        ["sh", "-c", f". {told}/webhook.env && exec {command}"],
        cwd=ROOT,
        env={**os.environ, **environment},
    )
    try:
        yield
    finally:
        process.terminate()
        process.wait(10)


def answer(url: str, *, seconds: float = 20) -> tuple[str, dict[str, str]]:
    """Body and headers, once somebody answers."""
    deadline = time.monotonic() + seconds
    while True:
        try:
            with urllib.request.urlopen(url, timeout=5) as got:  # noqa: S310 - loopback
                return got.read().decode(), dict(got.headers)
        except OSError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.2)


def test_a_text_to_the_webhook_of_the_containers_is_accepted_and_the_page_served(
    cloud: LocalCloud, tmp_path: Path
) -> None:
    """Deploy, webhook and page, in the order of the file."""
    port, page = free_port(), free_port()
    base = f"http://127.0.0.1:{port}"
    environment = {
        "AWS_ENDPOINT_URL": cloud.aws.endpoint,
        "TOLD_IN": str(tmp_path),
        "PUBLIC_BASE_URL": base,
    }
    done = subprocess.run(
        [sys.executable, "-m", "services.tools.compose.deploy"],
        cwd=ROOT, env={**os.environ, **environment}, capture_output=True, text=True, timeout=300, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    token = re.findall("TWILIO_AUTH_TOKEN=(\\w+)", done.stdout)[0]
    hook = f"{sys.executable} -m uvicorn services.webhook.entry:app --port {port} --no-access-log"

    with serving(tmp_path, hook):
        answer(f"{base}/health")
        (accepted,) = send(
            WebhookEndpoint(url=f"{base}/sms", token=token),
            [a_vote(45000, "red", sid="SM" + "c" * 32)],
        )
    with serving(tmp_path, f"{sys.executable} -m services.tools.compose.page", PORT=str(page)):
        _, headers = answer(f"http://127.0.0.1:{page}/")
        config, _ = answer(f"http://127.0.0.1:{page}/config.json")

    assert accepted.accepted
    assert token == cloud.webhook.token
    assert "Content-Security-Policy" in {name.title() for name in headers}
    assert json.loads(config)["aggregatesTable"] == cloud.outputs.aggregates_table
