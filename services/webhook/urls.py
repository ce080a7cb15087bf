"""Reconstructs the URL that Twilio called and signed."""

import re
from collections.abc import Mapping
from typing import Any

from starlette.types import Scope

from services.adapters.twilio.percent import decode_percent
from services.webhook.errors import RefusedRequestError

MOST_QUERY_BYTES = 2_048
"""Maximum length of the query: the URL was typed by an operator."""

_HOST = re.compile(r"(?:[A-Za-z0-9._-]{1,253}|\[[0-9A-Fa-f:.]{2,45}\])(?::([0-9]{1,5}))?")
_HIGHEST_PORT = 65_535
_PRINTABLE = re.compile(rb"[!-~]*")
_SCHEMES = frozenset({"http", "https"})


def signed_url(scope: Scope, headers: Mapping[bytes, bytes], public_base_url: str | None) -> str:
    """Return the URL that Twilio called and signed. `headers` has the first of each name.

    The host is that of `PUBLIC_BASE_URL`; else API Gateway's domain name, which a caller cannot
    choose; else the first of `X-Forwarded-Host`; else `Host`.

    Raises:
        RefusedRequestError: 400 if the query or a host header is malformed, used or not.
    """
    host = _check_host("host", _text(headers, b"host"))
    forwarded = _check_host("x-forwarded-host", _first(_text(headers, b"x-forwarded-host")))
    path = f"{scope['path']}{_query(scope)}"
    if public_base_url:
        return f"{public_base_url.rstrip('/')}{path}"
    gateway = scope.get("aws.event", {}).get("requestContext", {}).get("domainName")
    if gateway:
        return f"https://{gateway}{path}"
    if not (forwarded or host):
        raise RefusedRequestError(400, "host: missing: name one, or set PUBLIC_BASE_URL")
    return f"{_scheme(scope, headers)}://{forwarded or host}{path}"


def _text(headers: Mapping[bytes, bytes], name: bytes) -> str | None:
    value = headers.get(name)
    return None if value is None else value.decode("latin-1")


def _first(header: str | None) -> str | None:
    return None if header is None else header.partition(",")[0].strip()


def _check_host(header: str, host: str | None) -> str | None:
    if host is None:
        return None
    found = _HOST.fullmatch(host)
    if not found or int(found[1] or 1) not in range(1, _HIGHEST_PORT + 1):
        raise RefusedRequestError(400, f"{header}: malformed: write it as votes.example.com:443")
    return host


def _scheme(scope: Scope, headers: Mapping[bytes, bytes]) -> str:
    scheme = _first(_text(headers, b"x-forwarded-proto")) or str(scope["scheme"])
    if scheme not in _SCHEMES:
        raise RefusedRequestError(400, "x-forwarded-proto: malformed: write http or https")
    return scheme


def _query(scope: Mapping[str, Any]) -> str:
    """Return the query string with its question mark, or an empty string."""
    query: bytes = scope["query_string"]
    if not query:
        return ""
    if len(query) > MOST_QUERY_BYTES or not _PRINTABLE.fullmatch(query):
        raise RefusedRequestError(
            400, f"query: malformed: write at most {MOST_QUERY_BYTES} ASCII characters"
        )
    try:
        decode_percent(query).decode()
    except UnicodeDecodeError:
        raise RefusedRequestError(400, "query: malformed: its escapes are not UTF-8") from None
    return f"?{query.decode()}"
