"""Writes signed requests to DynamoDB.

AWS, "Signature Version 4 for API requests"; Amazon DynamoDB, "Low-level API".
"""

import hmac
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Final

from services.adapters.dynamodb.connection_pool import Endpoint

_CONTENT_TYPE: Final = "application/x-amz-json-1.0"
_SERVICE: Final = "dynamodb"


@dataclass(frozen=True, slots=True)
class Key:
    """An access key, which signs requests."""

    id: str
    secret: str = field(repr=False)
    token: str | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Template:
    """What all requests of one action, one second and one key share."""

    canonical: str = field(repr=False)
    """The request that is signed, before the hash of its body."""
    to_sign: str
    """What is signed, before the hash of that request."""
    head: str = field(repr=False)
    """The request that is sent, before its signature."""


class RequestSigner:
    """Writes requests as they are sent. `clock` returns seconds since 1970."""

    def __init__(
        self, endpoint: Endpoint, region: str, *, clock: Callable[[], float] = time.time
    ) -> None:
        self._endpoint = endpoint
        self._region = region
        self._clock = clock
        self._current: tuple[int, Key] | None = None
        self._templates: dict[str, _Template] = {}
        """By action, for the current second and key."""
        self._mac = hmac.new(b"", digestmod="sha256")
        """With the signing key of the current day and key."""

    def request(self, action: str, body: bytes, key: Key) -> bytes:
        """Return a request, for example of `PutItem`, with its signature."""
        current = (int(self._clock()), key)
        if current != self._current:
            self._begin(*current)
        template = self._templates.get(action) or self._prepare(action)
        canonical = f"{template.canonical}{sha256(body).hexdigest()}"
        mac = self._mac.copy()
        mac.update(f"{template.to_sign}{sha256(canonical.encode()).hexdigest()}".encode())
        head = f"{template.head}{mac.hexdigest()}\r\ncontent-length: {len(body)}\r\n\r\n"
        return head.encode() + body

    def _begin(self, second: int, key: Key) -> None:
        self._timestamp = time.strftime("%Y%m%dT%H%M%SZ", time.gmtime(second))
        self._scope = f"{self._timestamp[:8]}/{self._region}/{_SERVICE}/aws4_request"
        signing_key = f"AWS4{key.secret}".encode()
        for part in self._scope.split("/"):
            signing_key = hmac.digest(signing_key, part.encode(), "sha256")
        self._mac = hmac.new(signing_key, digestmod="sha256")
        self._current, self._key, self._templates = (second, key), key, {}

    def _prepare(self, action: str) -> _Template:
        headers = self._headers(action)
        names, path = ";".join(name for name, _ in headers), self._endpoint.path
        canonical = "".join(f"{name}:{value}\n" for name, value in headers)
        sent = "".join(f"{name}: {value}\r\n" for name, value in headers)
        credential = f"Credential={self._key.id}/{self._scope}"
        self._templates[action] = _Template(
            canonical=f"POST\n{path}\n\n{canonical}\n{names}\n",
            to_sign=f"AWS4-HMAC-SHA256\n{self._timestamp}\n{self._scope}\n",
            head=f"POST {path} HTTP/1.1\r\n{sent}authorization: AWS4-HMAC-SHA256 {credential}, "
            f"SignedHeaders={names}, Signature=",
        )
        return self._templates[action]

    def _headers(self, action: str) -> list[tuple[str, str]]:
        """Return the headers that are signed, in alphabetical order."""
        token = self._key.token
        return [
            ("content-type", _CONTENT_TYPE),
            ("host", self._endpoint.authority),
            ("x-amz-date", self._timestamp),
            *([("x-amz-security-token", token)] if token else []),
            ("x-amz-target", f"DynamoDB_20120810.{action}"),
        ]
