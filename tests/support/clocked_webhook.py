"""The webhook on the local cloud, in this process, with a clock for its caches that can be shifted."""

import importlib
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial

import boto3
import pytest

from services.adapters.ttl_cache import Cached
from services.settings import WebhookSettings
from services.tools.demo.cloud import LocalCloud
from services.tools.local.ports import HOST, free_port
from services.tools.local.static_server import serve_in_thread
from services.webhook.app import create_app


@dataclass(slots=True)
class ShiftedClock:
    """The monotonic clock, so many seconds ahead."""

    ahead_seconds: float = 0.0

    def __call__(self) -> float:
        """The time in seconds."""
        return time.monotonic() + self.ahead_seconds


@contextmanager
def clocked_webhook(
    cloud: LocalCloud, monkeypatch: pytest.MonkeyPatch, *, secrets_endpoint: str
) -> Iterator[tuple[str, ShiftedClock]]:
    """Serve it; yield the URL to post texts to, and the clock by which what it caches is old."""
    clock, base = ShiftedClock(), f"http://{HOST}:{(port := free_port())}"
    settings = WebhookSettings(
        votes_table=cloud.outputs.votes_table,
        polls_table=cloud.outputs.polls_table,
        secret_arn=cloud.outputs.secret_arn,
        public_base_url=base,
    )
    environ = {
        **cloud.aws.environment(),
        **settings.to_env(),
        "AWS_ENDPOINT_URL_SECRETS_MANAGER": secrets_endpoint,
    }
    for name, value in environ.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr(boto3, "DEFAULT_SESSION", None)
    entry = importlib.import_module("services.webhook.entry")
    monkeypatch.setattr(entry, "Cached", partial(Cached, monotonic=clock))
    with serve_in_thread(create_app(entry.assemble(environ)), port=port):
        yield f"{base}/sms", clock
