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


@dataclass(frozen=True, slots=True)
class _Moment:
    """What all requests of one second and one key share."""

    second: int
    key: Key
    timestamp: str
    scope: str
    signing_key: bytes = field(repr=False)


class RequestSigner:
    """Writes requests as they are sent. `clock` returns seconds since 1970."""

    def __init__(
        self, endpoint: Endpoint, region: str, *, clock: Callable[[], float] = time.time
    ) -> None:
        self._endpoint = endpoint
        self._region = region
        self._clock = clock
        self._moment: _Moment | None = None

    def request(self, action: str, body: bytes, key: Key) -> bytes:
        """Return a request, for example of `PutItem`, with its signature."""
        moment = self._moment_of(int(self._clock()), key)
        names, headers = self._headers(action, moment)
        lines = "".join(f"{name}:{value}\n" for name, value in headers)
        canonical = f"POST\n{self._endpoint.path}\n\n{lines}\n{names}\n{sha256(body).hexdigest()}"
        digest = sha256(canonical.encode()).hexdigest()
        signed = f"AWS4-HMAC-SHA256\n{moment.timestamp}\n{moment.scope}\n{digest}"
        signature = hmac.digest(moment.signing_key, signed.encode(), "sha256").hex()
        return (
            f"POST {self._endpoint.path} HTTP/1.1\r\n"
            + "".join(f"{name}: {value}\r\n" for name, value in headers)
            + f"authorization: AWS4-HMAC-SHA256 Credential={key.id}/{moment.scope}, "
            f"SignedHeaders={names}, Signature={signature}\r\ncontent-length: {len(body)}\r\n\r\n"
        ).encode() + body

    def _headers(self, action: str, moment: _Moment) -> tuple[str, list[tuple[str, str]]]:
        """Return the names and the headers that are signed, in alphabetical order."""
        headers = [
            ("content-type", _CONTENT_TYPE),
            ("host", self._endpoint.authority),
            ("x-amz-date", moment.timestamp),
            *([("x-amz-security-token", moment.key.token)] if moment.key.token else []),
            ("x-amz-target", f"DynamoDB_20120810.{action}"),
        ]
        return ";".join(name for name, _ in headers), headers

    def _moment_of(self, second: int, key: Key) -> _Moment:
        last = self._moment
        if last is not None and last.second == second and last.key == key:
            return last
        timestamp = time.strftime("%Y%m%dT%H%M%SZ", time.gmtime(second))
        scope = f"{timestamp[:8]}/{self._region}/{_SERVICE}/aws4_request"
        self._moment = _Moment(second, key, timestamp, scope, self._signing_key(scope, key))
        return self._moment

    def _signing_key(self, scope: str, key: Key) -> bytes:
        signing_key = f"AWS4{key.secret}".encode()
        for part in scope.split("/"):
            signing_key = hmac.digest(signing_key, part.encode(), "sha256")
        return signing_key
