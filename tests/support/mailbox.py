"""What carries out a deploy's custom resources, and where their answers go."""

import json
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from threading import Thread
from typing import Any

import boto3
import pytest
from moto import mock_aws

from lambdas.polls.handler import handler
from services.adapters.provisioning import create_table
from services.voting import schema

COLORS = """
question = "Which colour?"
[[choices]]
key = "RED"
label = "Red"
[[choices]]
key = "BLUE"
label = "Blue"
"""


class Mailbox:
    """Where CloudFormation waits for answers."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.answers: list[dict[str, Any]] = []

    def request(self, kind: str, resource: str, **properties: Any) -> dict[str, Any]:
        """Have the function carry out a request; its answer."""
        handler(
            {
                "RequestType": kind,
                "ResourceType": resource,
                "ResponseURL": self.url,
                "StackId": "stack",
                "RequestId": "request",
                "LogicalResourceId": "Applied",
                "PhysicalResourceId": "before",
                "ResourceProperties": properties,
            },
            None,
        )
        return self.answers[-1]


@pytest.fixture
def mailbox() -> Iterator[Mailbox]:
    """A server on this machine that keeps what is PUT to it."""

    class Keep(BaseHTTPRequestHandler):
        def do_PUT(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            box.answers.append(json.loads(body))
            self.send_response(200)
            self.end_headers()

        def log_message(self, *_: Any) -> None:
            pass

    server = HTTPServer(("127.0.0.1", 0), Keep)
    box = Mailbox(f"http://127.0.0.1:{server.server_port}/answer")
    Thread(target=server.serve_forever, daemon=True).start()
    yield box
    server.shutdown()
    server.server_close()


@pytest.fixture
def aggregates(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """A client of two empty tables, which the function finds in its environment."""
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "testing")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    monkeypatch.setenv("VOTES_TABLE", "votes")
    monkeypatch.setenv("AGGREGATES_TABLE", "aggregates")
    monkeypatch.setenv("DEFAULT_NUMBER", "+15550100199")
    with mock_aws():
        client = boto3.client("dynamodb")
        create_table(client, schema.VOTES, "votes")
        create_table(client, schema.AGGREGATES, "aggregates")
        yield client
