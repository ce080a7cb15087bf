"""Signatures of requests, as botocore makes them, and what a request looks like."""

from datetime import UTC, datetime
from typing import Any

import pytest
from botocore import auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

from services.adapters.dynamodb.connection_pool import Endpoint
from services.adapters.dynamodb.request_signer import Key, RequestSigner

NOON = int(datetime(2026, 5, 1, 12, tzinfo=UTC).timestamp())
KEY = Key("AKIDEXAMPLE", "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY")
WITH_TOKEN = Key("ASIAEXAMPLE", "another secret", "a/session+token==")
AWS = "https://dynamodb.us-east-1.amazonaws.com"


def parts_of(request: bytes) -> tuple[str, dict[str, str], bytes]:
    """First line, headers and body."""
    head, body = request.split(b"\r\n\r\n", 1)
    first, *lines = head.decode().split("\r\n")
    pairs = [line.split(": ", 1) for line in lines]
    assert len(dict(pairs)) == len(pairs)
    return first, dict(pairs), body


def botocores(
    monkeypatch: pytest.MonkeyPatch, url: str, region: str, key: Key, headers: dict[str, str]
) -> str:
    """The header that botocore would send."""
    now = datetime.strptime(headers["x-amz-date"], "%Y%m%dT%H%M%SZ")  # noqa: DTZ007 - botocore's too
    monkeypatch.setattr(auth, "get_current_datetime", lambda: now, raising=False)
    request = AWSRequest("POST", url, data=b'{"a":1}')
    for name in ("content-type", "host", "x-amz-target"):
        request.headers[name] = headers[name]
    auth.SigV4Auth(Credentials(key.id, key.secret, key.token), "dynamodb", region).add_auth(request)
    return str(request.headers["Authorization"])


@pytest.mark.parametrize("key", [KEY, WITH_TOKEN], ids=["user", "role"])
@pytest.mark.parametrize(
    ("url", "region"),
    [(AWS, "us-east-1"), ("http://127.0.0.1:4566", "eu-central-1"), ("http://[::1]:1/store/", "x")],
)
def test_a_signature_is_the_one_of_botocore(
    monkeypatch: pytest.MonkeyPatch, url: str, region: str, key: Key
) -> None:
    """For users and roles, at AWS and at an emulator."""
    signer = RequestSigner(Endpoint.of(url), region, clock=lambda: NOON + 0.9)
    _, headers, _ = parts_of(signer.request("PutItem", b'{"a":1}', key))

    assert headers["x-amz-date"] == "20260501T120000Z"
    assert headers["authorization"] == botocores(monkeypatch, url, region, key, headers)


def test_a_request_is_one_of_dynamodbs() -> None:
    """Its action is in a header."""
    signer = RequestSigner(Endpoint.of(AWS), "us-east-1", clock=lambda: NOON)
    first, headers, body = parts_of(signer.request("GetItem", b"{}", WITH_TOKEN))

    assert (first, body) == ("POST / HTTP/1.1", b"{}")
    assert headers["host"] == "dynamodb.us-east-1.amazonaws.com"
    assert headers["content-type"] == "application/x-amz-json-1.0"
    assert headers["x-amz-target"] == "DynamoDB_20120810.GetItem"
    assert headers["x-amz-security-token"] == "a/session+token=="
    assert headers["content-length"] == "2"


def test_the_next_second_and_the_next_key_have_signatures_of_their_own() -> None:
    """What requests share is kept for a second and for a key."""
    now = [float(NOON)]
    signer = RequestSigner(Endpoint.of(AWS), "us-east-1", clock=lambda: now[0])

    def signature(key: Key) -> str:
        return parts_of(signer.request("PutItem", b"{}", key))[1]["authorization"]

    first, again, other = signature(KEY), signature(KEY), signature(WITH_TOKEN)
    fresh = RequestSigner(Endpoint.of(AWS), "us-east-1", clock=lambda: NOON)
    others_own = parts_of(fresh.request("PutItem", b"{}", WITH_TOKEN))[1]["authorization"]
    now[0] += 1
    later = signature(WITH_TOKEN)
    now[0] += 86_400
    next_day = signature(WITH_TOKEN)

    assert first == again
    assert other == others_own
    assert len({first, other, later, next_day}) == 4
    assert "/20260502/us-east-1/dynamodb/aws4_request" in next_day


@pytest.mark.parametrize("key", [KEY, WITH_TOKEN])
def test_a_key_shows_no_secret(key: Key) -> None:
    """In a log or in the report of an error."""
    signer: Any = RequestSigner(Endpoint.of(AWS), "us-east-1", clock=lambda: NOON)
    signer.request("PutItem", b"{}", key)

    shown = repr(key) + str(key) + repr(vars(signer))
    assert key.secret not in shown
    assert (key.token or key.secret) not in shown


@pytest.mark.parametrize(
    ("url", "authority", "port", "path"),
    [
        (AWS, "dynamodb.us-east-1.amazonaws.com", 443, "/"),
        ("https://store.example.com:443/", "store.example.com", 443, "/"),
        ("http://127.0.0.1:8000", "127.0.0.1:8000", 8000, "/"),
        ("http://[::1]:80/a", "[::1]", 80, "/a"),
    ],
)
def test_an_endpoint_is_read_from_its_url(url: str, authority: str, port: int, path: str) -> None:
    """The port is in the Host header unless it is that of the scheme."""
    endpoint = Endpoint.of(url)

    assert (endpoint.authority, endpoint.port, endpoint.path) == (authority, port, path)


@pytest.mark.parametrize("url", ["store.example.com", "ftp://store.example.com", "https://"])
def test_an_url_that_is_no_endpoint_is_refused(url: str) -> None:
    """With how to write it."""
    with pytest.raises(ValueError, match=r"write it as https://"):
        Endpoint.of(url)
