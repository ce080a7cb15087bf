"""What carries out a deploy's custom resources, and where CloudFormation waits for answers.

The mailbox is as strict as the real one. After "Custom resource request objects" and "response
objects" of the CloudFormation guide, and Amazon S3's presigned PUT: only the method and the
headers that were signed, here no content type.
"""

import io
import json
import math
import urllib.request
from collections.abc import Iterator
from email.message import Message
from typing import Any
from urllib.response import addinfourl

import boto3
import pytest
from moto import mock_aws

from lambdas.polls.handler import handler
from services.adapters.dynamodb.provisioning import create_table
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
ADDRESS = (
    "https://cloudformation-custom-resource-response-useast1.s3.amazonaws.com/"
    "arn%3Aaws%3Acloudformation%3Aus-east-1%3A123456789012%3Astack/VoteApp-dev/guid%7CApplied"
    "%7Cunique?AWSAccessKeyId=AKIAEXAMPLE&Expires=1900000000&Signature=signed%3D"
)
HELD = "made before"
MOST_BYTES = 4096


class CloudFormation(urllib.request.HTTPSHandler):
    """Takes the place of S3: refuses what was not signed, keeps what CloudFormation would read."""

    def __init__(self) -> None:
        super().__init__()
        self.bodies: list[bytes] = []
        self.patience: list[float] = []

    def https_open(self, request: urllib.request.Request) -> Any:
        """Answer a request as S3 does; header names are told apart by their letters alone."""
        headers = {name.lower(): value for name, value in request.header_items()}
        signed = request.get_method() == "PUT" and not headers.get("content-type")
        waits = request.timeout
        self.patience.append(waits if isinstance(waits, int | float) else math.inf)
        if request.full_url != ADDRESS or not signed:
            return _response(request, 403, "SignatureDoesNotMatch")
        assert isinstance(request.data, bytes)
        self.bodies.append(request.data)
        return _response(request, 200, "OK")

    def request(self, kind: str, resource: str, **properties: Any) -> dict[str, Any]:
        """Have the function carry out a request; the answer that CloudFormation would go by."""
        event = {
            "RequestType": kind,
            "ServiceToken": "arn:aws:lambda:us-east-1:123456789012:function:deployer",
            "ResponseURL": ADDRESS,
            "StackId": "arn:aws:cloudformation:us-east-1:123456789012:stack/VoteApp-dev/guid",
            "RequestId": f"unique for this {kind}",
            "ResourceType": resource,
            "LogicalResourceId": "Applied",
            "ResourceProperties": {"ServiceToken": "the same", **properties},
        }
        if kind != "Create":  # what is to be created has no id yet
            event["PhysicalResourceId"] = HELD
        if kind == "Update":
            event["OldResourceProperties"] = {"ServiceToken": "the same"}
        self.bodies.clear()
        handler(event, None)
        return self._read(event)

    def _read(self, event: dict[str, Any]) -> dict[str, Any]:
        """The one answer. One that breaks a rule is ignored, and the deploy waits for another."""
        (body,) = self.bodies
        answer: dict[str, Any] = json.loads(body)
        assert len(body) <= MOST_BYTES
        assert answer["Status"] in {"SUCCESS", "FAILED"}
        assert answer["Status"] == "SUCCESS" or answer["Reason"]
        for name in ("StackId", "RequestId", "LogicalResourceId"):
            assert answer[name] == event[name]
        assert isinstance(answer["PhysicalResourceId"], str)
        assert 1 <= len(answer["PhysicalResourceId"]) <= 1024
        return answer


def _response(request: urllib.request.Request, status: int, reason: str) -> addinfourl:
    response = addinfourl(io.BytesIO(), Message(), request.full_url, status)
    response.msg = reason  # type: ignore[attr-defined]
    return response


@pytest.fixture
def cloudformation(monkeypatch: pytest.MonkeyPatch) -> CloudFormation:
    """CloudFormation's mailbox in the place of every HTTPS address."""
    cloudformation = CloudFormation()
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}), cloudformation)
    monkeypatch.setattr(urllib.request, "_opener", opener)
    return cloudformation


@pytest.fixture
def aggregates(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """A client of two empty tables, which the function finds in its environment."""
    environment = {
        "AWS_ACCESS_KEY_ID": "testing", "AWS_SECRET_ACCESS_KEY": "testing",
        "AWS_DEFAULT_REGION": "us-east-1", "AWS_EC2_METADATA_DISABLED": "true",
        "AWS_SHARED_CREDENTIALS_FILE": "/dev/null", "AWS_CONFIG_FILE": "/dev/null",
        "VOTES_TABLE": "votes", "AGGREGATES_TABLE": "aggregates",
        "DEFAULT_NUMBER": "+15550100199",
    }  # fmt: skip
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    with mock_aws(config={"core": {"mock_credentials": False}}):
        client = boto3.client("dynamodb")
        create_table(client, schema.VOTES, "votes")
        create_table(client, schema.AGGREGATES, "aggregates")
        yield client
