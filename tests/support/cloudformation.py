"""A fake of CloudFormation's side of custom resources: sends requests, receives responses.

Requests and checks follow "Custom resource request objects" and "response objects" of the
CloudFormation guide. Like a presigned PUT to Amazon S3, it accepts only the method and headers
that were signed, here without a content type.
"""

import io
import json
import math
import urllib.request
from collections.abc import Iterator, Mapping
from email.message import Message
from types import MappingProxyType
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
STACK_ID = "arn:aws:cloudformation:us-east-1:123456789012:stack/VoteApp-dev/guid"
HELD = "made before"
MOST_BYTES = 4096


class CloudFormation(urllib.request.HTTPSHandler):
    """Replaces S3: refuses requests that do not match the signature, and stores the other bodies."""

    def __init__(self) -> None:
        super().__init__()
        self.bodies: list[bytes] = []
        self.patience: list[float] = []

    def https_open(self, request: urllib.request.Request) -> Any:
        """Respond like S3; names of headers are case-insensitive."""
        headers = {name.lower(): value for name, value in request.header_items()}
        signed = request.get_method() == "PUT" and not headers.get("content-type")
        waits = request.timeout
        self.patience.append(waits if isinstance(waits, int | float) else math.inf)
        if request.full_url != ADDRESS or not signed:
            return _response(request, 403, "SignatureDoesNotMatch")
        assert isinstance(request.data, bytes)
        self.bodies.append(request.data)
        return _response(request, 200, "OK")

    def request(
        self,
        kind: str,
        resource: str,
        *,
        old: Mapping[str, Any] = MappingProxyType({}),
        stack_id: str = STACK_ID,
        **properties: Any,
    ) -> dict[str, Any]:
        """Invoke the function with a request and return its response.

        `old` are the properties before an update.
        """
        event = {
            "RequestType": kind,
            "ServiceToken": "arn:aws:lambda:us-east-1:123456789012:function:deployer",
            "ResponseURL": ADDRESS,
            "StackId": stack_id,
            "RequestId": f"unique for this {kind}",
            "ResourceType": resource,
            "LogicalResourceId": "Applied",
            "ResourceProperties": {"ServiceToken": "the same", **properties},
        }
        if kind != "Create":  # what is to be created has no id yet
            event["PhysicalResourceId"] = HELD
        if kind == "Update":
            event["OldResourceProperties"] = {"ServiceToken": "the same", **old}
        self.bodies.clear()
        handler(event, None)
        return self._read(event)

    def _read(self, event: dict[str, Any]) -> dict[str, Any]:
        """Return the only response, after checking the rules of CloudFormation."""
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
    """Send every HTTPS request to the `CloudFormation` fake."""
    cloudformation = CloudFormation()
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}), cloudformation)
    monkeypatch.setattr(urllib.request, "_opener", opener)
    return cloudformation


@pytest.fixture
def aggregates(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """A client of three empty tables, which the function finds in its environment."""
    environment = {
        "AWS_ACCESS_KEY_ID": "testing", "AWS_SECRET_ACCESS_KEY": "testing",
        "AWS_DEFAULT_REGION": "us-east-1", "AWS_EC2_METADATA_DISABLED": "true",
        "AWS_SHARED_CREDENTIALS_FILE": "/dev/null", "AWS_CONFIG_FILE": "/dev/null",
        "VOTES_TABLE": "votes", "AGGREGATES_TABLE": "aggregates",
        "POLLS_TABLE": "polls",
        "DEFAULT_NUMBER": "+15550100199",
    }  # fmt: skip
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    with mock_aws(config={"core": {"mock_credentials": False}}):
        client = boto3.client("dynamodb")
        create_table(client, schema.VOTES, "votes")
        create_table(client, schema.AGGREGATES, "aggregates")
        create_table(client, schema.POLLS, "polls")
        yield client
