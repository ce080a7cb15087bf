"""The real aggregator without a deploy: as a Lambda function of an emulator, and in this process."""

import importlib.util
import io
import os
import time
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from unittest.mock import patch

from moto import mock_aws

from infra.bundle_contents import ROOT, sources
from lambdas.aggregator.handler import assemble

NAME = "Aggregator"
LIBRARIES = ("aws_lambda_powertools", "jmespath", "typing_extensions")
"""What the deployed bundle has besides our own code; boto3 is the runtime's."""


@contextmanager
def aggregator_in_process() -> Iterator[None]:
    """The environment of the handler, which is assembled anew, and no table yet."""
    environ = {
        "AWS_ACCESS_KEY_ID": "local", "AWS_SECRET_ACCESS_KEY": "local", "AWS_REGION": "us-east-1",
        "AWS_DEFAULT_REGION": "us-east-1", "AGGREGATES_TABLE": "Aggregates",
    }  # fmt: skip
    with patch.dict(os.environ, environ), mock_aws():
        assemble.cache_clear()
        yield
        assemble.cache_clear()


def bundle() -> bytes:
    """The function's code."""
    with zipfile.ZipFile(held := io.BytesIO(), "w", zipfile.ZIP_DEFLATED) as archive:
        for path in sources("aggregator"):
            archive.write(path, path.relative_to(ROOT))
        for library in LIBRARIES:
            spec = importlib.util.find_spec(library)
            assert spec
            assert spec.origin
            origin = Path(spec.origin)
            whole = origin.name == "__init__.py"
            for path in origin.parent.rglob("*.py") if whole else [origin]:
                archive.write(path, path.relative_to(origin.parents[1] if whole else origin.parent))
    return held.getvalue()


def create(client: Any, *, aggregates: str) -> None:
    """Make the function and wait until it can be called."""
    client.create_function(
        FunctionName=NAME,
        Runtime="python3.11",
        Role="arn:aws:iam::000000000000:role/aggregator",
        Handler="lambdas.aggregator.handler.handler",
        Code={"ZipFile": bundle()},
        Timeout=30,
        Environment={
            "Variables": {
                "AGGREGATES_TABLE": aggregates,
                "STREAM_SHARD_ID": "only",
                "POWERTOOLS_METRICS_NAMESPACE": "VoteApp",
            }
        },
    )
    client.get_waiter("function_active_v2").wait(FunctionName=NAME)


def map_stream(client: Any, arn: str, *, batch: int = 20) -> str:
    """Create an event source mapping from the oldest record on; return its id."""
    made = client.create_event_source_mapping(
        EventSourceArn=arn, FunctionName=NAME, StartingPosition="TRIM_HORIZON", BatchSize=batch
    )
    return str(made["UUID"])


def wait(ready: Any, *, seconds: float = 30) -> None:
    """Wait until a condition is true, or fail after a timeout."""
    deadline = time.monotonic() + seconds
    while not ready() and time.monotonic() < deadline:
        time.sleep(0.05)
